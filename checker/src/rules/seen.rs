//! Notes what is interesting in the evidence, so that a campaign can tell whether it has tried hard enough.

use std::collections::HashSet;

use crate::case::Case;
use crate::deed::{Ask, Deed, Fate, Reply};
use crate::evidence::Moment;
use crate::fact::{By, Fact, What};
use crate::findings::Findings;
use crate::names::Name;
use crate::track::{Lease, State, Track};
use crate::words::{Code, Outcome, Reason, Stage, Status};

/// How long a seat is kept for the job that another was evicted for.
const KEPT_MS: i64 = 60_000;

pub(super) fn check(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    for (at, change) in track.changes.iter().enumerate() {
        let before = track.before(at);
        for fact in &case.facts[change.first..=change.last] {
            of_job(fact, before, findings);
        }
        let by_itself = change.by == By::Coordinator && change.state.stage == Stage::Cancelled;
        if by_itself && before.is_some_and(|before| before.stage != Stage::Cancelled) {
            findings.seen("cancelled with its parent");
        }
    }
    for fact in case.facts {
        others(fact, findings);
    }
    track.shut.iter().for_each(|_| findings.seen("review limit reached"));
    let mut placed = HashSet::new();
    for lease in &track.leases {
        granted(track, lease, findings);
        cleared(track, lease, &mut placed, findings);
    }
    for deed in case.deeds {
        asked(case, track, deed, findings);
    }
    marks(case, track, findings);
    together(case, findings);
}

fn of_job(fact: &Fact, before: Option<&State>, findings: &mut Findings) {
    let held = before.is_some_and(|state| state.held().is_some());
    let end = fact.what.end();
    if let Some(end) = end {
        match end.outcome {
            Outcome::NoChanges => findings.seen("no changes"),
            Outcome::OverBudget => findings.seen("over budget"),
            Outcome::Quota => findings.seen("quota"),
            Outcome::TimedOut => findings.seen("timed out"),
            Outcome::Preempted if matches!(fact.what, What::Released { .. }) => findings.seen("gave way by release"),
            Outcome::Preempted => findings.seen("preempted by eviction"),
            Outcome::Succeeded
            | Outcome::Failed
            | Outcome::NeedsInput
            | Outcome::Lost
            | Outcome::Cancelled
            | Outcome::Released => {}
        }
    }
    let name = match (&fact.what, fact.by) {
        (What::Approved { .. }, _) => "approval",
        (What::Retried { .. }, _) => "attempt retried",
        (What::Cancelled(Some(_)), _) => "cancelled while leased",
        (What::DeadLettered { .. }, _) => "dead letter",
        (What::Expired(end), _) if end.outcome.is_delivery() => "delivered lease expired",
        (What::Failed(None) | What::Blocked(Reason::DependencyFailed), _) => "dependency failed",
        (What::Ready, _) if before.is_some_and(|b| b.reason == Some(Reason::Children)) => "parent unblocked",
        (What::Ready, _) if before.is_some() => "dependency unblocked",
        (What::Adopted { end: Some(_), .. }, _) => "decomposed by its holder",
        (What::Adopted { settled: Some(_), .. }, _) => "children added to what had waited",
        (What::Adopted { .. }, _) => "children added",
        (What::Edited { .. }, _) if held => "edited while leased",
        (What::Edited { .. }, _) => "edited",
        (What::Leased(_), _) if before.and_then(|b| b.lease).is_some_and(|l| l.status == Status::Expired) => {
            "expired then re-granted"
        }
        (What::NeedsInput { .. }, _) => "needs input asked",
        (What::Answered, _) => "needs input answered",
        (What::Rejected { for_good: true, .. }, _) => "rejected for good",
        (What::Rejected { .. }, _) => "rejected",
        (What::Released { .. }, By::Operator(_)) => "estop ended a lease",
        (What::Released { .. }, By::Coordinator) => "grant taken back",
        (What::Released { stage: Stage::Review | Stage::Testing, .. }, By::Factory(_)) => "released from review",
        (What::Released { .. }, By::Factory(_)) => "released while building",
        (What::Requeued(_), _) if held => "requeued while leased",
        (What::Requeued(_), _) if before.is_some_and(|b| b.stage == Stage::DeadLetter) => {
            "requeued after a dead letter"
        }
        (What::Requeued(requeue), _) if requeue.fresh => "requeued fresh",
        (What::Shipped(_), By::Factory(_)) => "shipped by factory",
        (What::Shipped(Some(_)), _) => "shipped while leased",
        (What::Shipped(None), By::Coordinator) => "shipped by itself",
        (What::Shipped(None), _) => "shipped by operator",
        _ => return,
    };
    findings.seen(name);
}

