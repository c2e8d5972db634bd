//! What a job goes through: how its runs end, when they end by themselves, and what an operator orders.

use super::super::command::{Blocked, Command, Fence, Order, Outcome, Report, Stage, Status};
use super::{Job, Run};
use crate::model::render;

impl Job {
    pub(crate) fn is_held(&self) -> bool {
        self.runs.last().is_some_and(|run| run.status == Status::Held)
    }

    /// The run whose lease is held.
    pub(super) fn held(&mut self) -> Option<&mut Run> {
        self.runs.last_mut().filter(|run| run.status == Status::Held)
    }

    pub(super) fn is_delivered(&self) -> bool {
        matches!(self.stage, Stage::Review | Stage::Testing)
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage >= Stage::Shipped
    }

    pub(super) fn go(&mut self, now: i64, stage: Stage, event: &'static str) -> &'static str {
        (self.stage, self.since, self.blocked, self.question) = (stage, now, None, None);
        event
    }

    pub(super) fn block(&mut self, now: i64, why: Blocked, event: &'static str) -> &'static str {
        self.go(now, Stage::Blocked, event);
        self.blocked = Some(why);
        event
    }

    /// To the queue, or to wait for other jobs first.
    pub(super) fn queue(&mut self, now: i64) {
        if self.deps_met {
            self.go(now, Stage::Queued, "");
        } else {
            self.block(now, Blocked::Dependencies, "");
        }
    }

    /// The lease goes, and nothing else is saved with it.
    pub(super) fn lose(&mut self, now: i64, status: Status, cause: Outcome) {
        let event = self.end(now, status, cause, true);
        let expired = (status == Status::Expired).then_some("job.lease_expired");
        self.log.save(expired.into_iter().chain(event.filter(|event| expired.is_none() || *event != "job.released")));
    }

    /// Ends the held run, if there is one, and puts the job where that leads.
    pub(super) fn end(&mut self, now: i64, status: Status, cause: Outcome, retryable: bool) -> Option<&'static str> {
        let delivered = self.is_delivered();
        let run = self.held()?;
        // The holder's own final report alone leaves the epoch; work that is delivered stays so unless an operator or
        // the holder says otherwise.
        let own = run.is_final();
        let done = cause == Outcome::Succeeded || (delivered && !own && cause != Outcome::Cancelled);
        let said = run.result.filter(|said| *said == Outcome::NoChanges).unwrap_or(Outcome::Succeeded);
        let result = if done { said } else { cause };
        (run.status, run.result) = (status, Some(result));
        let (lasted, cost) = (now - run.started, run.cost.unwrap_or(0));
        self.spent_ms += lasted;
        self.spent_usd += cost;
        self.epoch += u64::from(!own);
        self.result = Some(result);
        Some(match result {
            Outcome::Succeeded | Outcome::NoChanges if own => self.go(now, Stage::Shipped, "job.shipped"),
            Outcome::Succeeded | Outcome::NoChanges => "job.released",
            Outcome::Failed | Outcome::TimedOut | Outcome::Lost => self.fail(now, retryable),
            Outcome::OverBudget => self.go(now, Stage::Failed, "job.failed"),
            Outcome::Quota | Outcome::Preempted | Outcome::Released => self.go(now, Stage::Queued, "job.released"),
            Outcome::NeedsInput => self.block(now, Blocked::NeedsInput, "job.needs_input"),
            Outcome::Cancelled => return None,
        })
    }

    /// An attempt was used: another one after a pause, or none.
    fn fail(&mut self, now: i64, retryable: bool) -> &'static str {
        self.attempt += 1;
        if !retryable {
            return self.go(now, Stage::Failed, "job.failed");
        }
        if self.attempt >= self.wish.attempts {
            return self.go(now, Stage::DeadLetter, "job.dead_lettered");
        }
        let hour = 3_600_000;
        let pause = (self.wish.backoff_sec as i64 * 1_000 * (1 << (self.attempt - 1))).min(hour);
        self.jitter = Some((now + pause * 8 / 10, now + (pause * 12 / 10).min(hour)));
        self.go(now, Stage::Queued, "job.retry")
    }

    /// When the held run ends by itself, and how: its lease ends, or the coordinator ends it for its length.
    pub(super) fn due(&self) -> Option<(i64, Status, Outcome)> {
        let run = self.runs.last().filter(|run| run.status == Status::Held)?;
        let lease = Some((run.until, Status::Expired, Outcome::Lost));
        let graced = |sec: u64| run.started + (sec * 1_000 + (sec * 100).max(30_000)) as i64;
        let limits = [
            self.wish.timeout_sec.map(|sec| (graced(sec), Status::Evicted, Outcome::TimedOut)),
            self.wish
                .wall_sec
                .map(|sec| (run.started.max(graced(sec) - self.spent_ms), Status::Evicted, Outcome::OverBudget)),
        ];
        let limits = limits.into_iter().filter(|_| !self.is_delivered());
        [lease].into_iter().chain(limits).flatten().min_by_key(|(at, ..)| *at)
    }

    pub(super) fn illegal(&self, to: Stage) -> String {
        format!("illegal {:?} {to:?}", self.stage)
    }

