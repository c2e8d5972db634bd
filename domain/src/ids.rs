//! Identifiers as types of their own, so that no two kinds can be confused.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A name that does not have the form its kind asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must match {form}")]
pub struct BadName {
    /// Which identifier was meant, in the words of the wire (`productId`, `factoryId`).
    pub kind: &'static str,
    /// The form that is asked for, as a regular expression.
    pub form: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $form:literal, $ok:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                let ok: fn(&str) -> bool = $ok;
                if ok(text) { Ok(Self(text.into())) } else { Err(BadName { kind: $kind, form: $form }) }
            }
        }
        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(text: String) -> Result<Self, BadName> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The tenant and the partition: `[A-Za-z0-9_-]{1,64}`.
    ProductId, "productId", "[A-Za-z0-9_-]{1,64}",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
);
name!(
    /// An agent runner in its product: `[A-Za-z0-9._-]{1,128}`, but none of the words that name a route.
    FactoryId, "factoryId", "[A-Za-z0-9._-]{1,128} (heartbeat, enroll, rotate, revoke and enrollments are reserved)",
    |text| (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !matches!(text, "heartbeat" | "enroll" | "rotate" | "revoke" | "enrollments")
);

name!(
    /// A profile in its product: `[a-z0-9][a-z0-9-]{0,63}`.
    ProfileName, "name", "[a-z0-9][a-z0-9-]{0,63}",
    |text| (1..=64).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub Uuid);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $type {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// A unit of work, UUIDv7.
    JobId
);
uuid_id!(
    /// One attempt of a job by one factory, UUIDv7.
    RunId
);

/// The fencing token of a job: an integer that only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
