//! What an operator orders of a job. Illegal moves change nothing; an effect that stands already is answered as it is.

use super::super::command::{Edit, JobNo, Order, Outcome, Stage};
use super::{Blocked, Job, Model, Status};
use crate::model::render;

/// Changed, repeated, or refused.
type Done = Result<bool, String>;

impl Model {
    pub(super) fn operate(&mut self, no: JobNo, order: &Order, if_rev: Option<u64>) -> String {
        let (now, Some(job)) = (self.now, self.jobs.get_mut(&no)) else { return "no such job".into() };
        if if_rev.is_some_and(|rev| rev != job.rev) {
            return format!("rev is {}", job.rev);
        }
        let was_held = job.is_held();
        let done = match order {
            Order::Ship => job.ship(now),
            Order::Reject { note, last } => job.reject(now, note, *last),
            Order::Approve { by } => job.approve(by),
            Order::Answer { text } => job.answer(now, text),
            Order::Requeue { fresh, note } => job.requeue(now, *fresh, *note),
            Order::Cancel => job.cancel(now),
            Order::Edit(edit) => job.edit(edit),
        };
        let answer = match done {
            Ok(changed) => render::view(no, job, !changed),
            Err(why) => why,
        };
        if was_held && !self.jobs[&no].is_held() {
            self.ended(no);
        }
        answer
    }
}

impl Job {
    pub(super) fn illegal(&self, to: Stage) -> String {
        format!("illegal {:?} {to:?}", self.stage)
    }

    pub(super) fn approvals_missing(&self) -> u32 {
        let counts = |by: &&&str| self.wish.reviewers.is_empty() || self.wish.reviewers.contains(by);
        self.wish.approvals.saturating_sub(self.approved.iter().filter(counts).count() as u32)
    }

    fn ship(&mut self, now: i64) -> Done {
        if self.stage == Stage::Shipped {
            return Ok(false);
        }
        if !self.is_delivered() {
            return Err(self.illegal(Stage::Shipped));
        }
        if self.approvals_missing() > 0 {
            return Err(format!("approvals missing {}", self.approvals_missing()));
        }
        self.end(now, self.delivered(), Status::Evicted, false);
        self.go(Stage::Shipped);
        self.save(&["job.shipped"]);
        Ok(true)
    }

    fn reject(&mut self, now: i64, note: &'static str, last: bool) -> Done {
        let to = if last { Stage::Failed } else { Stage::Queued };
        if self.stage == to && self.notes.last() == Some(&note) {
            return Ok(false);
        }
        if !self.is_delivered() {
            return Err(self.illegal(to));
        }
        self.end(now, Outcome::Cancelled, Status::Evicted, false);
        self.approved.clear();
        self.notes.push(note);
        self.queue(now);
        self.go(to);
        self.save(&["job.rejected"]);
        Ok(true)
    }

    fn approve(&mut self, by: &'static str) -> Done {
        if self.approved.contains(&by) {
            return Ok(false);
        }
        if !matches!(self.stage, Stage::Building | Stage::Review | Stage::Testing) {
            return Err(self.illegal(Stage::Shipped));
        }
        self.approved.push(by);
        self.save(&["job.approved"]);
        Ok(true)
    }

    fn answer(&mut self, now: i64, text: &'static str) -> Done {
        if self.blocked == Some(Blocked::NeedsInput) {
            self.notes.push(text);
            self.queue(now);
            self.save(&["job.answered"]);
            return Ok(true);
        }
        let stands = self.stage == Stage::Queued && self.notes.last() == Some(&text);
        if stands { Ok(false) } else { Err(self.illegal(Stage::Queued)) }
    }

    fn requeue(&mut self, now: i64, fresh: bool, note: Option<&'static str>) -> Done {
        if self.stage == Stage::Queued && self.attempt == 0 && !fresh && note.is_none() {
            return Ok(false);
        }
        let waits = self.blocked == Some(Blocked::Dependencies);
        if matches!(self.stage, Stage::Queued | Stage::Shipped) || waits {
            return Err(self.illegal(Stage::Queued));
        }
        if self.is_held() {
            self.end(now, Outcome::Cancelled, Status::Evicted, false);
        } else {
            self.epoch += 1;
        }
        // An operator overrules a dependency that failed.
        self.deps_met |= self.stage == Stage::Failed || self.blocked == Some(Blocked::DependencyFailed);
        (self.attempt, self.spent_ms, self.spent_usd) = (0, 0, 0);
        (self.not_before, self.result) = (None, None);
        self.approved.clear();
        self.notes.extend(note);
        if fresh {
            self.checkpoint = None;
        }
        if self.deps_met {
            self.queue(now)
        } else {
            self.block(Blocked::Dependencies)
        }
        self.save(&["job.requeued"]);
        Ok(true)
    }

    fn cancel(&mut self, now: i64) -> Done {
        if self.stage == Stage::Cancelled {
            return Ok(false);
        }
        if self.is_over() {
            return Err(self.illegal(Stage::Cancelled));
        }
        if let Some(run) = self.held() {
            run.cancelled = true;
        }
        self.end(now, Outcome::Cancelled, Status::Evicted, false);
        self.go(Stage::Cancelled);
        self.save(&["job.cancelled"]);
        Ok(true)
    }

    fn edit(&mut self, edit: &Edit) -> Done {
        if self.is_over() {
            return Err(self.illegal(self.stage));
        }
        let mut wish = self.wish.clone();
        wish.title = edit.title.unwrap_or(wish.title);
        wish.priority = edit.priority.unwrap_or(wish.priority);
        wish.capabilities = edit.capabilities.clone().unwrap_or(wish.capabilities);
        wish.engines = edit.engines.clone().unwrap_or(wish.engines);
        wish.attempts = edit.attempts.unwrap_or(wish.attempts);
        wish.timeout_sec = edit.timeout_sec.unwrap_or(wish.timeout_sec);
        if wish == self.wish {
            return Ok(false);
        }
        let worked_by = [
            ("engines", wish.engines != self.wish.engines),
            ("retry", wish.attempts != self.wish.attempts),
            ("timeoutSec", wish.timeout_sec != self.wish.timeout_sec),
        ];
        if let Some((member, _)) = worked_by.iter().find(|(_, changed)| *changed && self.is_held()) {
            return Err(format!("leased {member}"));
        }
        self.wish = wish;
        self.edition += 1;
        self.save(&["job.edited"]);
        Ok(true)
    }
}
