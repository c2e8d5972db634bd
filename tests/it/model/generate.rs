//! Makes commands: mostly sensible ones, out of what the model knows, and a good part that comes too late, from the
//! wrong factory, a second time or in the wrong direction. Few jobs and few factories, so that they collide.

use super::command::{
    Beat, Choices, Claim, Command, Edit, Engine, FactoryNo, Fence, Gate, Heavy, JobNo, OnFailure, Order, Outcome,
    Report, Stage, Wish, Word,
};
use super::dice::Dice;
use super::reference::Model;
use super::reference::score::TERMS;

/// How many factories there are at most.
pub(crate) const FACTORIES: u8 = 4;
const JOBS: u8 = 14;
const CAPABILITIES: [Word; 3] = ["gpu", "mac", "docs"];
const ENGINES: [Word; 3] = ["claude", "codex", "shell"];
const PEOPLE: [Word; 3] = ["ada", "bob", "eve"];
const NOTES: [Word; 3] = ["once more", "nicer", "the second"];
const REPOS: [Word; 2] = ["door", "roof"];
const PAUSES: [i64; 11] = [0, 1, 200, 1_000, 5_000, 9_999, 20_000, 29_000, 30_000, 31_000, 60_000];
/// Pauses that leave nobody online: from a minute and a half to more than a day.
const LONG_PAUSES: [i64; 6] = [90_000, 600_000, 3_700_000, 7_200_000, 36_000_000, 90_000_000];
/// How far ahead a job is due.
const AHEAD: [i64; 6] = [-3_600_000, 60_000, 3_600_000, 36_000_000, 80_000_000, 200_000_000];

impl Dice {
    /// The next command for a product that stands like this. Now and then one comes again as it was, soon or late.
    pub(crate) fn command(&mut self, model: &Model) -> Command {
        let back = if self.percent(60) { 6 } else { 60 };
        let recent = self.sent.len().saturating_sub(back);
        let count = (self.sent.len() - recent) as u64;
        let again = count > 0 && self.percent(8);
        let at = recent + self.below(count.max(1)) as usize;
        let command = if again { self.sent[at].clone() } else { self.fresh(model) };
        if !matches!(command, Command::Pass(_) | Command::Gate(_) | Command::Set(_) | Command::Submit { key: None, .. })
        {
            self.sent.push(command.clone());
        }
        command
    }

    fn fresh(&mut self, model: &Model) -> Command {
        match self.below(100) {
            0..8 => self.submit(model),
            8..17 if self.percent(15) => self.set(),
            8..17 => self.beat(model),
            17..35 => self.claim(),
            35..60 => self.report(model),
            60..65 => {
                let (job, fence) = self.write(model);
                let result = self.one(&[
                    Outcome::Released,
                    Outcome::Released,
                    Outcome::Quota,
                    Outcome::Preempted,
                    Outcome::Failed,
                ]);
                let resets_at = self.maybe(60, |dice| model.now + dice.one(&[-1, 0, 9_000, 60_000, 4_000_000]));
                Command::Release { job, fence, result, resets_at }
            }
            65..70 => {
                let (job, fence) = self.write(model);
                Command::Renew { job, fence, ttl_sec: self.maybe(30, |dice| dice.one(&[10, 30, 60, 300])) }
            }
            70..84 => self.operate(model),
            84 => Command::Drain { factory: self.factory() },
            85..87 => Command::Undrain { factory: self.factory() },
            87 => Command::Gate(self.one(&[Gate::Pause, Gate::Pause, Gate::Estop])),
            88..90 => Command::Gate(Gate::Resume),
            _ => self.pass(model),
        }
    }

    fn factory(&mut self) -> FactoryNo {
        self.below(u64::from(FACTORIES)) as u8
    }

    /// A job that there is; now and then one that there is not.
    fn job(&mut self, model: &Model) -> JobNo {
        let known: Vec<JobNo> = model.jobs.keys().copied().collect();
        if known.is_empty() || self.percent(2) { 200 } else { self.one(&known) }
    }

