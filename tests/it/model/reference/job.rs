//! What a job goes through: how its runs end, what an operator orders, and what a factory says under its lease.

use std::collections::BTreeMap;

use super::super::command::{Blocked, Command, FactoryNo, Fence, Order, Outcome, Report, Stage, Status, Word};
use super::{Job, Run};
use crate::model::render;

/// What an edit leaves alone while a factory works by it.
const FIXED: [&str; 4] = ["engines", "retry", "timeoutSec", "repo"];

impl Job {
    /// The run whose lease is held.
    pub(crate) fn lease(&self) -> Option<&Run> {
        self.runs.last().filter(|run| run.status == Status::Held)
    }

    pub(super) fn lease_mut(&mut self) -> Option<&mut Run> {
        self.runs.last_mut().filter(|run| run.status == Status::Held)
    }

    /// To a stage; not to the queue while it waits for other jobs.
    pub(super) fn go(&mut self, now: i64, stage: Stage) {
        let waits = stage == Stage::Queued && !self.deps_met;
        (self.stage, self.since, self.question) = (if waits { Stage::Blocked } else { stage }, now, None);
        self.blocked = waits.then_some(Blocked::Dependencies);
    }

    /// The lease goes, and nothing else is saved with it.
    pub(super) fn lose(&mut self, now: i64, status: Status, cause: Outcome) {
        let event = self.end(now, status, cause, true);
        self.log.save(event);
    }