/// What was special about the job that was granted.
fn granted(track: &Track, lease: &Lease, findings: &mut Findings) {
    let Some(before) = track.before(lease.granted) else { return };
    if before.outcome == Some(Outcome::Preempted) && before.checkpoint.is_some() {
        findings.seen("resumed after a preemption");
    }
    if before.excludes.is_some_and(|factory| factory != lease.holder) {
        findings.seen("granted elsewhere after two failures");
    }
}

/// What became of the seat that was made free for a job: it took that one in time, or it did not.
fn cleared(track: &Track, lease: &Lease, placed: &mut HashSet<(Name, i64)>, findings: &mut Findings) {
    let at = track.changes[lease.granted].at;
    let Some((when, holder)) = track.cleared.get(&lease.job).and_then(|all| all.iter().rfind(|(when, _)| *when <= at))
    else {
        return;
    };
    if !placed.insert((lease.job, *when)) {
        return;
    }
    let in_time = at - when <= KEPT_MS;
    findings.seen(if in_time && *holder == lease.holder { "kept seat taken" } else { "kept seat not taken" });
}

fn others(fact: &Fact, findings: &mut Findings) {
    let name = match (&fact.what, fact.by) {
        (What::Draining, By::Operator(_)) => "drained by an operator",
        (What::Draining, _) => "drained by failures",
        (What::Estop, _) => "estop",
        (What::Online, _) => "factory came back",
        (What::Offline, _) => "factory offline",
        (What::Stale, _) => "factory stale",
        (What::Fenced { .. }, _) => "fenced event",
        (What::Parked, _) => "parked",
        (What::Paused, _) => "paused",
        (What::Changed(_), By::Coordinator) => "engine limited",
        (What::Settings { weights: Some(_), .. }, _) => "weights changed",
        (What::Resumed, _) => "resumed",
        _ => return,
    };
    findings.seen(name);
}