    fn submit(&mut self, model: &Model) -> Command {
        if model.jobs.len() as u8 >= JOBS || self.submits > 100 {
            return self.operate(model);
        }
        let job = self.submits;
        self.submits += 1;
        let key = self.maybe(40, |dice| dice.below(4) as u8);
        if let Some((_, wish)) = key.and_then(|key| model.keys.get(&key)).filter(|_| self.percent(70)) {
            return Command::Submit { job, key, wish: Box::new(wish.clone()) };
        }
        let mut deps: Vec<JobNo> = Vec::new();
        if self.percent(35) {
            let count = 1 + self.below(3);
            deps.extend((0..count).map(|_| self.job(model)).filter(|dep| *dep != 200 || key.is_none()));
            deps.sort_unstable();
            deps.dedup();
        }
        let wish = Wish {
            title: self.below(3) as u8,
            priority: self.one(&[0, 1, 1, 1, 2, 3]),
            capabilities: self.some(&CAPABILITIES, 15),
            class: self.maybe(10, |_| "big"),
            engines: self.some(&ENGINES, 15),
            deps,
            any_dep: self.percent(30),
            on_failure: self.one(&[OnFailure::Block, OnFailure::Fail, OnFailure::Ignore]),
            key: self.maybe(25, |dice| dice.one(&["db", "web"])),
            key_limit: self.one(&[1, 1, 2]),
            attempts: self.one(&[1, 2, 3, 3, 5]),
            backoff_sec: self.one(&[0, 1, 30, 30, 3_000]),
            timeout_sec: self.maybe(20, |dice| dice.one(&[5, 60, 400])),
            wall_sec: self.maybe(20, |dice| dice.one(&[20, 100, 500])),
            usd: self.maybe(35, |dice| dice.one(&[5, 1_000, 2_500_000, 6_000_000, 90_000_000])),
            due_at: self.due_at(model),
            repo: self.maybe(50, |dice| dice.one(&REPOS)),
            not_before: self.maybe(15, |dice| model.now + dice.one(&[-1_000, 0, 1_000, 60_000])),
            approvals: self.one(&[0, 0, 0, 1, 2]),
            reviewers: self.some(&PEOPLE, 15),
        };
        Command::Submit { job, key, wish: Box::new(wish) }
    }

    fn due_at(&mut self, model: &Model) -> Option<i64> {
        self.maybe(45, |dice| model.now + dice.one(&AHEAD))
    }

    /// What an operator says of the product beside its gate.
    fn set(&mut self) -> Command {
        if self.percent(40) {
            return Command::Weigh(self.heavy());
        }
        Command::Set(Choices {
            review_limit: self.maybe(45, |dice| dice.one(&[1, 2, 2, 3, 5])),
            estimate: self.maybe(60, |dice| dice.one(&[10_000, 3_333_333, 8_000_000, 20_000_000])),
            record_scores: self.percent(50),
        })
    }

    /// Weights of some terms, from nothing to the heaviest that there is.
    fn heavy(&mut self) -> Heavy {
        let terms = self.some(&TERMS, 35);
        let weight = |dice: &mut Self| dice.one(&[0, 1, 500, 5_000, 70_000, 400_000, 1_000_000_000]);
        terms.into_iter().map(|term| (term, weight(self))).collect()
    }

    /// An engine at its limit now and then; few accounts, so that factories share them.
    fn engine(&mut self, name: Word, model: &Model) -> Engine {
        Engine {
            name,
            available: self.percent(82),
            account: self.maybe(60, |dice| dice.one(&["team", "team", "own"])),
            resets_at: self.maybe(60, |dice| model.now + dice.one(&[-1, 20_000, 600_000, 4_000_000])),
        }
    }

