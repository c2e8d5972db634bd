//! The bodies of an operator's actions on a job.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::{Checks, MAX_NOTE};
use crate::problem::Problem;

/// Puts a job back into the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Requeue {
    /// Forgets the checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<bool>,
    /// Words for the next run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Refuses delivered work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// What the next run should do better.
    pub note: String,
    /// There is to be no next run.
    #[serde(default, rename = "final", skip_serializing_if = "Option::is_none")]
    pub is_final: Option<bool>,
}

/// Ends a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Ships delivered work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipRequest {}

/// Approves a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Who approves; the caller where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Answers the question that a job is blocked on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The answer.
    pub text: String,
}

impl Requeue {
    /// Refuses a note that is too long.
    pub fn check(&self) -> Result<(), Problem> {
        said("/note", self.note.as_deref())
    }
}

impl Reject {
    /// Refuses a note that says nothing or is too long.
    pub fn check(&self) -> Result<(), Problem> {
        said("/note", Some(&self.note))
    }
}

impl Cancel {
    /// Refuses a reason that is too long.
    pub fn check(&self) -> Result<(), Problem> {
        said("/reason", self.reason.as_deref())
    }
}

impl Approve {
    /// Refuses a name or a note that says nothing or is too long.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        self.by.iter().for_each(|by| checks.given("/by", by, 128));
        self.note.iter().for_each(|note| checks.given("/note", note, MAX_NOTE));
        checks.done()
    }
}

impl Answer {
    /// Refuses an answer that says nothing or is too long.
    pub fn check(&self) -> Result<(), Problem> {
        said("/text", Some(&self.text))
    }
}

/// Words that are given must say something.
fn said(pointer: &str, words: Option<&str>) -> Result<(), Problem> {
    let mut checks = Checks::default();
    words.iter().for_each(|words| checks.given(pointer, words, MAX_NOTE));
    checks.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::strict;

    #[test]
    fn words_must_say_something_and_members_be_known() {
        assert!(strict::<Reject>(br#"{"note":"no","final":true}"#).unwrap().check().is_ok());
        assert_eq!(strict::<Reject>(br#"{"note":" "}"#).unwrap().check().unwrap_err().errors[0].pointer, "/note");
        assert_eq!(strict::<Reject>(b"{}").unwrap_err().errors[0].pointer, "/note");
        assert_eq!(strict::<Answer>(br#"{"text":""}"#).unwrap().check().unwrap_err().errors[0].pointer, "/text");
        assert_eq!(strict::<Approve>(br#"{"by":""}"#).unwrap().check().unwrap_err().errors[0].pointer, "/by");
        assert!(strict::<Requeue>(b"{}").unwrap().check().is_ok());
        assert_eq!(strict::<ShipRequest>(br#"{"x":1}"#).unwrap_err().errors[0].pointer, "/x");
    }
}