    pub(super) fn approved(&self) -> Result<(), String> {
        let counts = |by: &&&str| self.wish.reviewers.is_empty() || self.wish.reviewers.contains(by);
        let missing = self.wish.approvals.saturating_sub(self.approved.iter().filter(counts).count() as u32);
        if missing == 0 { Ok(()) } else { Err(format!("approvals missing {missing}")) }
    }

    /// What an operator orders: changed, or standing already, or refused.
    pub(super) fn operate(&mut self, now: i64, order: &Order) -> Result<bool, String> {
        let (stage, queued, said) = (self.stage, self.stage == Stage::Queued, self.notes.last());
        let (to, legal, stands) = match order {
            Order::Ship => (Stage::Shipped, self.is_delivered(), stage == Stage::Shipped),
            Order::Reject { note, last: false } => (Stage::Queued, self.is_delivered(), queued && said == Some(note)),
            Order::Reject { note, .. } => {
                (Stage::Failed, self.is_delivered(), stage == Stage::Failed && said == Some(note))
            }
            Order::Approve { by } => {
                (Stage::Shipped, stage == Stage::Building || self.is_delivered(), self.approved.contains(by))
            }
            Order::Answer { text } => {
                (Stage::Queued, self.blocked == Some(Blocked::NeedsInput), queued && said == Some(text))
            }
            Order::Requeue { fresh, note } => {
                let legal = !queued && stage != Stage::Shipped && self.blocked != Some(Blocked::Dependencies);
                (Stage::Queued, legal, queued && self.attempt == 0 && !fresh && note.is_none())
            }
            Order::Cancel => (Stage::Cancelled, !self.is_over(), stage == Stage::Cancelled),
            Order::Edit(edit) => (stage, !self.is_over(), !self.is_over() && edit.of(&self.wish) == self.wish),
        };
        if stands || !legal {
            return if stands { Ok(false) } else { Err(self.illegal(to)) };
        }
        let event = self.carry_out(now, order, to)?;
        Ok(self.log.save([event]))
    }

