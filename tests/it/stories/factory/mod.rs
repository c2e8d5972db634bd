//! Stories of a factory: its card, its presence, its drain, and who may claim.

use domain::Timestamp;
use domain::factory::{Card, Command, EngineState, Factory, Health, Presence, State, admit};
use domain::job::RunResult;

use crate::support::factory::{Seen, beat, card, engine, f1, registered, states};
use crate::support::story::story;

mod diagram;

fn known() -> Seen {
    Seen(Some(registered(card("f1"))))
}

fn ended(result: RunResult, quick: bool) -> Command {
    Command::Ended { result, quick }
}

#[test]
fn the_first_heartbeat_registers() {
    let before = Seen(None);
    story("factory", "registration", before)
        .at(0)
        .repeats(Command::Heard)
        .repeats(Command::Drain { reason: None })
        .does(beat(card("f1"), 250))
        .snap();
}

#[test]
fn a_changed_card_is_saved_and_an_unchanged_one_is_not() {
    let limited = Card { engines: vec![engine("claude", EngineState::Unavailable)], seat_limit: 2, ..card("f1") };
    story("factory", "card_change", known())
        .at(30)
        .does(beat(limited.clone(), 0))
        .at(60)
        .repeats(beat(limited, 900))
        .at(90)
        .does(beat(card("f1"), 900))
        .snap();
}

#[test]
fn a_soft_beat_writes_nothing() {
    story("factory", "soft_beat", known()).at(30).repeats(beat(card("f1"), 700)).at(45).repeats(Command::Heard).snap();
}

#[test]
fn silence_makes_stale_and_offline_and_a_sign_of_life_makes_online() {
    story("factory", "stale_offline_online", known())
        .at_ms(89_999)
        .repeats(Command::Check)
        .at(90)
        .does(Command::Check)
        .at_ms(179_999)
        .repeats(Command::Check)
        .at(180)
        .does(Command::Check)
        .at(500)
        .repeats(Command::Check)
        .at(600)
        .does(Command::Heard)
        .at(690)
        .does(Command::Check)
        .at(700)
        .does(beat(card("f1"), 0))
        .snap();
}

#[test]
fn a_check_revives_what_was_heard_since_it_went_stale() {
    let mut heard = registered(card("f1"));
    heard.presence = Presence::Stale;
    heard.last_heard_at = Timestamp(100_000);
    story("factory", "heard_while_stale", Seen(Some(heard))).at(110).does(Command::Check).snap();
}

#[test]
fn drain_and_resume() {
    let drain = || Command::Drain { reason: Some("new disk".into()) };
    story("factory", "drain_and_resume", known())
        .at(10)
        .does(drain())
        .repeats(drain())
        .at(30)
        .repeats(beat(card("f1"), 0))
        .at(120)
        .does(Command::Check)
        .at(130)
        .does(Command::Heard)
        .does(Command::Resume)
        .repeats(Command::Resume)
        .snap();
}

#[test]
fn an_engine_at_its_limit_cannot_be_used_until_the_latest_time_that_is_known() {
    let limited = |engine: &str, secs: i64| Command::Limited { engine: engine.into(), until: Timestamp(secs * 1_000) };
    let card = || Card {
        engines: vec![engine("claude", EngineState::Available), engine("codex", EngineState::Available)],
        ..card("f1")
    };
    story("factory", "engine_limited", Seen(Some(registered(card()))))
        .at(10)
        .repeats(limited("gemini", 600))
        .repeats(limited("claude", 10))
        .does(limited("claude", 600))
        .repeats(limited("claude", 600))
        .repeats(limited("claude", 300))
        .does(limited("claude", 900))
        .at(20)
        .does(beat(card(), 0))
        .snap();
}

#[test]
fn when_an_available_engine_would_reset_is_no_limit() {
    let card = || {
        let mut claude = engine("claude", EngineState::Available);
        claude.resets_at = Some(Timestamp(3_600_000));
        Card { engines: vec![claude], ..card("f1") }
    };
    story("factory", "engine_limited_before_its_reset", Seen(Some(registered(card()))))
        .at(10)
        .does(Command::Limited { engine: "claude".into(), until: Timestamp(600_000) })
        .snap();
}

#[test]
fn five_quick_failures_in_a_row_drain() {
    let fails = || ended(RunResult::Failed, true);
    story("factory", "five_quick_failures", known())
        .at(1)
        .repeats(fails())
        .repeats(fails())
        .repeats(ended(RunResult::Succeeded, true))
        .repeats(fails())
        .repeats(fails())
        .repeats(ended(RunResult::Failed, false))
        .repeats(ended(RunResult::Lost, true))
        .repeats(fails())
        .repeats(fails())
        .does(fails())
        .repeats(fails())
        .does(Command::Resume)
        .repeats(fails())
        .snap();
}

#[test]
fn admission_refuses_by_the_reason_that_stands_in_the_way() {
    let may = |change: fn(&mut Factory), used: u32| {
        let mut factory = registered(card("f1"));
        change(&mut factory);
        admit(&factory, used).map_err(|no| no.to_string())
    };
    let no = |why: &str| Err(why.to_owned());
    assert_eq!(may(|_| {}, 0), Ok(()));
    assert_eq!(may(|_| {}, 1), no("all 1 seats of this factory are taken, or kept for urgent jobs"));
    assert_eq!(may(|factory| factory.seat_limit = 2, 1), Ok(()));
    assert_eq!(may(|factory| factory.draining = true, 0), no("this factory is draining"));
    assert_eq!(may(|factory| factory.health = Health::Failing, 0), no("this factory reports that it is failing"));
    assert_eq!(may(|factory| factory.health = Health::Degraded, 0), Ok(()));
    assert_eq!(may(|factory| factory.presence = Presence::Offline, 0), Ok(()), "a claim revives it");
}

#[test]
fn one_word_for_its_state() {
    use {Presence::*, State as S};
    let expected = [
        (Online, false, S::Online),
        (Online, true, S::Draining),
        (Stale, false, S::Stale),
        (Stale, true, S::Stale),
        (Offline, false, S::Offline),
        (Offline, true, S::Offline),
    ];
    assert_eq!(states(), expected);
    assert_eq!(registered(card("f1")).id, f1());
}
