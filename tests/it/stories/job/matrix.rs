//! Every place of the lifecycle against every order: one snapshot a place, one entry an order.

use domain::Timestamp;
use domain::job::{Job, transition};

use super::every::orders;
use super::starts::places;
use crate::support::job::{event, refusal};
use crate::support::log::Log;
use crate::support::order::{by, said};
use crate::support::record;
use crate::support::story::Actor;

/// What the order leads to: a refusal, nothing, or facts and what changed.
fn outcome(job: &Job, order: &domain::job::Command, now: Timestamp) -> Vec<String> {
    match transition(job, order.clone(), &by(order), now) {
        Err(no) => vec![format!("no       {}", refusal(&no))],
        Ok(step) if step.facts.is_empty() => {
            assert_eq!(step.next, *job, "without a fact nothing changes");
            vec!["stands".to_owned()]
        }
        Ok(step) => {
            let facts = step.facts.iter().map(event).collect::<Vec<_>>().join("  ");
            let changes = record::job(job).changes(&record::job(&step.next));
            std::iter::once(format!("yes      {facts}")).chain(changes).collect()
        }
    }
}

#[test]
fn every_place_answers_every_order() {
    for (place, job) in places() {
        let mut log = Log::new("job", &format!("from_{place}"));
        log.tell("given", &job.members().full());
        for (secs, order) in orders(&job) {
            let now = Timestamp(secs * 1_000);
            log.when(now, &said(&order));
            log.tell("", &outcome(&job, &order, now));
        }
        log.snap();
    }
}

#[test]
fn the_places_cover_every_stage() {
    let seen: std::collections::BTreeSet<_> = places().into_iter().map(|(_, job)| job.stage).collect();
    assert_eq!(seen.len(), domain::job::Stage::ALL.len());
}

#[test]
fn the_orders_cover_every_command() {
    let (_, job) = places().remove(0);
    let seen: std::collections::BTreeSet<_> = orders(&job).iter().map(|(_, order)| order.name()).collect();
    assert_eq!(seen.len(), 18, "{seen:?}");
}
