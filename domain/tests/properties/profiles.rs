//! What was left out is filled in by the first layer that says it, member by member, whatever the layers say.

use std::sync::Arc;

use domain::job::Spec;
use domain::profile::{Defaults, Profile, Snapshot, Usual, Wanted, publish};
use domain::{ProductId, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::orders::plain;

/// Each member with two values that it may be said to have, and what it is where nobody says it.
fn members() -> Vec<(&'static str, [Value; 2], Value)> {
    let words = || ([json!(["a"]), json!([])], json!([]));
    let text = || ([json!("a"), json!("b")], Value::Null);
    let flag = || ([json!(true), json!(false)], json!(false));
    let number = || ([json!(7), json!(8)], Value::Null);
    let all = [
        ("priority", ([json!("high"), json!("low")], json!("normal"))),
        ("capabilities", words()),
        ("engineClass", text()),
        ("engines", words()),
        ("repo", text()),
        ("base", text()),
        ("cwd", text()),
        ("verify", text()),
        ("allowedScope", words()),
        ("yolo", flag()),
        ("autoShip", flag()),
        ("budgetUsd", number()),
        ("budgetWallSec", number()),
        ("timeoutSec", number()),
        ("maxAttempts", ([json!(7), json!(8)], json!(3))),
        ("backoffSec", ([json!(7), json!(0)], json!(30))),
        ("labels", ([json!({"a": "1"}), json!({})], json!({}))),
        ("approvals", ([json!({"required": 1}), json!({"required": 0})], json!({"required": 0}))),
    ];
    all.into_iter().map(|(name, (values, usual))| (name, values, usual)).collect()
}

/// What a layer says: of each member nothing, or one of its values.
fn layer() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(prop::option::of(0_usize..2), members().len()).prop_map(|picks| {
        let said = members().into_iter().zip(picks);
        said.filter_map(|((name, values, _), pick)| Some((name.to_owned(), values[pick?].clone()))).collect()
    })
}

fn defaults(layer: &Map<String, Value>) -> Defaults {
    serde_json::from_value(Value::Object(layer.clone())).unwrap()
}

fn profile(version: u32, layer: &Map<String, Value>) -> Profile {
    let snapshot = Snapshot { persona: None, defaults: defaults(layer) };
    let product = "p".parse().unwrap();
    Profile { product, name: "careful".parse().unwrap(), version, snapshot, created_at: Timestamp(0) }
}

/// A spec with these members given by hand.
fn given(layer: &Map<String, Value>) -> Spec {
    let by_hand = Usual { product: defaults(layer), ..Usual::default() };
    let spec = by_hand.resolve(Spec { given: Some(Default::default()), ..plain() }, None);
    Spec { given: Some(defaults(layer).said()), ..spec }
}

/// The members of a spec that may have defaults, by name.
fn shown(spec: &Spec) -> Map<String, Value> {
    let Spec { priority, capabilities, engine_class, engines, repo, base, cwd, verify, allowed_scope, .. } = spec;
    let Spec { yolo, auto_ship, budget, timeout_sec, retry, labels, approvals, .. } = spec;
    let all = json!({
        "priority": priority, "capabilities": capabilities, "engineClass": engine_class, "engines": engines,
        "repo": repo, "base": base, "cwd": cwd, "verify": verify, "allowedScope": allowed_scope, "yolo": yolo,
        "autoShip": auto_ship, "budgetUsd": budget.usd, "budgetWallSec": budget.wall_sec, "timeoutSec": timeout_sec,
        "maxAttempts": retry.max_attempts, "backoffSec": retry.backoff_sec, "labels": labels, "approvals": approvals,
    });
    all.as_object().unwrap().clone()
}

/// The first layer that says it, member by member.
fn expected(layers: &[&Map<String, Value>]) -> Map<String, Value> {
    let first = |name: &str| layers.iter().find_map(|layer| layer.get(name).cloned());
    members().into_iter().map(|(name, _, usual)| (name.to_owned(), first(name).unwrap_or(usual))).collect()
}

