//! What an operator sets for a product: the gate, limits and estimates, weights.

use domain::Usd;
use domain::dispatch::{Term, Weight, Weights};
use domain::product::{Choices, Command, Settings, transition};

use crate::support::job::product;
use crate::support::story::story;

#[test]
fn pause_resume_and_estop() {
    story("product", "pause_resume_estop", Settings::new(product()))
        .at(0)
        .repeats(Command::Resume)
        .does(Command::Pause)
        .repeats(Command::Pause)
        .does(Command::Estop)
        .does(Command::Estop)
        .does(Command::Resume)
        .does(Command::Estop)
        .snap();
}

fn weighing(words: &[(Term, u64)]) -> Command {
    let weight = |thousandths| Weight::of_thousandths(thousandths).unwrap();
    Command::SetWeights(words.iter().map(|(term, thousandths)| (*term, weight(*thousandths))).collect())
}

#[test]
fn what_is_chosen_is_replaced_as_a_whole() {
    let limited = Choices { review_limit: Some(5), ..Choices::default() };
    let all = Choices {
        review_limit: Some(3),
        estimate_usd: Some(Usd(1_250_000)),
        record_scores: true,
        default_profile: "careful".parse().ok(),
        default_repo: Some("/srv/shop".into()),
    };
    story("product", "choices", Settings::new(product()))
        .at(0)
        .repeats(Command::Set(Choices::default()))
        .does(Command::Set(limited.clone()))
        .repeats(Command::Set(limited.clone()))
        .does(Command::Set(all))
        .does(Command::Pause)
        .does(Command::Set(limited.clone()))
        .does(Command::Set(Choices::default()))
        .does(Command::Resume)
        .snap();
}

#[test]
fn only_unusual_weights_are_kept() {
    story("product", "weights", Settings::new(product()))
        .at(0)
        .repeats(weighing(&[]))
        .repeats(weighing(&[(Term::Priority, 100_000), (Term::Age, 200_000)]))
        .does(weighing(&[(Term::Priority, 100_000), (Term::Age, 0), (Term::Due, 15_001)]))
        .repeats(weighing(&[(Term::Age, 0), (Term::Due, 15_001)]))
        .does(weighing(&[(Term::Cost, Weight::MAX.thousandths().into())]))
        .does(Command::Set(Choices { record_scores: true, ..Choices::default() }))
        .does(weighing(&[]))
        .snap();
}

#[test]
fn every_term_weighs_what_was_set_or_what_it_usually_does() {
    let step = transition(&Settings::new(product()), weighing(&[(Term::Age, 500)]));
    let weights = step.next.weights();
    for (term, usual) in Weights::default().iter() {
        let due = if term == Term::Age { 500 } else { usual.thousandths() };
        assert_eq!(weights.of(term).thousandths(), due, "{term:?}");
    }
}