    fn beat(&mut self, model: &Model) -> Command {
        let factory = self.factory();
        let card = if model.factories.contains_key(&factory) { 15 } else { 85 };
        let held = |no: &JobNo| {
            let run = model.jobs[no].runs.last().filter(|run| run.factory == factory);
            run.map(|run| (*no, run.epoch))
        };
        let mine: Vec<(JobNo, u64)> = model.jobs.keys().filter_map(held).collect();
        let leases = self.maybe(60, |dice| {
            let mut leases: Vec<_> = mine.into_iter().filter(|_| dice.percent(75)).collect();
            if dice.percent(15) {
                let job = dice.job(model);
                let epoch = dice.below(6);
                leases.retain(|(no, _)| *no != job);
                leases.push((job, epoch));
            }
            leases
        });
        Command::Beat(Box::new(Beat {
            factory,
            seats: self.maybe(card, |dice| dice.one(&[1, 1, 2, 3, 0])),
            every_sec: self.maybe(card / 2, |dice| dice.one(&[10, 30, 60, 300])),
            failing: self.maybe(card / 2, |dice| dice.percent(15)),
            engines: self.maybe(card, |dice| {
                let names = dice.some(&ENGINES, 70);
                names.into_iter().map(|name| dice.engine(name, model)).collect()
            }),
            capabilities: self.maybe(card, |dice| dice.some(&CAPABILITIES, 75)),
            classes: self.maybe(card, |dice| dice.some(&["big"], 60)),
            repos: self.maybe(card, |dice| dice.some(&REPOS, 50)),
            load: self.maybe(50, |dice| dice.one(&[0, 1, 333, 500, 1_000])),
            leases,
        }))
    }

    fn claim(&mut self) -> Command {
        let id = self.maybe(30, |dice| dice.below(6) as u8);
        Command::Claim(Box::new(Claim {
            factory: self.factory(),
            id,
            ttl_sec: self.one(&[10, 30, 60, 60, 300, 900]),
            max: if id.is_some() { 1 } else { self.one(&[1, 1, 1, 2, 4]) },
            capabilities: self.maybe(15, |dice| dice.some(&CAPABILITIES, 70)),
            classes: self.maybe(10, |dice| dice.some(&["big"], 50)),
            weights: self.maybe(25, Self::heavy).unwrap_or_default(),
        }))
    }

    /// A job and a fence: mostly those of a held lease.
    fn write(&mut self, model: &Model) -> (JobNo, Fence) {
        let held: Vec<JobNo> = model.jobs.iter().filter(|(_, job)| job.lease().is_some()).map(|(no, _)| *no).collect();
        let job = if held.is_empty() || self.percent(20) { self.job(model) } else { self.one(&held) };
        let Some(run) = model.jobs.get(&job).and_then(|job| {
            let back = if self.percent(85) { 1 } else { 1 + self.below(3) as usize };
            job.runs.len().checked_sub(back).map(|at| &job.runs[at])
        }) else {
            return (job, Fence { epoch: self.below(3), factory: self.maybe(50, Self::factory) });
        };
        let epoch = match self.below(20) {
            0 => run.epoch + 1,
            1 => model.jobs[&job].epoch,
            _ => run.epoch,
        };
        let factory = if self.percent(6) { Some(self.factory()) } else { self.maybe(50, |_| run.factory) };
        (job, Fence { epoch, factory })
    }

    fn report(&mut self, model: &Model) -> Command {
        let (job, fence) = self.write(model);
        let now = model.jobs.get(&job).map_or(Stage::Queued, |job| job.stage);
        let forward = match now {
            Stage::Assigned => [Stage::Building, Stage::Building, Stage::Review, Stage::Testing],
            Stage::Building => [Stage::Building, Stage::Review, Stage::Review, Stage::Shipped],
            Stage::Review => [Stage::Review, Stage::Testing, Stage::Shipped, Stage::Failed],
            Stage::Testing => [Stage::Testing, Stage::Shipped, Stage::Shipped, Stage::Failed],
            Stage::Blocked | Stage::Queued | Stage::Shipped | Stage::Failed | Stage::DeadLetter | Stage::Cancelled => {
                [Stage::Building, Stage::Review, Stage::Shipped, Stage::Failed]
            }
        };
        let any = [
            Stage::Blocked,
            Stage::Queued,
            Stage::Assigned,
            Stage::Building,
            Stage::Review,
            Stage::Testing,
            Stage::Shipped,
            Stage::Failed,
            Stage::Failed,
            Stage::DeadLetter,
            Stage::Cancelled,
        ];
        let stage = match self.below(10) {
            0 => None,
            1..8 => Some(self.one(&forward)),
            _ => Some(self.one(&any)),
        };
        let result = self.maybe(25, |dice| {
            dice.one(&[
                Outcome::Succeeded,
                Outcome::NoChanges,
                Outcome::Failed,
                Outcome::TimedOut,
                Outcome::OverBudget,
                Outcome::NeedsInput,
                Outcome::Quota,
                Outcome::Lost,
                Outcome::Released,
            ])
        });
        let asks = stage == Some(Stage::Blocked) || result == Some(Outcome::NeedsInput);
        Command::Report(Box::new(Report {
            job,
            fence,
            id: self.maybe(30, |dice| dice.below(5) as u8),
            stage,
            result,
            checkpoint: self.maybe(25, |dice| dice.below(3) as u8),
            cost: self.maybe(30, |dice| dice.one(&[0, 1, 3, 6, 700, 2_000, 1_500_000])),
            exit: self.maybe(10, |dice| dice.below(2) as i32),
            retryable: !self.percent(15),
            question: self.maybe(if asks { 80 } else { 5 }, |_| "which one?"),
        }))
    }