    /// Ends the held run, if there is one, and puts the job where that leads. The holder's own final report alone leaves
    /// the epoch; delivered work stays so unless the holder or an operator says otherwise.
    fn end(&mut self, now: i64, status: Status, cause: Outcome, retryable: bool) -> Option<&'static str> {
        use Outcome::{Cancelled, Failed, Lost, NeedsInput, NoChanges, OverBudget};
        use Outcome::{Preempted, Quota, Released, Succeeded, TimedOut};
        let delivered = self.stage.is_delivered();
        let run = self.lease_mut()?;
        let own = run.reached.is_final();
        let done = cause == Succeeded || (delivered && !own && cause != Cancelled);
        let said = run.result.filter(|said| *said == NoChanges).unwrap_or(Succeeded);
        let result = if done { said } else { cause };
        (run.status, run.result) = (status, Some(result));
        let (lasted, cost) = (now - run.started, run.cost.unwrap_or(0));
        (self.spent_ms, self.spent_usd) = (self.spent_ms + lasted, self.spent_usd + cost);
        (self.epoch, self.result) = (self.epoch + u64::from(!own), Some(result));
        self.attempt += u32::from(matches!(result, Failed | TimedOut | Lost));
        let (to, event) = match result {
            Succeeded | NoChanges if own => (Stage::Shipped, "job.shipped"),
            Succeeded | NoChanges if status == Status::Expired => return Some("job.lease_expired"),
            Succeeded | NoChanges => return Some("job.released"),
            Cancelled => return None,
            NeedsInput => (Stage::Blocked, "job.needs_input"),
            Quota | Preempted | Released => (Stage::Queued, "job.released"),
            Failed | TimedOut | Lost if retryable && self.attempt < self.wish.attempts => (Stage::Queued, "job.retry"),
            Failed | TimedOut | Lost if retryable => (Stage::DeadLetter, "job.dead_lettered"),
            Failed | TimedOut | Lost | OverBudget => (Stage::Failed, "job.failed"),
        };
        self.log.events.extend((result == Lost).then_some("job.lease_expired"));
        if event == "job.retry" {
            let hour = 3_600_000;
            let pause = (self.wish.backoff_sec as i64 * 1_000 * (1 << (self.attempt - 1))).min(hour);
            self.jitter = Some((now + pause * 8 / 10, now + (pause * 12 / 10).min(hour)));
        }
        self.go(now, to);
        Some(event)
    }

    /// When the held run ends by itself, and how: its lease ends, or the coordinator ends it for its length.
    pub(super) fn due(&self) -> Option<(i64, Status, Outcome)> {
        let run = self.lease()?;
        let limit = |sec: Option<u64>, spent_ms: i64, cause| {
            let sec = sec.filter(|_| !self.stage.is_delivered())? as i64;
            let left = sec * 1_000 + (sec * 100).max(30_000) - spent_ms;
            Some((run.started + left.max(0), Status::Evicted, cause))
        };
        let timeout = limit(self.wish.timeout_sec, 0, Outcome::TimedOut);
        let wall = limit(self.wish.wall_sec, self.spent_ms, Outcome::OverBudget);
        let lease = Some((run.until, Status::Expired, Outcome::Lost));
        [lease, timeout, wall].into_iter().flatten().min_by_key(|(at, ..)| *at)
    }

    /// How many runs since the last requeue ended like one of these, by factory.
    pub(crate) fn ended_as(&self, these: &[Outcome]) -> BTreeMap<FactoryNo, u32> {
        let mut times = BTreeMap::new();
        for run in self.runs[self.old_runs..].iter().filter(|run| run.result.is_some_and(|how| these.contains(&how))) {
            *times.entry(run.factory).or_default() += u32::from(run.status != Status::Held);
        }
        times.retain(|_, times| *times > 0);
        times
    }

    fn approved(&self) -> Result<(), String> {
        let counts = |by: &&&str| self.wish.reviewers.is_empty() || self.wish.reviewers.contains(by);
        let missing = self.wish.approvals.saturating_sub(self.approved.iter().filter(counts).count() as u32);
        if missing == 0 { Ok(()) } else { Err(format!("approvals missing {missing}")) }
    }

    /// What an operator orders: changed, or standing already, or refused.
    pub(super) fn operate(&mut self, now: i64, order: &Order) -> Result<bool, String> {
        use Stage::{Building, Cancelled, Failed, Queued, Shipped};
        let (at, blocked, done, open) = (self.stage, self.blocked, self.stage.is_delivered(), !self.stage.is_over());
        let (queued, waits) = (at == Queued, blocked == Some(Blocked::Dependencies));
        let said = |text: &Word| self.notes.last() == Some(text);
        let back = |last: &bool| if *last { Failed } else { Queued };
        // Where to, how it is told, whether it is legal, and whether its effect stands already.
        let (to, event, legal, stands) = match order {
            Order::Ship => (Shipped, "job.shipped", done, at == Shipped),
            Order::Reject { note, last } => (back(last), "job.rejected", done, at == back(last) && said(note)),
            Order::Approve { by } => (Shipped, "job.approved", done || at == Building, self.approved.contains(by)),
            Order::Answer { text } => {
                (Queued, "job.answered", blocked == Some(Blocked::NeedsInput), queued && said(text))
            }
            Order::Requeue { fresh, note } => {
                let stands = queued && self.attempt == 0 && !fresh && note.is_none();
                (Queued, "job.requeued", !queued && !waits && at != Shipped, stands)
            }
            Order::Cancel => (Cancelled, "job.cancelled", open, at == Cancelled),
            Order::Edit(edit) => (at, "job.edited", open, open && edit.changes(&self.wish).is_empty()),
        };
        if stands || !legal {
            return if stands { Ok(false) } else { Err(format!("illegal {at:?} {to:?}")) };
        }
        self.carry_out(now, order)?;
        if !matches!(order, Order::Approve { .. } | Order::Edit(_)) {
            self.go(now, to);
        }
        Ok(self.log.save([event]))
    }

    /// Does what an order means beside the new stage.
    fn carry_out(&mut self, now: i64, order: &Order) -> Result<(), String> {
        match order {
            Order::Ship => {
                self.approved()?;
                self.end(now, Status::Evicted, Outcome::Succeeded, true);
            }
            Order::Approve { by } => self.approved.push(by),
            Order::Answer { text } => self.notes.push(text),
            Order::Reject { note, .. } => {
                self.end(now, Status::Evicted, Outcome::Cancelled, true);
                self.approved.clear();
                self.notes.push(note);
            }
            Order::Requeue { fresh, note } => {
                self.epoch += u64::from(self.lease().is_none());
                self.end(now, Status::Evicted, Outcome::Cancelled, true);
                // An operator overrules a dependency that failed.
                self.deps_met |= self.stage == Stage::Failed || self.blocked == Some(Blocked::DependencyFailed);
                (self.attempt, self.spent_ms, self.spent_usd, self.result, self.not_before) = (0, 0, 0, None, None);
                self.approved.clear();
                self.notes.extend(note);
                self.checkpoint = self.checkpoint.filter(|_| !fresh);
                self.saved_by = self.saved_by.filter(|_| !fresh);
                self.old_runs = self.runs.len();
            }
            Order::Cancel => {
                self.lease_mut().into_iter().for_each(|run| run.cancelled = true);
                self.end(now, Status::Evicted, Outcome::Cancelled, true);
            }
            Order::Edit(edit) => {
                let leased = |member: &&&str| self.lease().is_some() && FIXED.contains(member);
                if let Some(member) = edit.changes(&self.wish).iter().find(leased) {
                    return Err(format!("leased {member}"));
                }
                self.wish = edit.of(&self.wish);
            }
        }
        Ok(())
    }

    /// What the lease that a fence names gives: all rights while held. A release stands until the next grant, a final
    /// report for ever.
    pub(super) fn right(&self, fence: Fence) -> Option<Status> {
        let run = self.runs.iter().find(|run| run.is_of(fence))?;
        let last = self.runs.last().is_some_and(|last| last.epoch == run.epoch);
        (last || run.reached.is_final()).then_some(run.status)
    }

    /// What a factory says under a lease: the answer, and whether that counts as heard of it. A repeat is never stale.
    pub(super) fn write(&mut self, now: i64, fence: Fence, command: &Command) -> (String, bool) {
        let fits = |result: &Outcome| matches!(result, Outcome::Released | Outcome::Quota | Outcome::Preempted);
        match (command, self.right(fence)) {
            (Command::Report(said), right) => match (self.heard(said), right) {
                (Some(false), _) => ("other report".into(), false),
                (Some(true), _) => (render::view(self, true), self.charge(fence, said.cost)),
                (None, Some(Status::Held)) => self.accept(now, said).unwrap_or_else(|why| (why, false)),
                (None, Some(Status::Released)) if fence.epoch == self.epoch => {
                    (format!("ended {:?}", self.stage), self.charge(fence, said.cost))
                }
                _ => self.fence(now, fence, said.cost),
            },
            (Command::Release { result, .. }, Some(Status::Held)) if !fits(result) => ("unfit result".into(), false),
            (Command::Release { result, .. }, Some(Status::Held)) => {
                self.lose(now, Status::Released, *result);
                (render::view(self, false), true)
            }
            (Command::Release { .. }, Some(Status::Released)) => (render::view(self, true), false),
            (Command::Renew { ttl_sec, .. }, Some(Status::Held)) => {
                let (until, ttl_sec) = self.lease_mut().unwrap().renew(now, *ttl_sec);
                (format!("ok until {until} ttl {ttl_sec}"), true)
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
        let late = |run: &&mut Run| run.status != Status::Held && run.is_of(fence) && cost > run.cost;
        self.runs.iter_mut().find(late).map(|run| run.cost = cost).is_some()
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

    /// Takes in a report of the holder.
    fn accept(&mut self, now: i64, report: &Report) -> Result<(String, bool), String> {
        let ((to, cause), from) = (report.read(self.stage)?, self.stage);
        if to != Stage::Blocked && !(from..=Stage::Failed).contains(&to) {
            return Err(format!("illegal {from:?} {to:?}"));
        }
        if to == Stage::Shipped {
            self.approved()?;
        }
        let saved = report.checkpoint.filter(|new| self.checkpoint != Some(*new));
        self.checkpoint = saved.or(self.checkpoint);
        let mut events = Vec::from_iter(saved.map(|_| "job.checkpoint"));
        let holder = self.lease().map(|run| run.factory);
        self.saved_by = if saved.is_some() { holder } else { self.saved_by };
        let run = self.lease_mut().unwrap();
        let before = (run.exit, run.result, run.cost);
        let told = (report.exit.or(run.exit), report.result.or(run.result), report.cost.max(run.cost));
        ((run.exit, run.result, run.cost), run.reached) = (told, to);
        if let Some(cause) = cause {
            events.extend(self.end(now, Status::Released, cause, report.retryable));
            if to == Stage::Blocked {
                (self.blocked, self.question) = (Some(Blocked::NeedsInput), report.question);
            }
        } else if told != before || to != from {
            self.go(now, to);
            events.push("job.stage");
            // Beyond the limit and a tenth.
            let cost = self.spent_usd + told.2.unwrap_or(0);
            if !self.stage.is_delivered() && self.wish.usd.is_some_and(|limit| cost > limit + limit / 10) {
                events.extend(self.end(now, Status::Evicted, Outcome::OverBudget, true));
            }
        }
        self.receipts.extend(report.id.map(|_| report.clone()));
        let changed = self.log.save(events);
        Ok((render::view(self, !changed), changed || report.id.is_some()))
    }
}

impl Run {
    /// The fence names this run.
    fn is_of(&self, fence: Fence) -> bool {
        self.epoch == fence.epoch && fence.factory.is_none_or(|factory| factory == self.factory)
    }

    /// Counted from now; only a shorter TTL that is asked for shortens a lease.
    pub(super) fn renew(&mut self, now: i64, ttl_sec: Option<u32>) -> (i64, u32) {
        let asked = ttl_sec.unwrap_or(self.ttl_sec);
        let until = now + i64::from(asked) * 1_000;
        self.until = if asked < self.ttl_sec { until } else { until.max(self.until) };
        (self.ttl_sec, self.renewals, self.unlisted) = (asked, self.renewals + 1, 0);
        (self.until, asked)
    }
}
