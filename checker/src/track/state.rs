//! A job as the log says it stands: the checker's own machine. Owns what each event makes of it; whether the event was
//! in order is for `law`.

use crate::fact::{By, Fact, What};
use crate::names::Name;
use crate::shown::approved;
use crate::words::{Outcome, Priority, Reason, Stage, Status};

/// Notes that a job keeps.
const NOTES: u32 = 50;

/// A job as it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) rev: u64,
    pub(crate) stage: Stage,
    pub(crate) reason: Option<Reason>,
    pub(crate) question: Option<u64>,
    pub(crate) epoch: u64,
    pub(crate) lease: Option<Lease>,
    /// Runs that were ever opened.
    pub(crate) runs: u32,
    pub(crate) attempt: u32,
    /// None inside: at once. None: not known.
    pub(crate) not_before: Option<Option<i64>>,
    pub(crate) checkpoint: Option<u64>,
    pub(crate) approvals: u64,
    pub(crate) notes: u32,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) queued_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    /// Members changed that claims are decided by.
    pub(crate) needs_edited: bool,
    /// It failed because of a dependency.
    pub(crate) failed_by_dependency: bool,
    /// It is left alone by the coordinator.
    pub(crate) parked: bool,
    /// How urgent it is. None: not known, or no longer.
    pub(crate) priority: Option<Priority>,
    /// How often it was preempted since its last requeue.
    pub(crate) preempted: u32,
    /// A factory on which it has failed twice since then.
    pub(crate) excludes: Option<Name>,
}

/// The lease that is held, or the last one that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) holder: Name,
    pub(crate) epoch: u64,
    pub(crate) status: Status,
    /// The furthest stage that was reported under it.
    pub(crate) reached: Stage,
    /// What its holder has said of the result so far.
    pub(crate) said: Option<Outcome>,
    /// It ended by its holder's own final report.
    pub(crate) final_report: bool,
}

impl State {
    /// A job that has just been created.
    pub(crate) fn new(at: i64, not_before: Option<Option<i64>>) -> Self {
        Self {
            rev: 0,
            stage: Stage::Blocked,
            reason: None,
            question: None,
            epoch: 0,
            lease: None,
            runs: 0,
            attempt: 0,
            not_before,
            checkpoint: None,
            approvals: 0,
            notes: 0,
            outcome: None,
            created_at: at,
            updated_at: at,
            queued_at: None,
            finished_at: None,
            needs_edited: false,
            failed_by_dependency: false,
            parked: false,
            priority: None,
            preempted: 0,
            excludes: None,
        }
    }

