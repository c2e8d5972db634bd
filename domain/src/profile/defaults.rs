//! The members of a job that may have defaults, each of them said or not, and which of them were given by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Usd;
use crate::job::spec::Approvals;
use crate::job::state::Priority;

/// The members that somebody gave by hand.
pub type Given = BTreeSet<Member>;

macro_rules! members {
    ($($(#[$doc:meta])* $member:ident as $variant:ident: $type:ty,)*) => {
        /// What one layer says of a job; what it does not say is left to the layer below.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct Defaults {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $member: Option<$type>,)*
        }

        /// A member that may have a default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum Member {
            $($(#[$doc])* $variant,)*
        }

        impl Member {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }

        impl Defaults {
            /// What is said here and, where nothing is, what the layer below says.
            #[must_use]
            pub fn over(self, below: Self) -> Self {
                Self { $($member: self.$member.or(below.$member),)* }
            }

            /// The members that are said.
            pub fn said(&self) -> Given {
                [$(self.$member.is_some().then_some(Member::$variant)),*].into_iter().flatten().collect()
            }
        }
    };
}

members! {
    /// How urgent it is.
    priority as Priority: Priority,
    /// What a factory must be able to do to claim it.
    capabilities as Capabilities: Vec<String>,
    /// The class of engine it asks for.
    engine_class as EngineClass: String,
    /// Acceptable engines in order of preference.
    engines as Engines: Vec<String>,
    /// The repository to work in.
    repo as Repo: String,
    /// The branch or commit to start from.
    base as Base: String,
    /// The directory inside the repository to work in.
    cwd as Cwd: String,
    /// The command that decides whether the work is good.
    verify as Verify: String,
    /// Globs of the paths that the work should stay within.
    allowed_scope as AllowedScope: Vec<String>,
    /// Lets the engine act without asking.
    yolo as Yolo: bool,
    /// Ships by itself after a passed `verify`.
    auto_ship as AutoShip: bool,
    /// Money for all runs since the last requeue.
    budget_usd as BudgetUsd: Usd,
    /// Wall clock for all runs since the last requeue, in seconds.
    budget_wall_sec as BudgetWallSec: u64,
    /// The limit of one run, in seconds.
    timeout_sec as TimeoutSec: u64,
    /// Attempts before the job is a dead letter, at least 1.
    max_attempts as MaxAttempts: u32,
    /// The first pause between attempts, in seconds.
    backoff_sec as BackoffSec: u64,
    /// Free words for people and selectors.
    labels as Labels: BTreeMap<String, String>,
    /// Who must approve before it ships.
    approvals as Approvals: Approvals,
}