proptest! {
    #[test]
    fn each_layer_wins_over_the_next_member_by_member(by_hand in layer(), of_profile in layer(), of_product in layer()) {
        let usual = Usual { product: defaults(&of_product), ..Usual::default() };
        let with = usual.resolve(given(&by_hand), Some(&profile(3, &of_profile)));
        prop_assert_eq!(shown(&with), expected(&[&by_hand, &of_profile, &of_product]));
        prop_assert_eq!(with.profile.as_deref(), Some("careful@3"));
        let without = usual.resolve(given(&by_hand), None);
        prop_assert_eq!(shown(&without), expected(&[&by_hand, &of_product]));
        prop_assert_eq!(without.profile, None);
    }

    #[test]
    fn another_profile_leaves_no_trace_of_the_one_before(by_hand in layer(), before in layer(), after in layer()) {
        let usual = Usual::default();
        let (before, after) = (profile(1, &before), profile(2, &after));
        let job = given(&by_hand);
        let edited = usual.resolve(usual.resolve(job.clone(), Some(&before)), Some(&after));
        prop_assert_eq!(&edited, &usual.resolve(job.clone(), Some(&after)));
        prop_assert_eq!(usual.resolve(edited, None), job);
    }

    #[test]
    fn a_job_that_does_not_say_what_was_given_keeps_everything(by_hand in layer(), of_profile in layer()) {
        let job = Spec { given: None, ..given(&by_hand) };
        let with = Usual::default().resolve(job.clone(), Some(&profile(1, &of_profile)));
        prop_assert_eq!(with, Spec { profile: Some("careful@1".into()), ..job });
    }

    #[test]
    fn versions_follow_each_other_whenever_something_else_is_said(said in prop::collection::vec(0_u8..3, 1..12)) {
        let product: ProductId = "p".parse().unwrap();
        let mut versions: Vec<Profile> = Vec::new();
        for (at, word) in said.iter().enumerate() {
            let snapshot = Snapshot { persona: Some(word.to_string()), ..Snapshot::default() };
            let now = Timestamp(at.try_into().unwrap());
            let name = "careful".parse().unwrap();
            let step = publish(versions.last(), product.clone(), name, snapshot.clone(), now);
            let same = at > 0 && said[at - 1] == *word;
            prop_assert_eq!(step.facts.is_empty(), same);
            prop_assert_eq!(&step.next.snapshot, &snapshot);
            if !same {
                versions.push(step.next);
            }
        }
        let numbers: Vec<u32> = versions.iter().map(|profile| profile.version).collect();
        prop_assert_eq!(numbers, (1..=u32::try_from(versions.len()).unwrap()).collect::<Vec<_>>());
    }
}

#[test]
fn a_job_that_completes_by_itself_takes_no_approvals() {
    let layer: Map<String, Value> = [("approvals".to_owned(), json!({"required": 1}))].into_iter().collect();
    let job = Spec { auto_complete: true, given: Some(Default::default()), ..plain() };
    assert_eq!(Usual::default().resolve(job, Some(&profile(1, &layer))).approvals.required, 0);
}

#[test]
fn the_profile_of_a_job_is_the_one_it_names_or_the_product_s() {
    let (own, usual) = (Arc::new(profile(1, &Map::new())), Arc::new(profile(2, &Map::new())));
    let wanted = |text: &str| text.parse::<Wanted>().unwrap();
    let shelf = Usual {
        named: [(wanted("careful@1"), own)].into_iter().collect(),
        default_profile: Some(usual),
        ..Usual::default()
    };
    let found = |named: Option<&str>| shelf.profile(named.map(wanted).as_ref()).map(|found| found.unwrap().version);
    assert_eq!(found(Some("careful@1")), Ok(1));
    assert_eq!(found(None), Ok(2));
    assert_eq!(found(Some("careful@9")), Err(wanted("careful@9")));
    assert_eq!(Usual::default().profile(None), Ok(None));
}
