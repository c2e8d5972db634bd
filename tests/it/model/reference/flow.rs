//! Time passing, and jobs that wait for others: what happens without being asked for.

use super::super::command::{JobNo, OnFailure, Outcome, Stage, Wish};
use super::{Blocked, Factory, Job, Model, Status};

impl Model {
    /// The next instant at which something is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        let leases = self.jobs.values().filter(|job| job.is_held()).filter_map(|job| {
            let until = job.runs.last()?.until;
            Some(job.limit().map_or(until, |(at, _)| at.min(until)))
        });
        leases.chain(self.factories.values().filter_map(Factory::missed)).min()
    }

    /// Lets time pass, and everything happen that is due on the way.
    pub(crate) fn pass_to(&mut self, until: i64) {
        self.settle();
        while let Some(due) = self.next_due().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            for no in self.jobs.keys().copied().collect::<Vec<_>>() {
                self.due(no);
            }
            let now = self.now;
            self.factories.values_mut().for_each(|factory| factory.miss(now));
            self.settle();
        }
        self.now = until;
    }

    /// A lease or a limit of a run may be over.
    fn due(&mut self, no: JobNo) {
        let (now, job) = (self.now, self.jobs.get_mut(&no).unwrap());
        let Some(run) = job.runs.last().filter(|run| run.status == Status::Held) else { return };
        if run.until <= now {
            let lost = !job.is_delivered();
            let result = if lost { Outcome::Lost } else { job.delivered() };
            job.end(now, result, Status::Expired, false);
            let next = lost.then(|| job.next_attempt(now));
            job.save(&["job.lease_expired"]);
            job.events.extend(next);
        } else if let Some((_, result)) = job.limit().filter(|(at, _)| *at <= now) {
            job.end(now, result, Status::Evicted, false);
            let next = if result == Outcome::TimedOut { job.next_attempt(now) } else { job.fail() };
            job.save(&[next]);
        } else {
            return;
        }
        self.ended(no);
    }

    /// Jobs that wait for others are told what those come to.
    pub(super) fn settle(&mut self) {
        loop {
            let told = self.jobs.iter().find_map(|(no, job)| {
                let waits = matches!(job.blocked, Some(Blocked::Dependencies | Blocked::DependencyFailed));
                let verdict = self.verdict(&job.wish).filter(|_| waits)?;
                (verdict || job.blocked == Some(Blocked::Dependencies)).then_some((*no, verdict))
            });
            let Some((no, met)) = told else { return };
            let (now, job) = (self.now, self.jobs.get_mut(&no).unwrap());
            if met {
                job.deps_met = true;
                job.queue(now);
                job.save(&["job.ready"]);
            } else if job.wish.on_failure == OnFailure::Fail {
                let failed = job.fail();
                job.save(&[failed]);
            } else {
                job.block(Blocked::DependencyFailed);
                job.save(&["job.blocked"]);
            }
        }
    }

    /// What dependencies come to: met, failed, or open.
    pub(super) fn verdict(&self, wish: &Wish) -> Option<bool> {
        let ignores = wish.on_failure == OnFailure::Ignore;
        let deps: Vec<&Job> = wish.deps.iter().map(|dep| &self.jobs[dep]).collect();
        let good = |job: &&Job| job.stage == Stage::Shipped || (ignores && job.is_over());
        let bad = |job: &&Job| job.is_over() && !good(job);
        let (good, bad) = (deps.iter().filter(|job| good(job)).count(), deps.iter().filter(|job| bad(job)).count());
        let met = if wish.any_dep { good > 0 || deps.is_empty() } else { good == deps.len() };
        let failed = if wish.any_dep { bad == deps.len() } else { bad > 0 };
        if met { Some(true) } else { failed.then_some(false) }
    }
}
