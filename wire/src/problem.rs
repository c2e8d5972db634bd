//! The one shape of every refusal: problem details (RFC 9457) with a code, field errors and a few extras.
//! Owns what a problem says; how it becomes a response, and which refusal becomes which code, is the edge's.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use crate::code::Code;

/// What went wrong, for a program and for a person.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("{}: {detail}", .code.title())]
#[serde(from = "Document", into = "Document")]
pub struct Problem {
    /// Which kind of problem it is; type and title follow from it.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The request it is about.
    pub instance: Option<Box<str>>,
    /// Where to look in traces and logs.
    pub trace_id: Option<Box<str>>,
    /// Which members were refused, and why.
    pub errors: Vec<FieldError>,
    /// Further members, such as `leaseEpoch`, `from` and `to`, `path`, `line` and `column`.
    pub extensions: Map<String, Value>,
    /// Seconds after which a repeat makes sense. Travels as the header `Retry-After`, never in the body.
    pub retry_after: Option<u32>,
}

/// One refused member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer to the member; empty for the whole body.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// Makes a problem with the status of its code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            status: code.status(),
            detail: detail.into(),
            instance: None,
            trace_id: None,
            errors: Vec::new(),
            extensions: Map::new(),
            retry_after: None,
        }
    }

    /// Makes an `invalid-request` about one member.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let error = FieldError { pointer: pointer.into(), detail: detail.into() };
        Self::invalid_members(vec![error])
    }

    /// Makes an `invalid-request` about several members.
    pub fn invalid_members(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.pointer.is_empty() => one.detail.clone(),
            [one] => format!("{} {}", one.pointer, one.detail),
            more => format!("{} members are invalid", more.len()),
        };
        Self { errors, ..Self::new(Code::InvalidRequest, detail) }
    }

    /// Adds a refused member.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Adds a further member. Names that problem details define already are ignored when it is written.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(key.to_owned(), value.into());
        self
    }

    /// Takes another status than its code's, such as 413 for a body that is too large.
    #[must_use]
    pub fn at_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Says after how many seconds a repeat makes sense.
    #[must_use]
    pub fn retry_after(mut self, secs: u32) -> Self {
        self.retry_after = Some(secs);
        self
    }

    /// A further member that is a whole number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.extensions.get(key).and_then(Value::as_u64)
    }
}

/// A problem as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Document {
    /// `/problems/` and the code.
    #[serde(default, rename = "type")]
    kind: String,
    /// The code in words.
    #[serde(default)]
    title: String,
    /// The HTTP status.
    #[serde(default)]
    status: u16,
    /// What happened this time.
    #[serde(default)]
    detail: String,
    /// The request it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// Which kind of problem it is.
    #[serde(default)]
    code: Code,
    /// Where to look in traces and logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// Which members were refused, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Further members.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    extensions: Map<String, Value>,
}

const DEFINED: [&str; 8] = ["type", "title", "status", "detail", "instance", "code", "traceId", "errors"];

impl From<Problem> for Document {
    fn from(problem: Problem) -> Self {
        let mut extensions = problem.extensions;
        for name in DEFINED {
            extensions.remove(name);
        }
        Self {
            kind: format!("/problems/{}", problem.code.as_str()),
            title: problem.code.title().to_owned(),
            status: problem.status,
            detail: problem.detail,
            instance: problem.instance.map(Into::into),
            code: problem.code,
            trace_id: problem.trace_id.map(Into::into),
            errors: problem.errors,
            extensions,
        }
    }
}

impl From<Document> for Problem {
    fn from(document: Document) -> Self {
        Self {
            code: document.code,
            status: document.status,
            detail: document.detail,
            instance: document.instance.map(Into::into),
            trace_id: document.trace_id.map(Into::into),
            errors: document.errors,
            extensions: document.extensions,
            retry_after: None,
        }
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Document::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Document::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn is_written_as_problem_details_and_read_back() {
        let problem = Problem::new(Code::StaleLease, "epoch 3 is over")
            .with("leaseEpoch", 4)
            .with("title", "not mine")
            .error("/leaseEpoch", "is not the current one")
            .retry_after(5);
        let written = serde_json::to_value(&problem).unwrap();
        assert_eq!(
            written,
            json!({
                "type": "/problems/stale-lease", "title": "Stale lease", "status": 409, "code": "stale-lease",
                "detail": "epoch 3 is over", "leaseEpoch": 4,
                "errors": [{"pointer": "/leaseEpoch", "detail": "is not the current one"}],
            })
        );
        let read: Problem = serde_json::from_value(written).unwrap();
        assert_eq!((read.code, read.status, read.number("leaseEpoch")), (Code::StaleLease, 409, Some(4)));
        assert_eq!(read.retry_after, None);
        assert_eq!(read.to_string(), "Stale lease: epoch 3 is over");
    }

    #[test]
    fn a_code_of_a_newer_version_is_read() {
        let read: Problem = serde_json::from_value(json!({"code": "brand-new", "status": 418})).unwrap();
        assert_eq!((read.code, read.status), (Code::Unrecognised, 418));
    }

    #[test]
    fn is_small_enough_for_a_result() {
        assert!(size_of::<Problem>() < 128);
    }
}