    /// Carries out an order that is legal.
    fn carry_out(&mut self, now: i64, order: &Order, to: Stage) -> Result<&'static str, String> {
        Ok(match order {
            Order::Ship => {
                self.approved()?;
                self.end(now, Status::Evicted, Outcome::Succeeded, true);
                self.go(now, to, "job.shipped")
            }
            Order::Reject { note, .. } => {
                self.end(now, Status::Evicted, Outcome::Cancelled, true);
                self.approved.clear();
                self.notes.push(note);
                self.go(now, to, "job.rejected")
            }
            Order::Approve { by } => {
                self.approved.push(by);
                "job.approved"
            }
            Order::Answer { text } => {
                self.notes.push(text);
                self.go(now, to, "job.answered")
            }
            Order::Requeue { fresh, note } => {
                self.epoch += u64::from(!self.is_held());
                self.end(now, Status::Evicted, Outcome::Cancelled, true);
                // An operator overrules a dependency that failed.
                self.deps_met |= self.stage == Stage::Failed || self.blocked == Some(Blocked::DependencyFailed);
                (self.attempt, self.spent_ms, self.spent_usd, self.result, self.not_before) = (0, 0, 0, None, None);
                self.approved.clear();
                self.notes.extend(note);
                self.checkpoint = self.checkpoint.filter(|_| !fresh);
                self.queue(now);
                "job.requeued"
            }
            Order::Cancel => {
                self.held().into_iter().for_each(|run| run.cancelled = true);
                self.end(now, Status::Evicted, Outcome::Cancelled, true);
                self.go(now, to, "job.cancelled")
            }
            Order::Edit(edit) => {
                let (new, old) = (edit.of(&self.wish), &self.wish);
                let engines = (new.engines != old.engines).then_some("engines");
                let retry = (new.attempts != old.attempts).then_some("retry");
                let timeout = (new.timeout_sec != old.timeout_sec).then_some("timeoutSec");
                if let Some(member) = engines.or(retry).or(timeout).filter(|_| self.is_held()) {
                    return Err(format!("leased {member}"));
                }
                (self.wish, self.edition) = (new, self.edition + 1);
                "job.edited"
            }
        })
    }

    /// What the lease that a fence names gives: all rights while held. A release stands until the next grant, a final
    /// report for ever.
    fn right(&self, fence: Fence) -> Option<Status> {
        let run = self.runs.iter().find(|run| run.is_of(fence))?;
        let last = self.runs.last().is_some_and(|last| last.epoch == run.epoch);
        (last || run.is_final()).then_some(run.status)
    }

    /// What a factory says under a lease: the answer, and whether that counts as heard of it. A repeat is never stale.
    pub(super) fn write(&mut self, now: i64, fence: Fence, command: &Command) -> (String, bool) {
        match (command, self.right(fence)) {
            (Command::Report(said), _) if self.heard(said) == Some(false) => ("other report".into(), false),
            (Command::Report(said), _) if self.heard(said) == Some(true) => {
                (render::view(self, true), self.charge(fence, said.cost))
            }
            (Command::Report(said), Some(Status::Held)) => match self.accept(now, said) {
                Ok(changed) => {
                    self.receipts.extend(said.id.map(|_| Report::clone(said)));
                    (render::view(self, !changed), changed || said.id.is_some())
                }
                Err(why) => (why, false),
            },
            (Command::Report(said), Some(Status::Released)) if fence.epoch == self.epoch => {
                (format!("ended {:?}", self.stage), self.charge(fence, said.cost))
            }
            (Command::Report(said), _) => self.fence(now, fence, said.cost),
            (Command::Release { result, .. }, Some(Status::Held)) => {
                if !matches!(result, Outcome::Released | Outcome::Quota | Outcome::Preempted) {
                    return ("unfit result".into(), false);
                }
                self.lose(now, Status::Released, *result);
                (render::view(self, false), true)
            }
            (Command::Release { .. }, Some(Status::Released)) => (render::view(self, true), false),
            (Command::Renew { ttl_sec, .. }, Some(Status::Held)) => {
                let run = self.held().unwrap();
                run.renew(now, *ttl_sec);
                (format!("ok until {} ttl {}", run.until, run.ttl_sec), true)
            }
            (Command::Renew { .. }, Some(Status::Released)) => (format!("ended {:?}", self.stage), false),
            _ => self.fence(now, fence, None),
        }
    }

    /// A write under a dead lease: one event a minute for each epoch that was granted and each factory.
    fn fence(&mut self, now: i64, fence: Fence, cost: Option<u64>) -> (String, bool) {
        self.charge(fence, cost);
        let run = self.runs.iter().find(|run| run.epoch == fence.epoch);
        let own = run.is_some_and(|run| run.is_of(fence));
        let zombie = (fence.epoch, fence.factory.filter(|_| own));
        let quiet = self.fenced.get(&zombie).is_some_and(|last| now - last < 60_000);
        let told = !quiet && (own || run.is_some_and(|run| run.status == Status::Held));
        if told {
            self.log.events.push("job.fenced");
            self.fenced.insert(zombie, now);
        }
        let charged = own && cost.is_some();
        (format!("stale e{} {charged}", self.epoch), told || charged)
    }

    /// Usage that comes late is charged to the run it belongs to. False: it said nothing new.
    fn charge(&mut self, fence: Fence, cost: Option<u64>) -> bool {
        let ended = |run: &&mut Run| run.status != Status::Held && run.is_of(fence);
        let Some(run) = self.runs.iter_mut().find(ended).filter(|run| cost > run.cost) else { return false };
        run.cost = cost;
        true
    }

    /// Whether a report was heard before: by its id, and then with this content or another one; without an id, by the
    /// stage that its ended run had reached, unless it saves new work.
    fn heard(&self, report: &Report) -> Option<bool> {
        if report.id.is_some() {
            return self.receipts.iter().find(|before| before.id == report.id).map(|before| before == report);
        }
        let run = self.runs.iter().find(|run| run.status != Status::Held && run.is_of(report.fence))?;
        let working = matches!(run.reached, Stage::Assigned | Stage::Building);
        let news = working && report.checkpoint.is_some() && report.checkpoint != self.checkpoint;
        (!news && report.names() == Some(run.reached)).then_some(true)
    }

    /// Takes in a report of the holder. False: it says nothing new.
    fn accept(&mut self, now: i64, report: &Report) -> Result<bool, String> {
        let ((to, cause), from) = (report.read(self.stage)?, self.stage);
        if to != Stage::Blocked && !(from..=Stage::Failed).contains(&to) {
            return Err(self.illegal(to));
        }
        if to == Stage::Shipped {
            self.approved()?;
        }
        let saved = report.checkpoint.filter(|new| self.checkpoint != Some(*new));
        self.checkpoint = saved.or(self.checkpoint);
        let mut events = Vec::from_iter(saved.map(|_| "job.checkpoint"));
        let run = self.held().unwrap();
        let before = (run.exit, run.result, run.cost);
        let told = (report.exit.or(run.exit), report.result.or(run.result), report.cost.max(run.cost));
        (run.exit, run.result, run.cost) = told;
        run.reached = to;
        if let Some(cause) = cause {
            events.extend(self.end(now, Status::Released, cause, report.retryable));
            self.question = report.question.filter(|_| to == Stage::Blocked);
        } else if told != before || to != from {
            events.push(self.go(now, to, "job.stage"));
            // Beyond the limit and a tenth.
            let cost = self.spent_usd + told.2.unwrap_or(0);
            if !self.is_delivered() && self.wish.usd.is_some_and(|limit| cost > limit + limit / 10) {
                events.extend(self.end(now, Status::Evicted, Outcome::OverBudget, true));
            }
        }
        Ok(self.log.save(events))
    }
}

impl Run {
    /// The fence names this run.
    fn is_of(&self, fence: Fence) -> bool {
        self.epoch == fence.epoch && fence.factory.is_none_or(|factory| factory == self.factory)
    }

    /// Its own final report came.
    fn is_final(&self) -> bool {
        matches!(self.reached, Stage::Shipped | Stage::Failed | Stage::Blocked)
    }
}
