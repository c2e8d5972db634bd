//! What a factory says under its lease: repeat, fence, transition, approvals, in this order.

use super::super::command::{Fence, JobNo, Outcome, Report, Stage};
use super::{Blocked, Job, Model, Run, Status};
use crate::model::render;

/// Where a report wants to go.
enum Goal {
    Stage(Stage),
    Ship,
    Fail(Outcome),
    Ask(&'static str),
}

impl Model {
    pub(super) fn report(&mut self, report: &Report) -> String {
        let (now, no) = (self.now, report.job);
        let Some(job) = self.jobs.get_mut(&no) else { return "no such job".into() };
        let content = format!("{:?}", Report { id: None, ..report.clone() });
        let before = report.id.and_then(|id| job.receipts.get(&id));
        if before.is_some_and(|before| *before != content) {
            return "other report".into();
        }
        let repeats = before.is_some() || (report.id.is_none() && job.repeats(report));
        let lease = job.runs.last().filter(|run| Job::named(run, report.fence)).map(|run| run.status);
        if repeats {
            let (charged, who) = (job.charge(report), job.speaker(report.fence));
            let answer = render::view(no, job, true);
            if charged {
                self.hear(who);
            }
            return answer;
        }
        if lease != Some(Status::Held) {
            if lease == Some(Status::Released) && report.fence.epoch == job.epoch {
                let (charged, who) = (job.charge(report), job.speaker(report.fence));
                let answer = format!("ended {:?}", job.stage);
                if charged {
                    self.hear(who);
                }
                return answer;
            }
            return self.fence(no, report.fence, Some(report));
        }
        let rev = job.rev;
        if let Err(why) = job.accept(now, report) {
            return why;
        }
        job.receipts.extend(report.id.map(|id| (id, content)));
        let (changed, held, answer) = (job.rev != rev, job.is_held(), render::view(no, job, job.rev == rev));
        let who = job.runs.last().map(|run| run.factory);
        if changed || report.id.is_some() {
            self.hear(who);
        }
        if !held {
            self.ended(no);
        }
        answer
    }

    pub(super) fn release(&mut self, no: JobNo, fence: Fence, result: Outcome) -> String {
        let (now, Some(job)) = (self.now, self.jobs.get_mut(&no)) else { return "no such job".into() };
        let lease = job.runs.last().filter(|run| Job::named(run, fence)).map(|run| run.status);
        if lease == Some(Status::Released) || (lease != Some(Status::Held) && job.ended_itself(fence)) {
            return render::view(no, job, true);
        }
        if lease != Some(Status::Held) {
            return self.fence(no, fence, None);
        }
        if !matches!(result, Outcome::Released | Outcome::Quota | Outcome::Preempted) {
            return "unfit result".into();
        }
        job.give_back(now, result, Status::Released);
        let (answer, who) = (render::view(no, job, false), job.speaker(fence));
        self.hear(who);
        self.ended(no);
        answer
    }

    pub(super) fn renew(&mut self, no: JobNo, fence: Fence, ttl_sec: Option<u32>) -> String {
        let (now, Some(job)) = (self.now, self.jobs.get_mut(&no)) else { return "no such job".into() };
        if let Some(run) = job.held().filter(|run| Job::named(run, fence)) {
            run.renew(now, ttl_sec);
            let (answer, who) = (format!("ok until {} ttl {}", run.until, run.ttl_sec), run.factory);
            self.hear(Some(who));
            return answer;
        }
        let gave_back = job.runs.last().is_some_and(|run| Job::named(run, fence) && run.status == Status::Released);
        if gave_back || job.ended_itself(fence) {
            return format!("ended {:?}", job.stage);
        }
        self.fence(no, fence, None)
    }

    /// A write under a dead lease: one event a minute for each job, epoch and factory, and the charge of its usage.
    fn fence(&mut self, no: JobNo, fence: Fence, report: Option<&Report>) -> String {
        let (now, Some(job)) = (self.now, self.jobs.get_mut(&no)) else { return String::new() };
        let ended = job.runs.iter().any(|run| run.status != Status::Held && Job::named(run, fence));
        let charged = ended && report.is_some_and(|report| report.cost.is_some());
        report.map(|report| job.charge(report));
        // Only epochs that were granted leave an event.
        let held = job.runs.last().is_some_and(|run| run.status == Status::Held && run.epoch == fence.epoch);
        let zombie = (no, fence.epoch, fence.factory.filter(|_| ended));
        let quiet = self.fenced.get(&zombie).is_some_and(|last| now - last < 60_000);
        let told = (ended || held) && !quiet;
        if told {
            job.events.push("job.fenced");
            self.fenced.insert(zombie, now);
        }
        let (answer, who) = (format!("stale e{} {charged}", job.epoch), job.speaker(fence));
        if told || charged {
            self.hear(who);
        }
        answer
    }
}

impl Job {
    /// The factory that speaks under a fence.
    fn speaker(&self, fence: Fence) -> Option<u8> {
        fence.factory.or(self.runs.iter().find(|run| run.epoch == fence.epoch).map(|run| run.factory))
    }

    /// The run that the fence names was ended by its own final report.
    fn ended_itself(&self, fence: Fence) -> bool {
        self.runs.iter().any(|run| run.own_end && Self::named(run, fence))
    }

