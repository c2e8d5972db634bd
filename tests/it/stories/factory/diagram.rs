//! The diagram in the head of the factory's module says exactly what orders and silence can do.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use domain::factory::{Command, Factory, transition};
use domain::job::RunResult;

use crate::support::factory::{beat, card, registered};
use crate::support::job::product;
use crate::support::members::word;

const SOURCE: &str = include_str!("../../../../domain/src/factory/mod.rs");

type Moves = BTreeMap<(String, String), BTreeSet<&'static str>>;

fn drawn() -> BTreeMap<(String, String), BTreeSet<String>> {
    let lines = SOURCE.lines().filter_map(|line| line.trim_start_matches("//!").trim().split_once(" --> "));
    let moves = lines.filter(|(from, _)| *from != "[*]").filter_map(|(from, rest)| {
        let (to, words) = rest.split_once(": ")?;
        Some(((from.to_owned(), to.to_owned()), words.split(", ").map(str::to_owned).collect()))
    });
    moves.collect()
}

fn orders(factory: &Factory) -> Vec<(&'static str, Command, Timestamp)> {
    let (now, late) = (factory.last_heard_at, factory.last_heard_at.plus_secs(3_600));
    vec![
        ("beat", beat(card("f1"), 0), now),
        ("heard", Command::Heard, now),
        ("miss", Command::Check, late),
        ("drain", Command::Drain { reason: None }, now),
        ("resume", Command::Resume, now),
        ("fail", Command::Ended { result: RunResult::Failed, quick: true }, now),
    ]
}

fn done() -> Moves {
    let mut moves = Moves::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![registered(card("f1"))];
    while let Some(factory) = open.pop() {
        for (name, order, now) in orders(&factory) {
            let step = transition(Some(&factory), &product(), &order, now);
            let Some(next) = step.next else { continue };
            if next.state() != factory.state() {
                moves.entry((word(&factory.state()), word(&next.state()))).or_default().insert(name);
            }
            if seen.insert((word(&next.presence), next.draining, next.failures.min(5))) {
                open.push(next);
            }
        }
    }
    moves
}

#[test]
fn the_diagram_draws_what_a_factory_does() {
    let done: BTreeMap<_, BTreeSet<String>> =
        done().into_iter().map(|(way, by)| (way, by.into_iter().map(str::to_owned).collect())).collect();
    assert_eq!(drawn(), done);
}