    fn operate(&mut self, model: &Model) -> Command {
        let job = self.job(model);
        let stage = model.jobs.get(&job).map(|job| job.stage);
        let if_rev = self.maybe(10, |dice| {
            let rev = model.jobs.get(&job).map_or(1, |job| job.log.rev);
            rev - u64::from(rev > 1 && dice.percent(50))
        });
        let fitting = match stage {
            Some(Stage::Review | Stage::Testing) => [0, 0, 1, 2],
            Some(Stage::Building) => [2, 2, 6, 4],
            Some(Stage::Blocked) => [3, 3, 4, 5],
            Some(Stage::Failed | Stage::DeadLetter | Stage::Cancelled) => [4, 4, 4, 6],
            _ => [6, 6, 5, 4],
        };
        let choice = if self.percent(75) { self.one(&fitting) } else { self.below(7) };
        let order = match choice {
            0 => Order::Ship,
            1 => Order::Reject { note: self.one(&NOTES), last: self.percent(30) },
            2 => Order::Approve { by: self.one(&PEOPLE) },
            3 => Order::Answer { text: self.one(&NOTES) },
            4 => Order::Requeue { fresh: self.percent(30), note: self.maybe(30, |dice| dice.one(&NOTES)) },
            5 => Order::Cancel,
            _ => Order::Edit(self.edit(model)),
        };
        Command::Operate { job, order, if_rev }
    }

    fn edit(&mut self, model: &Model) -> Edit {
        Edit {
            title: self.maybe(30, |dice| dice.below(3) as u8),
            priority: self.maybe(40, |dice| dice.one(&[0, 1, 2, 3])),
            capabilities: self.maybe(20, |dice| dice.some(&CAPABILITIES, 15)),
            engines: self.maybe(15, |dice| dice.some(&ENGINES, 20)),
            attempts: self.maybe(15, |dice| dice.one(&[1, 2, 3])),
            timeout_sec: self.maybe(15, |dice| dice.maybe(60, |dice| dice.one(&[5, 60, 400]))),
            due_at: self.maybe(20, |dice| dice.due_at(model)),
            repo: self.maybe(10, |dice| dice.maybe(70, |dice| dice.one(&REPOS))),
        }
    }

    /// A while; often just to, or just before, the next instant at which something is due.
    fn pass(&mut self, model: &Model) -> Command {
        let due = model.next_due().into_iter().chain(model.jobs.values().filter_map(|job| job.not_before));
        let engines = model.factories.values().flat_map(|factory| &factory.card.engines);
        let due = due.chain(engines.filter_map(|engine| engine.resets_at));
        let ahead: Vec<i64> = due.map(|at| at - model.now).filter(|ahead| *ahead > 0).collect();
        if ahead.is_empty() || self.percent(60) {
            let pauses = if self.percent(88) { &PAUSES[..] } else { &LONG_PAUSES[..] };
            return Command::Pass(self.one(pauses));
        }
        Command::Pass(self.one(&ahead) - i64::from(self.percent(50)))
    }
}
