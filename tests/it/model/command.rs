//! What is asked of a product and the words it is answered in, the model's own: plain numbers for ids, plain text for
//! names. No rules: what a command does is said in `reference/`.
//!
//! Shares nothing with the product; `border.rs` says each of them in the product's words.

/// When every sequence begins, in milliseconds since 1970: far ahead of the host's clock, by which SQLite drops receipts
/// that are older than a week.
pub(crate) const BEGIN: i64 = 4_000_000_000_000;

/// A job by its number.
pub(crate) type JobNo = u8;
/// A factory by its number.
pub(crate) type FactoryNo = u8;
/// A word from a short list.
pub(crate) type Word = &'static str;

/// Where a job stands, in forward order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Blocked,
    #[default]
    Queued,
    Assigned,
    Building,
    Review,
    Testing,
    Shipped,
    Failed,
    DeadLetter,
    Cancelled,
}

impl Stage {
    /// Work is done and saved, and waits for somebody's word.
    pub(crate) fn is_delivered(self) -> bool {
        matches!(self, Self::Review | Self::Testing)
    }

    /// A report of it ends the run.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Shipped | Self::Failed | Self::Blocked)
    }

    /// Nothing more happens by itself.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Shipped | Self::Failed | Self::DeadLetter | Self::Cancelled)
    }
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    NoChanges,
    Failed,
    TimedOut,
    OverBudget,
    NeedsInput,
    Quota,
    Lost,
    Cancelled,
    Preempted,
    Released,
}

/// Why a job is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    Dependencies,
    NeedsInput,
    DependencyFailed,
}

/// How a lease stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Held,
    Released,
    Expired,
    Evicted,
}

/// What a dependency that does not ship means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnFailure {
    #[default]
    Block,
    Fail,
    Ignore,
}

/// What a submit asks for. Times in milliseconds, money in micro-USD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) title: u8,
    pub(crate) priority: u8,
    pub(crate) capabilities: Vec<Word>,
    pub(crate) class: Option<Word>,
    pub(crate) engines: Vec<Word>,
    pub(crate) deps: Vec<JobNo>,
    pub(crate) any_dep: bool,
    pub(crate) on_failure: OnFailure,
    pub(crate) key: Option<Word>,
    pub(crate) key_limit: u32,
    pub(crate) attempts: u32,
    pub(crate) backoff_sec: u64,
    pub(crate) timeout_sec: Option<u64>,
    pub(crate) wall_sec: Option<u64>,
    pub(crate) usd: Option<u64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) due_at: Option<i64>,
    pub(crate) repo: Option<Word>,
    pub(crate) approvals: u32,
    pub(crate) reviewers: Vec<Word>,
}

/// Under which epoch a factory writes, and which one it says to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) epoch: u64,
    pub(crate) factory: Option<FactoryNo>,
}

/// A factory's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) job: JobNo,
    pub(crate) fence: Fence,
    pub(crate) id: Option<u8>,
    pub(crate) stage: Option<Stage>,
    pub(crate) result: Option<Outcome>,
    pub(crate) checkpoint: Option<u8>,
    pub(crate) cost: Option<u64>,
    pub(crate) exit: Option<i32>,
    pub(crate) retryable: bool,
    pub(crate) question: Option<Word>,
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

impl Report {
    /// The stage that it names, in itself or by its result.
    pub(crate) fn names(&self) -> Option<Stage> {
        self.stage.or(self.result.and_then(implied))
    }

    /// Reads the stage it asks for and, if that ends the run, the result; refuses members that contradict each other.
    /// Whether a job may go there is for others to say.
    pub(crate) fn read(&self, at: Stage) -> Result<(Stage, Option<Outcome>), String> {
        use Outcome::{Cancelled, Failed, Lost, NeedsInput, NoChanges, Preempted, Released, Succeeded};
        let to = self.names().unwrap_or(at);
        let fits = match self.result {
            Some(Lost | Cancelled | Preempted | Released) => false,
            None => true,
            Some(_) if matches!(to, Stage::Queued | Stage::DeadLetter | Stage::Cancelled) => true,
            Some(Succeeded) => (Stage::Assigned..=Stage::Shipped).contains(&to),
            Some(NoChanges) => (Stage::Review..=Stage::Shipped).contains(&to),
            Some(result) => implied(result) == Some(to),
        };
        let no_question = to == Stage::Blocked && self.question.is_none();
        if !fits || no_question {
            return Err(if fits { "unfit question".into() } else { "unfit result".into() });
        }
        let ends =
            [(Stage::Shipped, Succeeded), (Stage::Failed, self.result.unwrap_or(Failed)), (Stage::Blocked, NeedsInput)];
        Ok((to, ends.iter().find(|(stage, _)| *stage == to).map(|(_, result)| *result)))
    }
}

/// A heartbeat; absent members keep their value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beat {
    pub(crate) factory: FactoryNo,
    pub(crate) seats: Option<u32>,
    pub(crate) every_sec: Option<u32>,
    pub(crate) failing: Option<bool>,
    pub(crate) engines: Option<Vec<Engine>>,
    pub(crate) capabilities: Option<Vec<Word>>,
    pub(crate) classes: Option<Vec<Word>>,
    pub(crate) repos: Option<Vec<Word>>,
    /// In thousandths.
    pub(crate) load: Option<u16>,
    pub(crate) leases: Option<Vec<(JobNo, u64)>>,
}

