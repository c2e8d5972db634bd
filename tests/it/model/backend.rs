//! What is held against the model: something that answers commands in the model's words.

use std::collections::BTreeMap;

use super::command::{Claim, Command, JobNo};
use super::node::Actors;
use super::pure::Pure;

/// Something that does what the model says, or ought to.
pub(crate) trait Backend {
    /// Answers a command at once; time does not pass by this.
    fn obey(&mut self, command: &Command) -> String;
    /// Lets time pass, and everything happen that is due by then.
    fn pass_to(&mut self, until: i64);
    /// Says what a claim would get; changes nothing.
    fn preview(&mut self, claim: &Claim) -> String;
    /// When a job may be claimed again.
    fn not_before(&mut self, job: JobNo) -> Option<i64>;
    /// Every record, by its name.
    fn records(&mut self) -> BTreeMap<String, String>;
}

/// The kinds of backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The transition functions, the board and the map of leases, and nothing between them.
    Domain,
    /// The actors over the store in memory.
    Memory,
    /// The actors over SQLite.
    Sqlite,
}

impl Kind {
    /// A product that nobody has asked for anything yet.
    pub(crate) fn begin(self) -> Box<dyn Backend> {
        match self {
            Self::Domain => Box::new(Pure::default()),
            Self::Memory => Box::new(Actors::over_memory()),
            Self::Sqlite => Box::new(Actors::over_sqlite()),
        }
    }
}
