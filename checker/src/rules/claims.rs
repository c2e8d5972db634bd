//! I20, and the filters: a grant fits its claim, a claim that is told that there is nothing overlooked no job that it
//! could have had, and nobody waits for dependencies that have settled. What filters hold back by more than the log tells
//! is not judged: around the times at which the limit of the jobs in review was reached, after two failures on one
//! factory, while an account is at its limit.

use std::collections::HashMap;

use super::calm::Calm;
use super::sight::Sight;
use crate::case::Case;
use crate::deed::{Ask, Claim, Deed, Fate, Reply};
use crate::evidence::Moment;
use crate::fact::{Card, Engine, Weights, What};
use crate::findings::{Findings, Place};
use crate::names::Name;
use crate::shown::Spec;
use crate::track::{CardChange, Track};
use crate::words::{Health, Mode, Priority, Reason, Stage};

/// A job whose dependencies have settled is told so within this time.
const TOLD_MS: i64 = 5_000;
/// An event is dated by its decision; by then it is committed, however slow the store is.
const WRITTEN_MS: i64 = 30_000;
/// A grant may have been decided by weights that were others so long before, or whose event is dated so much earlier.
const WEIGHED_MS: i64 = 60_000;
/// Shares of a score are rounded to hundredths.
const HUNDREDTH: f64 = 0.011;

/// A write that takes so long has waited for others; so may have a grant.
const SLOW_MS: i64 = 500;

/// A time in which a job could have been claimed: from this stamp on everybody could know it.
struct Span {
    job: Name,
    known: u64,
    /// It ended with a request that began at this stamp; 0 where nobody knows which.
    until: u64,
}

/// Spans of jobs that ask for the same.
#[derive(Default)]
struct Group {
    spans: Vec<Span>,
    /// The index of the span that lasts longest among those up to here.
    longest: Vec<usize>,
    wants: Spec,
}

type Wants = (Vec<Name>, Option<Name>, Vec<Name>);

pub(super) fn check(case: &Case<'_>, track: &Track, sight: &Sight<'_>, calm: &Calm, findings: &mut Findings) {
    let groups = groups(case, track, sight);
    let slow = slow(case);
    for deed in case.deeds {
        let Ask::Claim(claim) = &deed.ask else { continue };
        if deed.fate != Fate::Done {
            continue;
        }
        if let Reply::Grants(grants) = &deed.reply {
            for grant in grants.iter().filter(|grant| !grant.repeated) {
                fits(case, track, calm, (deed, claim), (grant.job.job, grant.lease.epoch), findings);
            }
        } else if !is_shut(track, deed)
            && calm.is_calm(deed.at, deed.until)
            && is_open(case, track, deed)
            && !on_its_way(claim, deed, &slow)
        {
            overlooked(case, track, deed, claim, &groups, findings);
        }
    }
    if case.marks.iter().any(|mark| mark.mark == Moment::Healed) || case.marks.is_empty() {
        left_waiting(case, track, calm, findings);
    }
}

/// A granted job asks for nothing that its factory has not. The card may have changed while the grant was on its way.
fn fits(
    case: &Case<'_>,
    track: &Track,
    calm: &Calm,
    (deed, claim): (&Deed, &Claim),
    (job, epoch): (Name, u64),
    findings: &mut Findings,
) {
    let granted = track.lease(job, epoch).map(|lease| lease.ttl_sec);
    if let Some(ttl) = granted.filter(|ttl| *ttl != claim.ttl_sec) {
        let what = format!("granted for {ttl} s where {} were asked for", claim.ttl_sec);
        case.broken(findings, "grant", Place::job(job).op(deed.invoked), what);
    }
    weighed(case, track, calm, (deed, claim), (job, epoch), findings);
    let Some(spec) = case.specs.get(&job) else { return };
    let Some(last) = track.last(job).filter(|last| !last.state.needs_edited) else { return };
    let cards = track.factories.get(&claim.factory).map(Vec::as_slice).unwrap_or_default();
    let until = cards.partition_point(|card| card.at <= deed.until);
    let from = cards.partition_point(|card| card.at < deed.at).saturating_sub(1);
    let known = cards.get(from.min(until)..until).unwrap_or_default();
    if known.iter().any(|card| meets(&card.card, claim, spec, deed.until))
        || cards.is_empty()
        || !calm.is_once(deed.at, deed.until)
    {
        return;
    }
    let what = "granted to a factory that has not what it asks for";
    case.broken(findings, "grant", Place::job(last.job).op(deed.invoked), what);
}