    /// The lease, if it is held.
    pub(crate) fn held(&self) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.status == Status::Held)
    }

    /// The lease of this epoch is held.
    pub(crate) fn holds(&self, epoch: u64) -> bool {
        self.held().is_some_and(|lease| lease.epoch == epoch)
    }

    /// The job after an event.
    pub(crate) fn apply(&mut self, fact: &Fact) {
        self.end(fact);
        match &fact.what {
            What::Created(priority, _) => self.priority = *priority,
            What::Ready | What::Answered => {
                self.notes += u32::from(matches!(fact.what, What::Answered));
                self.queued(fact.at);
            }
            What::Blocked(reason) => self.blocked(*reason),
            What::Adopted { .. } => {
                let keeps = matches!(self.reason, Some(Reason::Dependencies | Reason::DependencyFailed));
                self.blocked(self.reason.filter(|_| keeps).unwrap_or(Reason::Children));
            }
            What::Leased(grant) => {
                self.stage = Stage::Assigned;
                self.epoch = grant.epoch;
                self.runs = grant.ordinal;
                self.not_before = Some(None);
                self.lease = Some(Lease {
                    holder: grant.factory,
                    epoch: grant.epoch,
                    status: Status::Held,
                    reached: Stage::Assigned,
                    said: None,
                    final_report: false,
                });
            }
            What::Staged { stage, outcome } => {
                self.stage = *stage;
                self.reach(*stage);
                if let Some(lease) = &mut self.lease {
                    lease.said = outcome.or(lease.said);
                }
            }
            What::Checkpoint(print) => self.checkpoint = Some(*print),
            What::Released { stage: Stage::Queued, .. } | What::Preempted(..) => self.queued(fact.at),
            What::Released { stage, .. } => self.stage = *stage,
            What::Retried { not_before, .. } => {
                self.queued(fact.at);
                self.not_before = Some(Some(*not_before));
            }
            What::DeadLettered { .. } => self.finished(Stage::DeadLetter, fact.at),
            What::Failed(end) => {
                self.failed_by_dependency = end.is_none();
                self.finished(Stage::Failed, fact.at);
            }
            What::NeedsInput { question, .. } => {
                self.stage = Stage::Blocked;
                self.reason = Some(Reason::NeedsInput);
                self.question = Some(*question);
            }
            What::Requeued(requeue) => {
                self.epoch = requeue.epoch;
                self.checkpoint = self.checkpoint.filter(|_| !requeue.fresh);
                self.notes += u32::from(requeue.noted);
                self.requeued(requeue.blocked, fact.at);
            }
            What::Rejected { for_good, .. } => {
                self.notes += 1;
                self.approvals = 0;
                if *for_good { self.finished(Stage::Failed, fact.at) } else { self.queued(fact.at) }
            }
            What::Approved { reviewer, noted } => {
                self.notes += u32::from(*noted);
                self.approvals = approved(self.approvals, *reviewer);
            }
            What::Cancelled(_) => self.finished(Stage::Cancelled, fact.at),
            What::Shipped(_) => self.finished(Stage::Shipped, fact.at),
            What::Edited { needs, priority, .. } => {
                self.needs_edited |= needs;
                self.priority = self.priority.filter(|_| !priority);
            }
            What::Parked => self.parked = true,
            _ => {}
        }
        self.notes = self.notes.min(NOTES);
    }

    /// Ends run and lease, and counts the attempt.
    fn end(&mut self, fact: &Fact) {
        let Some(end) = fact.what.end() else { return };
        let own = end.epoch == self.epoch && matches!(fact.by, By::Factory(_));
        self.epoch = end.epoch;
        self.outcome = Some(end.outcome);
        self.attempt += u32::from(end.outcome.uses_attempt());
        self.preempted += u32::from(end.outcome == Outcome::Preempted);
        if let Some(lease) = &mut self.lease {
            lease.status = end.status;
            lease.final_report = own;
        }
        let reached = match &fact.what {
            What::Shipped(_) => Stage::Shipped,
            What::NeedsInput { .. } => Stage::Blocked,
            What::Retried { .. } | What::DeadLettered { .. } | What::Failed(_) | What::Released { .. } => Stage::Failed,
            _ => return,
        };
        if own {
            self.reach(reached);
        }
    }

    fn reach(&mut self, stage: Stage) {
        if let Some(lease) = &mut self.lease {
            lease.reached = stage;
        }
    }

    fn blocked(&mut self, reason: Reason) {
        self.stage = Stage::Blocked;
        self.reason = Some(reason);
        self.queued_at = None;
    }

    fn queued(&mut self, at: i64) {
        self.stage = Stage::Queued;
        self.reason = None;
        self.question = None;
        self.queued_at = Some(at);
        self.finished_at = None;
    }

    fn requeued(&mut self, blocked: bool, at: i64) {
        self.attempt = 0;
        self.not_before = Some(None);
        self.approvals = 0;
        self.outcome = None;
        self.parked = false;
        (self.preempted, self.excludes) = (0, None);
        self.queued(at);
        if blocked {
            self.blocked(Reason::Dependencies);
        }
    }

    fn finished(&mut self, stage: Stage, at: i64) {
        self.stage = stage;
        self.reason = None;
        self.question = None;
        self.queued_at = None;
        self.finished_at = Some(at);
    }
}