    /// Usage that comes late is charged to the run it belongs to. False: there was nothing to charge.
    fn charge(&mut self, report: &Report) -> bool {
        let mut ended = self.runs.iter_mut().filter(|run| run.status != Status::Held);
        let Some(run) = ended.find(|run| Self::named(run, report.fence)) else { return false };
        let more = report.cost > run.cost;
        run.cost = run.cost.max(report.cost);
        more
    }

    /// A report without an id repeats the stage that an ended run of that epoch had reached, unless it saves new work.
    fn repeats(&self, report: &Report) -> bool {
        let Some(stage) = report.stage.or(report.result.and_then(implied)) else { return false };
        let working = matches!(stage, Stage::Assigned | Stage::Building);
        let news = working && report.checkpoint.is_some() && report.checkpoint != self.checkpoint;
        let reached = |run: &Run| run.status != Status::Held && Self::named(run, report.fence) && run.reached == stage;
        !news && self.runs.iter().any(reached)
    }

    /// Takes in a report of the holder.
    fn accept(&mut self, now: i64, report: &Report) -> Result<(), String> {
        let goal = self.goal(report)?;
        match goal {
            Goal::Stage(stage) if stage < self.stage => return Err(self.illegal(stage)),
            Goal::Ship if self.approvals_missing() > 0 => {
                return Err(format!("approvals missing {}", self.approvals_missing()));
            }
            Goal::Stage(_) | Goal::Ship | Goal::Fail(_) | Goal::Ask(_) => {}
        }
        let mut events = Vec::new();
        if report.checkpoint.is_some() && report.checkpoint != self.checkpoint {
            self.checkpoint = report.checkpoint;
            events.push("job.checkpoint");
        }
        let Some(run) = self.held() else { return Ok(()) };
        let told = (run.exit, run.result, run.cost);
        run.exit = report.exit.or(run.exit);
        run.result = report.result.or(run.result);
        run.cost = run.cost.max(report.cost);
        let news = told != (run.exit, run.result, run.cost);
        run.reached = match goal {
            Goal::Stage(stage) => stage,
            Goal::Ship => Stage::Shipped,
            Goal::Fail(_) => Stage::Failed,
            Goal::Ask(_) => Stage::Blocked,
        };
        match goal {
            Goal::Stage(stage) if news || stage != self.stage => {
                self.go(stage);
                events.push("job.stage");
                if !self.is_delivered() && self.overspends() {
                    self.end(now, Outcome::OverBudget, Status::Evicted, false);
                    events.push(self.fail());
                }
            }
            Goal::Stage(_) => {}
            Goal::Ship => {
                self.end(now, self.delivered(), Status::Released, true);
                self.go(Stage::Shipped);
                events.push("job.shipped");
            }
            Goal::Ask(question) => {
                self.end(now, Outcome::NeedsInput, Status::Released, true);
                self.block(Blocked::NeedsInput);
                self.question = Some(question);
                events.push("job.needs_input");
            }
            Goal::Fail(result) => {
                self.end(now, result, Status::Released, true);
                events.push(if result == Outcome::Quota {
                    self.queue(now);
                    "job.released"
                } else if result == Outcome::OverBudget || !report.retryable {
                    self.fail()
                } else {
                    self.next_attempt(now)
                });
            }
        }
        if !events.is_empty() {
            self.save(&events);
        }
        Ok(())
    }

    /// Reads where a report wants to go.
    fn goal(&self, report: &Report) -> Result<Goal, String> {
        use Outcome::{Cancelled, Lost, NeedsInput, NoChanges, Preempted, Released, Succeeded};
        let meant = report.result.and_then(implied);
        match (report.stage.or(meant).unwrap_or(self.stage), report.result) {
            (_, Some(Lost | Cancelled | Preempted | Released)) => Err("unfit result".into()),
            (Stage::Blocked, None | Some(NeedsInput)) => {
                report.question.map(Goal::Ask).ok_or_else(|| "unfit question".into())
            }
            (Stage::Failed, None) => Ok(Goal::Fail(Outcome::Failed)),
            (Stage::Failed, Some(result)) if meant == Some(Stage::Failed) => Ok(Goal::Fail(result)),
            (Stage::Shipped, None | Some(Succeeded | NoChanges)) => Ok(Goal::Ship),
            (to @ (Stage::Queued | Stage::DeadLetter | Stage::Cancelled), _) => Err(self.illegal(to)),
            (Stage::Assigned | Stage::Building, Some(NoChanges)) => Err("unfit result".into()),
            (to @ (Stage::Assigned | Stage::Building | Stage::Review | Stage::Testing), _)
                if meant.is_none_or(|meant| meant == Stage::Review) =>
            {
                Ok(Goal::Stage(to))
            }
            _ => Err("unfit result".into()),
        }
    }

    /// The known cost since the last requeue is beyond the limit and a tenth.
    fn overspends(&self) -> bool {
        let cost = self.spent_usd + self.runs.last().and_then(|run| run.cost).unwrap_or(0);
        self.wish.usd.is_some_and(|limit| cost > limit + limit / 10)
    }
}

/// The stage that a bare result stands for.
fn implied(result: Outcome) -> Option<Stage> {
    match result {
        Outcome::Failed | Outcome::TimedOut | Outcome::OverBudget | Outcome::Quota => Some(Stage::Failed),
        Outcome::NeedsInput => Some(Stage::Blocked),
        Outcome::NoChanges => Some(Stage::Review),
        Outcome::Succeeded | Outcome::Lost | Outcome::Cancelled | Outcome::Preempted | Outcome::Released => None,
    }
}