/// What a grant says that its job's urgency adds to the score is what the weights of that time make of it.
fn weighed(
    case: &Case<'_>,
    track: &Track,
    calm: &Calm,
    (deed, claim): (&Deed, &Claim),
    (job, epoch): (Name, u64),
    findings: &mut Findings,
) {
    let Some(lease) = track.lease(job, epoch) else { return };
    let granted = &track.changes[lease.granted];
    let What::Leased(grant) = &case.facts[granted.last].what else { return };
    let (Some(decision), Some(priority)) = (grant.decision, granted.state.priority) else { return };
    if !calm.is_calm(granted.at.saturating_sub(WEIGHED_MS), granted.at) {
        return;
    }
    let term = match priority {
        Priority::Critical => 1.0,
        Priority::High => 2.0 / 3.0,
        Priority::Normal => 1.0 / 3.0,
        Priority::Low => 0.0,
    };
    let recent = track.weights.partition_point(|(at, _)| *at < granted.at.saturating_sub(WEIGHED_MS));
    let first = recent.checked_sub(1).map_or_else(Weights::default, |last| track.weights[last].1);
    let later = track.weights[recent..].iter().filter(|(at, _)| *at <= granted.at.saturating_add(WEIGHED_MS));
    let mut weights = later.map(|(_, weights)| *weights).chain([first]);
    let is_right = |weight: f64| (weight * term - decision.urgency).abs() < HUNDREDTH;
    if !weights.any(|weights| is_right(claim.urgency.unwrap_or(weights.priority))) {
        let what = format!("urgency added {} to its score, which no weights of that time do", decision.urgency);
        case.broken(findings, "decision", Place::job(job).op(deed.invoked), what);
    }
}

/// A factory has what a job asks for by then, whatever its accounts say.
fn meets(card: &Card, claim: &Claim, spec: &Spec, at: i64) -> bool {
    let capabilities = claim.capabilities.as_ref().unwrap_or(&card.capabilities);
    let classes = claim.classes.as_ref().unwrap_or(&card.classes);
    spec.capabilities.iter().all(|wanted| capabilities.contains(wanted))
        && spec.class.is_none_or(|class| classes.contains(&class))
        && if spec.engines.is_empty() {
            card.engines.is_empty() || card.engines.iter().any(|engine| engine.from <= at)
        } else {
            card.engines.iter().any(|engine| engine.from <= at && spec.engines.contains(&engine.name))
        }
}

fn groups(case: &Case<'_>, track: &Track, sight: &Sight<'_>) -> HashMap<Wants, Group> {
    let mut groups: HashMap<Wants, Group> = HashMap::new();
    for (at, change) in track.changes.iter().enumerate() {
        let state = &change.state;
        let Some(spec) = case.specs.get(&change.job).filter(|spec| spec.lock.is_none()) else { continue };
        let waits = state.not_before.is_none_or(|until| until.is_some_and(|until| until > change.at));
        if state.stage != Stage::Queued || state.needs_edited || state.parked || state.excludes.is_some() || waits {
            continue;
        }
        let Some(known) = sight.first(change.job, state.rev) else { continue };
        let next = track.next(at);
        let owner = next.map(|next| sight.owner[next].map(|owner| case.deeds[owner].invoked));
        let wants = (spec.capabilities.clone(), spec.class, spec.engines.clone());
        let group = groups.entry(wants).or_default();
        if group.spans.is_empty() {
            group.wants = Spec { depends_on: Vec::new(), key: None, ..spec.clone() };
        }
        group.spans.push(Span { job: change.job, known, until: owner.map_or(u64::MAX, Option::unwrap_or_default) });
    }
    for group in groups.values_mut() {
        group.spans.sort_unstable_by_key(|span| span.known);
        let mut longest = 0;
        for (at, span) in group.spans.iter().enumerate() {
            if span.until > group.spans[longest].until {
                longest = at;
            }
            group.longest.push(longest);
        }
    }
    groups
}

/// When reports were on their way for long, by the time at which they had begun; each with the latest end so far.
fn slow(case: &Case<'_>) -> Vec<(i64, i64)> {
    let reports = case.deeds.iter().filter(|deed| matches!(deed.ask, Ask::Report(_)) && deed.is_answered());
    let slow = reports.filter(|deed| deed.until.saturating_sub(deed.at) >= SLOW_MS);
    let mut slow: Vec<_> = slow.map(|deed| (deed.at, deed.until)).collect();
    slow.sort_unstable();
    let mut latest = i64::MIN;
    for (_, until) in &mut slow {
        latest = latest.max(*until);
        *until = latest;
    }
    slow
}

/// A claim waits no longer than it said, and where writes are slow, a grant may have been on its way to it all the time.
fn on_its_way(claim: &Claim, deed: &Deed, slow: &[(i64, i64)]) -> bool {
    let begun = slow.partition_point(|(at, _)| *at <= deed.until);
    claim.wait_sec > 0 && begun.checked_sub(1).is_some_and(|last| slow[last].1 >= deed.at)
}

