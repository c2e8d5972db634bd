//! The closed sets of words on the wire, each mirrored to and from the domain's. A word that the domain gains must be
//! added here before this compiles, so none can slip out unnamed.

use std::str::FromStr;

use domain::job::{spec, state};
use serde::de::IntoDeserializer;
use serde::de::value::Error as BadWord;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $domain:path { $($(#[$word_doc:meta])* $word:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl FromStr for $name {
            type Err = BadWord;
            fn from_str(text: &str) -> Result<Self, BadWord> {
                Self::deserialize(text.into_deserializer())
            }
        }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                use $domain as Domain;
                match word { $(Domain::$word => Self::$word,)* }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                use $domain as Domain;
                match word { $($name::$word => Domain::$word,)* }
            }
        }
    };
}

words! {
    /// Where a job stands in its lifecycle.
    Stage = state::Stage {
        /// Waits for something that is no factory.
        Blocked,
        /// Waits for a factory.
        Queued,
        /// A factory has it.
        Assigned,
        /// The factory works on it.
        Building,
        /// The work waits for a person's eye.
        Review,
        /// The work is being verified.
        Testing,
        /// Done.
        Shipped,
        /// Ended without success, not to be tried again.
        Failed,
        /// Ended because its attempts are used up.
        DeadLetter,
        /// Ended by an operator.
        Cancelled,
    }
}

impl Stage {
    /// The stage's word.
    pub fn as_str(self) -> &'static str {
        state::Stage::from(self).as_str()
    }

    /// The job has ended.
    pub fn is_terminal(self) -> bool {
        state::Stage::from(self).is_terminal()
    }
}

words! {
    /// Why a job is blocked.
    BlockedReason = state::BlockedReason {
        /// A dependency has not settled.
        Dependencies,
        /// A factory asked a question.
        NeedsInput,
        /// A dependency ended without shipping.
        DependencyFailed,
    }
}

words! {
    /// How urgent a job is.
    Priority = state::Priority {
        /// When nothing else is there.
        Low,
        /// As usual.
        Normal,
        /// Before the usual.
        High,
        /// Before everything.
        Critical,
    }
}

words! {
    /// What `verify` said.
    VerifyResult = state::VerifyResult {
        /// It accepted the work.
        Passed,
        /// It refused the work.
        Failed,
        /// There was nothing to run.
        Skipped,
    }
}

words! {
    /// How a run ended.
    RunResult = state::RunResult {
        /// The work is delivered.
        Succeeded,
        /// There was nothing to change.
        NoChanges,
        /// The work did not succeed.
        Failed,
        /// It took longer than allowed.
        TimedOut,
        /// It cost more than allowed.
        OverBudget,
        /// It ended with a question.
        NeedsInput,
        /// The engine's usage limit ended it.
        Quota,
        /// Its factory was not heard from.
        Lost,
        /// An operator ended it.
        Cancelled,
        /// A more urgent job took its seat.
        Preempted,
        /// Its factory gave it back.
        Released,
    }
}

words! {
    /// Whether all or any of a job's dependencies must settle.
    DepsMode = spec::DepsMode {
        /// Every one.
        All,
        /// The first one is enough.
        Any,
    }
}

words! {
    /// What it means for a job that a dependency ended without shipping.
    OnDepFailure = spec::OnDepFailure {
        /// It stays blocked until the dependency ships after all, or an operator requeues it.
        Block,
        /// It fails.
        Fail,
        /// The dependency counts as settled.
        Ignore,
    }
}

/// Whether a job has children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It has none: a factory does it.
    Leaf,
    /// It has some.
    Composite,
}

/// Whether a lease is held, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaseStatus {
    /// There never was one.
    None,
    /// Its holder may work.
    Held,
    /// Its holder gave it back, or ended it by a final report.
    Released,
    /// It ran out.
    Expired,
    /// It was taken away.
    Evicted,
}

impl From<state::LeaseStatus> for LeaseStatus {
    fn from(status: state::LeaseStatus) -> Self {
        match status {
            state::LeaseStatus::Held => Self::Held,
            state::LeaseStatus::Released => Self::Released,
            state::LeaseStatus::Expired => Self::Expired,
            state::LeaseStatus::Evicted => Self::Evicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_the_same_word_everywhere() {
        for stage in state::Stage::ALL {
            let word = stage.as_str();
            assert_eq!(serde_json::to_value(Stage::from(stage)).unwrap(), word);
            assert_eq!(word.parse::<Stage>().unwrap(), Stage::from(stage));
        }
        let bad = "paused".parse::<Stage>().unwrap_err().to_string();
        assert!(bad.starts_with("unknown variant `paused`, expected one of `blocked`, `queued`"), "{bad}");
    }
}