fn asked(case: &Case<'_>, track: &Track, deed: &Deed, findings: &mut Findings) {
    match deed.code {
        Code::NoFreeSeat => findings.seen("claim refused for seats"),
        Code::FactoryDraining => findings.seen("claim while draining"),
        Code::IdempotencyMismatch => findings.seen("idempotency mismatch"),
        Code::LeaseEnded => findings.seen("lease ended by its holder"),
        Code::DependencyCycle => findings.seen("circle refused"),
        Code::StorageFull => findings.seen("storage full"),
        Code::StaleLease
        | Code::IllegalTransition
        | Code::ApprovalsMissing
        | Code::OutcomeUnknown
        | Code::Overloaded
        | Code::RateLimited
        | Code::FactoryFailing
        | Code::UnknownFactory
        | Code::NotFound
        | Code::InvalidRequest
        | Code::PreconditionFailed
        | Code::Missing
        | Code::Another => {}
    }
    match (&deed.ask, &deed.reply) {
        (Ask::Report(report), Reply::Problem(problem)) if deed.code == Code::StaleLease => {
            if problem.lease_epoch.is_some_and(|epoch| epoch > report.fence.epoch) {
                findings.seen("stale report after take-over");
            }
            let ended = track.lease(report.fence.job, report.fence.epoch).and_then(|lease| lease.ended);
            if ended.is_some_and(|end| matches!(case.facts[track.changes[end].last].what, What::Preempted(..))) {
                findings.seen("stale report after a preemption");
            }
            if problem.usage_accepted {
                findings.seen("late usage charged");
            }
        }
        (Ask::Release(_), _) if deed.code == Code::StaleLease => findings.seen("stale release"),
        (Ask::Renew(_), _) if deed.code == Code::StaleLease => findings.seen("stale renewal"),
        (Ask::Renew(_), Reply::Renewed(_)) => findings.seen("renewed by renewal"),
        (Ask::Heartbeat { .. }, Reply::Beat(beat)) => {
            beat.renewed.iter().take(1).for_each(|_| findings.seen("renewed by heartbeat"));
            beat.lost.iter().take(1).for_each(|_| findings.seen("lost told by a heartbeat"));
        }
        (Ask::Report(report), Reply::Job(shown)) if shown.repeated => {
            let held = shown.lease.is_some_and(|l| l.epoch == report.fence.epoch && l.status == Status::Held);
            findings.seen(if held { "repeated report" } else { "repeated report after the lease ended" });
        }
        (Ask::Submit(_), Reply::Submitted(_, false)) => findings.seen("duplicate submit"),
        (Ask::Batch(_), Reply::Entries(entries)) => {
            let duplicates = entries.iter().filter(|entry| entry.job.is_some() && !entry.created);
            duplicates.for_each(|_| findings.seen("duplicate submit"));
            let mismatches = entries.iter().filter(|entry| entry.code == Code::IdempotencyMismatch);
            mismatches.for_each(|_| findings.seen("idempotency mismatch"));
        }
        (Ask::Job { waits: true, .. }, Reply::Job(_)) => findings.seen("waited for a revision"),
        (Ask::Claim(_), Reply::None) if deed.fate == Fate::Done => findings.seen("claim answered with nothing"),
        (Ask::Claim(claim), Reply::Grants(grants)) => {
            for grant in grants {
                match (grant.repeated, grant.active) {
                    (true, true) => findings.seen("repeated claim"),
                    (true, false) => findings.seen("repeated claim after the lease ended"),
                    (false, _) => {}
                }
                let granted = track.lease(grant.job.job, grant.lease.epoch).map(|lease| lease.granted);
                let ready = granted.and_then(|now| track.before(now)).map(|before| before.updated_at);
                if claim.wait_sec > 0 && !grant.repeated && !case.jumped && ready.is_some_and(|at| at > deed.at) {
                    findings.seen("waiting claim was granted");
                }
            }
        }
        _ => {}
    }
}

fn marks(case: &Case<'_>, track: &Track, findings: &mut Findings) {
    let starts: Vec<i64> = case.marks.iter().filter(|m| m.mark == Moment::Started).map(|m| m.at).skip(1).collect();
    starts.iter().for_each(|_| findings.seen("restarted"));
    if case.jumped {
        findings.seen("clock jumped");
    }
    for lease in &track.leases {
        let from = track.changes[lease.granted].at;
        let until = lease.ended.map(|end| &track.changes[end]);
        let by_holder = until.is_some_and(|end| matches!(end.by, By::Factory(_)));
        if by_holder && starts.iter().any(|start| (from..until.map_or(i64::MAX, |end| end.at)).contains(start)) {
            findings.seen("lease lived through a restart");
        }
    }
}

/// Two claims of one factory at the same time.
fn together(case: &Case<'_>, findings: &mut Findings) {
    let mut last = std::collections::HashMap::new();
    for deed in case.deeds {
        let Ask::Claim(claim) = &deed.ask else { continue };
        if deed.is_answered() && last.insert(claim.factory, deed.returned).is_some_and(|before| before > deed.invoked) {
            findings.seen("concurrent claims of one factory");
        }
    }
}