/// The limit of the jobs in review may have held jobs back.
fn is_shut(track: &Track, deed: &Deed) -> bool {
    let reaches = |(from, to): &(i64, i64)| {
        from.saturating_sub(WRITTEN_MS) <= deed.until && to.saturating_add(WRITTEN_MS) >= deed.at
    };
    track.shut.iter().any(reaches)
}

/// An account of a factory's engines may have been at its limit, whoever said so.
fn is_limited(track: &Track, card: &Card, deed: &Deed) -> bool {
    let accounts = || card.engines.iter().filter(|engine| engine.account.is_some());
    let limits = |change: &CardChange| {
        let limited = |engine: &Engine| {
            engine.from > deed.at && accounts().any(|own| own.name == engine.name && own.account == engine.account)
        };
        change.at <= deed.until && change.card.engines.iter().any(limited)
    };
    accounts().next().is_some() && track.factories.values().flatten().any(limits)
}

/// The product's gate was open all the time, and nobody was about to close it.
fn is_open(case: &Case<'_>, track: &Track, deed: &Deed) -> bool {
    let at = |gate: &(usize, bool)| case.facts[gate.0].at;
    let before = track.gates.partition_point(|gate| at(gate) <= deed.at);
    let after = track.gates.partition_point(|gate| at(gate) <= deed.until);
    // A gate opens with its commit: one that was ordered just now may not have been open yet.
    let last = before.checked_sub(1).map(|last| &track.gates[last]);
    let closed = last.is_some_and(|last| last.1 || at(last) > deed.at.saturating_sub(WRITTEN_MS));
    // A gate closes before its event: the next event must not be a closing one that was under way.
    let closing = track.gates.get(after).is_some_and(|gate| gate.1 && at(gate) <= deed.until.saturating_add(1_000));
    !closed && !closing && before == after
}

/// The card of a factory, if it was the same all the time.
fn steady<'a>(track: &'a Track, claim: &Claim, deed: &Deed) -> Option<&'a CardChange> {
    let cards = track.factories.get(&claim.factory)?;
    let before = cards.partition_point(|card| card.at < deed.at);
    let after = cards.partition_point(|card| card.at <= deed.until);
    let card = cards.get(before.checked_sub(1)?)?;
    (before == after && !card.draining && card.card.health != Health::Failing).then_some(card)
}

fn overlooked(
    case: &Case<'_>,
    track: &Track,
    deed: &Deed,
    claim: &Claim,
    groups: &HashMap<Wants, Group>,
    findings: &mut Findings,
) {
    let Some(card) = steady(track, claim, deed).filter(|card| !is_limited(track, &card.card, deed)) else { return };
    for group in groups.values().filter(|group| meets(&card.card, claim, &group.wants, deed.at)) {
        let known = group.spans.partition_point(|span| span.known < deed.invoked);
        let Some(longest) = known.checked_sub(1).map(|last| &group.spans[group.longest[last]]) else { continue };
        if longest.until > deed.returned {
            let place = Place::job(longest.job).op(deed.invoked);
            let what = "was claimable all the time, and a claim was told that there is nothing";
            return case.broken(findings, "I20", place, what);
        }
    }
}

/// After everything has healed, nobody waits for dependencies that have settled.
fn left_waiting(case: &Case<'_>, track: &Track, calm: &Calm, findings: &mut Findings) {
    for job in track.jobs.keys() {
        let (Some(last), Some(spec)) = (track.last(*job), case.specs.get(job)) else { continue };
        if last.state.stage != Stage::Blocked || last.state.reason != Some(Reason::Dependencies) || last.state.parked {
            continue;
        }
        let ends: Vec<_> = spec.depends_on.iter().filter_map(|dep| track.last(*dep)).collect();
        // One that fails ends the waiting too, in another way.
        let all = match spec.mode {
            Mode::All => ends.iter().all(|end| end.state.stage.is_terminal()),
            Mode::Any => ends.iter().any(|end| end.state.stage == Stage::Shipped),
        };
        let since = ends.iter().map(|end| end.at).chain([last.at]).max().unwrap_or(last.at);
        let healed = case.marks.iter().rfind(|mark| mark.mark == Moment::Healed).map_or(since, |mark| mark.at);
        let due = since.max(healed).saturating_add(TOLD_MS);
        if all && calm.horizon > due && calm.is_calm(since, due) {
            let place = Place::job(*job).seq(case.facts[last.last].seq);
            case.broken(findings, "I20", place, "waits for dependencies that have settled");
        }
    }
}
