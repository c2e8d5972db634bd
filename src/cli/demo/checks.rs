//! What the demo has promised, and whether it was kept: read from events, records and the repository, never from what
//! the story believes to have done.

use std::collections::BTreeSet;

use serde::Serialize;
use wire::{Code, Outcome, RunResult};

use super::jobs::{self, Planned};
use super::story::Story;
use super::world::World;
use crate::cli::failure::Failure;
use crate::cli::out::word;

/// One promise.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    promise: &'static str,
    pub(super) ok: bool,
    found: String,
}

impl Check {
    fn new(promise: &'static str, ok: bool, found: impl Into<String>) -> Self {
        Self { promise, ok, found: found.into() }
    }

    /// The promise as a line.
    pub(super) fn line(&self) -> String {
        format!("{} {} ({})", if self.ok { '✓' } else { '✗' }, self.promise, self.found)
    }
}

/// Checks every promise.
pub(super) async fn all(world: &World, story: &Story) -> Result<Vec<Check>, Failure> {
    let mut checks = vec![ends(story), runs(story).await?];
    checks.extend([leases(story), epochs(story), log(story), duplicate(story)]);
    checks.extend([retry(story), resume(world, story).await?, fence(story)]);
    checks.extend([results(world, story).await?, main(world).await?]);
    Ok(checks)
}

/// A check over every job: those that are not as promised are named.
fn over_all(promise: &'static str, kept: impl Fn(&Planned) -> bool) -> Check {
    let broken: Vec<_> = jobs::ALL.iter().filter(|planned| !kept(planned)).map(|planned| planned.name).collect();
    let count = jobs::ALL.len();
    let found = if broken.is_empty() { format!("{count} of {count}") } else { format!("not {}", broken.join(", ")) };
    Check::new(promise, broken.is_empty(), found)
}

fn ends(story: &Story) -> Check {
    over_all("every job has ended as promised", |planned| {
        story.jobs.get(planned.name).is_some_and(|job| job.stage == planned.ends)
    })
}

async fn runs(story: &Story) -> Result<Check, Failure> {
    let mut found: Vec<(&str, Vec<RunResult>)> = Vec::new();
    for (name, job) in &story.jobs {
        let runs = story.client().runs(&job.id).await?.data;
        found.push((name, runs.into_iter().filter_map(|run| run.result).collect()));
    }
    Ok(over_all("every run has ended as promised", |planned| {
        found.iter().any(|(name, results)| *name == planned.name && results == planned.runs)
    }))
}

fn leases(story: &Story) -> Check {
    let grants: usize = story.log.jobs.values().map(|told| told.grants.len()).sum();
    let together = story.log.jobs.values().map(|told| told.together).max().unwrap_or_default();
    let found = format!("{grants} leases in {} events", story.log.events.len());
    Check::new("no job has had two live leases", together == 1, found)
}

fn epochs(story: &Story) -> Check {
    over_all("epochs only grow", |planned| {
        let epochs: Vec<_> = story.told(planned.name).grants.iter().map(|grant| grant.epoch).collect();
        !epochs.is_empty() && epochs.is_sorted_by(|a, b| a < b)
    })
}

fn log(story: &Story) -> Check {
    let events = &story.log.events;
    let gapless = (1..).zip(events).all(|(seq, event)| event.seq == seq);
    Check::new("the log of events has no gap", gapless && !events.is_empty(), format!("seq 1 to {}", events.len()))
}

fn duplicate(story: &Story) -> Check {
    let first = story.jobs.get(jobs::TWICE).map(|job| job.id.as_str());
    let second = story.duplicate.as_ref();
    let same = second.is_some_and(|(id, outcome)| Some(id.as_str()) == first && *outcome == Outcome::Duplicate);
    let found = second.map_or("no answer".to_owned(), |(_, outcome)| word(outcome));
    Check::new("a submit with the same key is answered with the same job", same, found)
}

fn retry(story: &Story) -> Check {
    let told = story.told(jobs::FLAKY);
    let found = format!("{} runs", told.grants.len());
    Check::new("a failed run is repeated, and no more than that", told.grants.len() == 2, found)
}

/// The second run's branch holds what the first run wrote: it was not written again.
async fn resume(world: &World, story: &Story) -> Result<Check, Failure> {
    const PROMISE: &str = "a lost machine's job is resumed by another factory from its checkpoint";
    let told = story.told(jobs::SURVIVOR);
    let (Some(job), [first, second]) = (story.jobs.get(jobs::SURVIVOR), told.grants.as_slice()) else {
        return Ok(Check::new(PROMISE, false, format!("{} leases", told.grants.len())));
    };
    let repository = world.repository()?;
    let parts = [("part 1", "archive/part-1.txt", first), ("part 2", "archive/part-2.txt", second)];
    let mut ok = first.factory != second.factory;
    for (part, file, grant) in parts {
        let text = repository.delivered(&job.id, file).await.unwrap_or_default();
        ok &= text == format!("{part} by run {}", grant.run);
    }
    Ok(Check::new(PROMISE, ok, format!("part 1 by {}, part 2 by {}", first.factory, second.factory)))
}

fn fence(story: &Story) -> Check {
    const PROMISE: &str = "a late report under a lost lease is refused";
    let (told, refused) = (story.told(jobs::SURVIVOR), story.loss.refused.as_ref());
    let (Some(problem), Some(current)) = (refused, told.grants.last()) else {
        return Check::new(PROMISE, false, "no answer");
    };
    let named = problem.number("leaseEpoch");
    let ok =
        problem.status == 409 && problem.code == Code::StaleLease && named == Some(current.epoch) && told.fenced == 1;
    let late = story.loss.grant.as_ref().map_or(0, |grant| grant.epoch);
    let code = problem.code.as_str();
    Check::new(PROMISE, ok, format!("{} {code}: epoch {late}, now {}", problem.status, named.unwrap_or_default()))
}

async fn results(world: &World, story: &Story) -> Result<Check, Failure> {
    let repository = world.repository()?;
    let mut ok = true;
    let mut promised = BTreeSet::new();
    for planned in &jobs::ALL {
        let (Some(job), Some((file, begins))) = (story.jobs.get(planned.name), planned.delivers) else { continue };
        promised.insert(format!("gigafactory/{}", job.id));
        ok &= repository.delivered(&job.id, file).await.is_some_and(|text| text.starts_with(begins));
    }
    let there: BTreeSet<_> = repository.results().await?.into_iter().collect();
    let found = format!("{} branches gigafactory/<job>", there.len());
    Ok(Check::new("the results are branches in the repository", ok && there == promised, found))
}

async fn main(world: &World) -> Result<Check, Failure> {
    let untouched = world.repository()?.is_main_untouched().await;
    let found = if untouched { "main is where it was" } else { "main has moved" };
    Ok(Check::new("nobody's own branch was touched", untouched, found))
}
