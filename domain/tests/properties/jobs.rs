//! Random walks of a job: what holds after every order, whatever came before.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::job::command::{Prior, Report};
use domain::job::{Command, Fact, Job, Lease, LeaseStatus, Refusal, RunResult, Stage, Step, apply, submit, transition};
use domain::{By, Epoch, JobId, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use uuid::Uuid;

use crate::orders::{Draft, draft, spec};

const BY: By = By::Coordinator;

/// A job on its walk, with everything that is needed to judge it.
struct Walk {
    job: Job,
    /// The job as submitted, with nothing but every fact since then applied to it.
    replayed: Job,
    now: Timestamp,
    /// The last accepted report, as it would be repeated.
    last: Option<Report>,
    /// How far the ended runs had come, by their epoch, and how they were last reported.
    ended: BTreeMap<Epoch, (Stage, Option<Report>)>,
    grants: Vec<Epoch>,
}

impl Walk {
    fn new(spec: domain::job::Spec, deps_met: bool) -> Self {
        let id = JobId(Uuid::from_u128(7));
        let job = submit(id, "p".parse().expect("given in a good form"), spec, deps_met, Timestamp(0)).job;
        Self { replayed: job.clone(), job, now: Timestamp(0), last: None, ended: BTreeMap::new(), grants: Vec::new() }
    }

    fn step(&mut self, draft: &Draft) -> Result<(), TestCaseError> {
        self.now = self.now.plus_ms(draft.pause_ms);
        let order = draft.aim(&self.job);
        match transition(&self.job, order.clone(), &BY, self.now) {
            Ok(step) => {
                judge(&self.job, &order, &step)?;
                self.take(order, step)?;
            }
            Err(refusal) => refused(&self.job, &order, &refusal)?,
        }
        self.repeats_are_no_zombies()?;
        self.replays()
    }

    fn take(&mut self, order: Command, step: Step) -> Result<(), TestCaseError> {
        for fact in &step.facts {
            if let Fact::Leased { epoch, .. } = fact {
                prop_assert!(self.grants.last() < Some(epoch), "epochs of grants strictly increase");
                self.grants.push(*epoch);
                self.last = None;
            }
            self.replayed = apply(self.replayed.clone(), fact, &BY, self.now);
        }
        if let Command::Report(report) = &order {
            self.last = names_a_stage(report).then(|| (**report).clone());
        }
        if matches!(&order, Command::Requeue(requeue) if requeue.fresh) {
            self.last = None;
        }
        if let Some(run) = &step.ended {
            prop_assert!(run.ended_at.is_some() && run.result.is_some());
            let again = self.ended.insert(run.epoch, (run.reached, self.last.clone()));
            prop_assert!(again.is_none(), "a run ends once");
        }
        self.job = step.next;
        Ok(())
    }

    /// A lost answer never makes a factory believe that its accepted work was fenced.
    fn repeats_are_no_zombies(&self) -> Result<(), TestCaseError> {
        if let Some(report) = &self.last {
            let again = transition(&self.job, Command::Report(Box::new(report.clone())), &BY, self.now);
            prop_assert_eq!(again.map(|step| step.facts), Ok(Vec::new()), "{:?} on {:?}", report, self.job);
        }
        for (reached, report) in self.ended.values() {
            let Some(report) = report.as_ref().filter(|report| report.checkpoint.is_none()) else { continue };
            if report.stage.is_some_and(|stage| stage == *reached) {
                let again = Report { prior: Prior::Reached(*reached), ..report.clone() };
                let again = transition(&self.job, Command::Report(Box::new(again)), &BY, self.now);
                prop_assert_eq!(again.map(|step| step.facts), Ok(Vec::new()));
            }
        }
        Ok(())
    }

    fn replays(&self) -> Result<(), TestCaseError> {
        let Job { rev, updated_at, .. } = self.job;
        prop_assert_eq!(&Job { rev, updated_at, ..self.replayed.clone() }, &self.job);
        Ok(())
    }
}

/// The report says by itself where it goes. Without that and without an id of its own it cannot be known again.
fn names_a_stage(report: &Report) -> bool {
    report.stage.is_some() || report.result.is_some_and(|result| result != RunResult::Succeeded)
}

/// What holds of every accepted order.
fn judge(job: &Job, order: &Command, step: &Step) -> Result<(), TestCaseError> {
    let next = &step.next;
    if step.facts.is_empty() {
        prop_assert_eq!(next, job, "without a fact nothing changes");
        return Ok(());
    }
    prop_assert_eq!(next.rev, job.rev + 1);
    prop_assert_eq!(next.run.is_some(), next.held().is_some());
    prop_assert_eq!(next.stage == Stage::Blocked, next.blocked_reason.is_some());
    prop_assert_eq!(next.stage.is_terminal(), next.finished_at.is_some());
    prop_assert!(next.held().is_none_or(|lease| next.stage.is_leased() && lease.epoch == next.epoch));
    prop_assert!(next.attempt <= next.spec.retry.max_attempts, "{} attempts", next.attempt);
    for fact in &step.facts {
        if let Fact::Retried { attempt, .. } | Fact::DeadLettered { attempt, .. } = fact {
            prop_assert_eq!((*attempt, next.attempt), (job.attempt + 1, job.attempt + 1));
        }
    }
    prop_assert_eq!(step.ended.is_some(), step.facts.iter().any(|fact| fact.end().is_some()));
    epochs(job, order, step)?;
    counts(job, order, step)?;
    if job.stage.is_terminal() {
        prop_assert!(matches!(order, Command::Requeue(_)), "{:?} moves what has ended", order);
        prop_assert!(job.stage != Stage::Shipped, "nothing leaves shipped");
    }
    if next.stage == Stage::Shipped {
        prop_assert_eq!(job.approvals_missing(), 0);
    }
    if matches!(order, Command::Approve(_) | Command::Edit(_)) {
        prop_assert_eq!((&next.lease, next.epoch), (&job.lease, job.epoch));
    }
    Ok(())
}

/// +1 at every grant and wherever a lease ends other than by its holder's own final report.
fn epochs(job: &Job, order: &Command, step: &Step) -> Result<(), TestCaseError> {
    let next = &step.next;
    let own_end = matches!(order, Command::Report(_))
        && next.lease.as_ref().is_some_and(|lease| lease.status == LeaseStatus::Released);
    let lost = job.held().is_some() && next.held().is_none() && !own_end;
    let granted = job.held().is_none() && next.held().is_some();
    let bumps = lost || granted || matches!(order, Command::Requeue(_));
    prop_assert_eq!(next.epoch.0, job.epoch.0 + u64::from(bumps), "{:?}", order);
    Ok(())
}

/// Failures and preemptions are counted since the last requeue; a preemption loses nothing but its run.
fn counts(job: &Job, order: &Command, step: &Step) -> Result<(), TestCaseError> {
    let next = &step.next;
    let failures = |job: &Job| job.failed_on.values().sum::<u32>();
    let ran = step.ended.as_ref().map(|run| (run.result, &run.factory));
    if matches!(order, Command::Requeue(_)) {
        prop_assert_eq!((failures(next), next.preempted), (0, 0));
    } else {
        let failed = matches!(ran, Some((Some(RunResult::Failed | RunResult::TimedOut), _)));
        prop_assert_eq!(failures(next), failures(job) + u32::from(failed));
        let preempted = matches!(ran, Some((Some(RunResult::Preempted), _)));
        prop_assert_eq!(next.preempted, job.preempted + u32::from(preempted));
        if let Some((_, factory)) = ran.filter(|_| failed) {
            let on = |job: &Job| job.failed_on.get(factory).copied().unwrap_or_default();
            prop_assert_eq!(on(next), on(job) + 1);
        }
    }
    prop_assert_eq!(next.checkpoint.is_some(), next.saved_by.is_some());
    prop_assert_eq!(next.checkpoint.is_some(), next.saved_at.is_some());
    if let (Command::Report(_), true) = (order, next.checkpoint != job.checkpoint) {
        prop_assert_eq!(next.saved_by.as_ref(), job.held().map(|lease| &lease.holder));
    }
    if matches!(order, Command::Preempt(_)) {
        let lease = next.lease.as_ref().map(|lease| lease.status);
        prop_assert_eq!((next.stage, lease), (Stage::Queued, Some(LeaseStatus::Evicted)));
        prop_assert_eq!((next.attempt, &next.checkpoint, next.not_before), (job.attempt, &job.checkpoint, None));
        prop_assert!(!job.stage.is_delivered());
    }
    Ok(())
}

/// What holds of every refusal: whoever is called stale does not hold the job, and the holder is never called so.
fn refused(job: &Job, order: &Command, refusal: &Refusal) -> Result<(), TestCaseError> {
    let fence = match order {
        Command::Report(report) => &report.fence,
        Command::Release(release) => &release.fence,
        Command::Renew(fence) => fence,
        Command::Lease(_)
        | Command::Expire(_)
        | Command::Reclaim(_)
        | Command::Limit(_)
        | Command::Preempt(_)
        | Command::Evict
        | Command::DependenciesMet
        | Command::DependencyFailed
        | Command::Ship
        | Command::Reject(_)
        | Command::Approve(_)
        | Command::Answer(_)
        | Command::Requeue(_)
        | Command::Cancel(_)
        | Command::Edit(_) => return Ok(()),
    };
    let holds = job.held().is_some_and(|lease| {
        lease.epoch == fence.epoch && fence.factory.as_ref().is_none_or(|factory| *factory == lease.holder)
    });
    match refusal {
        Refusal::StaleLease { current } => {
            prop_assert!(!holds, "the holder is called stale");
            prop_assert_eq!(*current, job.epoch);
        }
        Refusal::LeaseEnded { stage } => {
            let own = |lease: &&Lease| lease.epoch == fence.epoch && lease.status == LeaseStatus::Released;
            prop_assert!(!holds && job.lease.as_ref().filter(own).is_some() && *stage == job.stage);
        }
        Refusal::IllegalTransition { .. }
        | Refusal::ApprovalsMissing { .. }
        | Refusal::Unfit { .. }
        | Refusal::ReportMismatch
        | Refusal::NotReady { .. }
        | Refusal::LeasedField { .. } => prop_assert!(holds, "{:?} is told to who does not hold it", refusal),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_job_keeps_its_promises(
        spec in spec(),
        deps_met in prop::bool::weighted(0.8),
        drafts in prop::collection::vec(draft(), 1..60),
    ) {
        let mut walk = Walk::new(spec, deps_met);
        for draft in &drafts {
            walk.step(draft)?;
        }
    }
}

#[test]
fn the_walks_reach_every_stage() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        let drafts = prop::collection::vec(draft(), 60).new_tree(&mut runner).expect("given in a good form").current();
        let spec = Arc::new(spec().new_tree(&mut runner).expect("given in a good form").current());
        let mut walk = Walk::new((*spec).clone(), true);
        for draft in &drafts {
            walk.step(draft).expect("given in a good form");
            seen.insert(walk.job.stage);
        }
        if seen.len() == Stage::ALL.len() {
            return;
        }
    }
    panic!("only {seen:?}");
}
