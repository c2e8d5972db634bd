//! Every code that a problem can have, with its status and its title.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $word:literal $status:literal $title:literal,)*) => {
        /// Which kind of problem it is.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
            /// One that this version does not know. Only read, never sent.
            #[default]
            #[serde(other, rename = "unrecognised")]
            Unrecognised,
        }

        impl Code {
            /// Every code that is sent.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code's word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* Self::Unrecognised => "unrecognised" }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* Self::Unrecognised => 500 }
            }

            /// The code in words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* Self::Unrecognised => "Unrecognised problem" }
            }
        }
    };
}

codes! {
    /// Syntax, type, word or member is wrong.
    InvalidRequest "invalid-request" 400 "Invalid request",
    /// No product is named, or its name has not the right form.
    InvalidProduct "invalid-product" 400 "Invalid product",
    /// It does not exist, or not for this caller.
    NotFound "not-found" 404 "Not found",
    /// No such factory is known.
    UnknownFactory "unknown-factory" 404 "Unknown factory",
    /// The factory takes no new jobs.
    FactoryDraining "factory-draining" 409 "Factory is draining",
    /// The factory says that it is failing.
    FactoryFailing "factory-failing" 409 "Factory is failing",
    /// The factory's access was taken away.
    FactoryRevoked "factory-revoked" 409 "Factory is revoked",
    /// All seats of the factory are taken.
    NoFreeSeat "no-free-seat" 409 "No free seat",
    /// The lease is not the current one: fenced.
    StaleLease "stale-lease" 409 "Stale lease",
    /// The lease ended by the holder's own word: a final report, or a release.
    LeaseEnded "lease-ended" 409 "Lease has ended",
    /// The job's stage does not allow it.
    IllegalTransition "illegal-transition" 409 "Illegal transition",
    /// Reviewers have not approved yet.
    ApprovalsMissing "approvals-missing" 409 "Approvals are missing",
    /// A chunk of a log leaves a hole.
    OffsetMismatch "offset-mismatch" 409 "Offset mismatch",
    /// The record changed since it was read.
    PreconditionFailed "precondition-failed" 412 "Precondition failed",
    /// The request must say which revision it means.
    PreconditionRequired "precondition-required" 428 "Precondition required",
    /// The same key was used with other content.
    IdempotencyMismatch "idempotency-mismatch" 422 "Idempotency mismatch",
    /// A dependency does not exist.
    UnknownDependency "unknown-dependency" 422 "Unknown dependency",
    /// Dependencies go round in a circle.
    DependencyCycle "dependency-cycle" 422 "Dependency cycle",
    /// Two entries of a request have the same `ref`.
    DuplicateRef "duplicate-ref" 422 "Duplicate ref",
    /// The front matter is broken or says something of the wrong type.
    InvalidManifest "invalid-manifest" 422 "Invalid manifest",
    /// The caller is not known.
    Unauthenticated "unauthenticated" 401 "Unauthenticated",
    /// The caller may not do this.
    Forbidden "forbidden" 403 "Forbidden",
    /// Too many requests.
    RateLimited "rate-limited" 429 "Rate limited",
    /// Too much work at the moment.
    Overloaded "overloaded" 503 "Overloaded",
    /// It is not known whether it was done; ask again.
    OutcomeUnknown "outcome-unknown" 503 "Outcome unknown",
    /// The disk is full.
    StorageFull "storage-full" 507 "Storage is full",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_its_own_word() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(serde_json::from_value::<Code>(code.as_str().into()).unwrap(), *code);
        }
        assert_eq!(Code::ALL.len(), 26);
    }
}