/// An engine on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) name: Word,
    pub(crate) available: bool,
    pub(crate) account: Option<Word>,
    pub(crate) resets_at: Option<i64>,
}

/// What a factory says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) seats: u32,
    pub(crate) every_sec: u32,
    pub(crate) failing: bool,
    pub(crate) engines: Vec<Engine>,
    pub(crate) capabilities: Vec<Word>,
    pub(crate) classes: Vec<Word>,
    pub(crate) repos: Vec<Word>,
}

impl Beat {
    /// The card after this heartbeat.
    pub(crate) fn card(&self, before: &Card) -> Card {
        Card {
            seats: self.seats.unwrap_or(before.seats),
            every_sec: self.every_sec.unwrap_or(before.every_sec),
            failing: self.failing.unwrap_or(before.failing),
            engines: self.engines.as_ref().unwrap_or(&before.engines).clone(),
            capabilities: self.capabilities.as_ref().unwrap_or(&before.capabilities).clone(),
            classes: self.classes.as_ref().unwrap_or(&before.classes).clone(),
            repos: self.repos.as_ref().unwrap_or(&before.repos).clone(),
        }
    }
}

impl Claim {
    /// The card of the factory, as far as the claim does not say otherwise.
    pub(crate) fn card(&self, of: &Card) -> Card {
        let capabilities = self.capabilities.as_ref().unwrap_or(&of.capabilities).clone();
        Card { capabilities, classes: self.classes.as_ref().unwrap_or(&of.classes).clone(), ..of.clone() }
    }
}

/// A claim that does not wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) factory: FactoryNo,
    pub(crate) id: Option<u8>,
    pub(crate) ttl_sec: u32,
    pub(crate) max: u32,
    pub(crate) capabilities: Option<Vec<Word>>,
    pub(crate) classes: Option<Vec<Word>>,
    pub(crate) weights: Heavy,
}

/// What some terms of the score weigh, in thousandths.
pub(crate) type Heavy = Vec<(Word, u32)>;

/// What an operator chooses for the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choices {
    pub(crate) review_limit: Option<u32>,
    /// In micro-USD.
    pub(crate) estimate: Option<u64>,
    pub(crate) record_scores: bool,
}

/// Members that an operator changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) title: Option<u8>,
    pub(crate) priority: Option<u8>,
    pub(crate) capabilities: Option<Vec<Word>>,
    pub(crate) engines: Option<Vec<Word>>,
    pub(crate) attempts: Option<u32>,
    pub(crate) timeout_sec: Option<Option<u64>>,
    pub(crate) due_at: Option<Option<i64>>,
    pub(crate) repo: Option<Option<Word>>,
}

impl Edit {
    /// The members that are something else after it.
    pub(crate) fn changes(&self, wish: &Wish) -> Vec<&'static str> {
        let new = self.of(wish);
        let members = [
            ("title", new.title != wish.title),
            ("priority", new.priority != wish.priority),
            ("capabilities", new.capabilities != wish.capabilities),
            ("engines", new.engines != wish.engines),
            ("retry", new.attempts != wish.attempts),
            ("timeoutSec", new.timeout_sec != wish.timeout_sec),
            ("dueAt", new.due_at != wish.due_at),
            ("repo", new.repo != wish.repo),
        ];
        members.into_iter().filter(|(_, changed)| *changed).map(|(member, _)| member).collect()
    }

    /// What is asked for after this edit.
    pub(crate) fn of(&self, wish: &Wish) -> Wish {
        let mut wish = wish.clone();
        wish.title = self.title.unwrap_or(wish.title);
        wish.priority = self.priority.unwrap_or(wish.priority);
        wish.capabilities = self.capabilities.clone().unwrap_or(wish.capabilities);
        wish.engines = self.engines.clone().unwrap_or(wish.engines);
        wish.attempts = self.attempts.unwrap_or(wish.attempts);
        wish.timeout_sec = self.timeout_sec.unwrap_or(wish.timeout_sec);
        wish.due_at = self.due_at.unwrap_or(wish.due_at);
        wish.repo = self.repo.unwrap_or(wish.repo);
        wish
    }
}

/// An order of an operator to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Ship,
    Reject { note: Word, last: bool },
    Approve { by: Word },
    Answer { text: Word },
    Requeue { fresh: bool, note: Option<Word> },
    Cancel,
    Edit(Edit),
}

/// An order of an operator to the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Pause,
    Resume,
    Estop,
}

/// Everything that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Submit {
        job: JobNo,
        key: Option<u8>,
        wish: Box<Wish>,
    },
    Beat(Box<Beat>),
    Claim(Box<Claim>),
    Report(Box<Report>),
    Release {
        job: JobNo,
        fence: Fence,
        result: Outcome,
        resets_at: Option<i64>,
    },
    Renew {
        job: JobNo,
        fence: Fence,
        ttl_sec: Option<u32>,
    },
    Operate {
        job: JobNo,
        order: Order,
        if_rev: Option<u64>,
    },
    Drain {
        factory: FactoryNo,
    },
    Undrain {
        factory: FactoryNo,
    },
    Gate(Gate),
    Set(Choices),
    Weigh(Heavy),
    /// Time passes, in milliseconds.
    Pass(i64),
}
