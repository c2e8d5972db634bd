//! Records as clients see them: a job, its spec, a run, a factory, condensed. Owns how they are read from JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fact::{Card, Unreadable, checkpoint, name, shown_card};
use crate::names::{Name, Names};
use crate::text::{Text, print};
use crate::time::millis;
use crate::words::{Mode, Outcome, Policy, Presence, Reason, Stage, Status};

/// A job as an answer or a dump shows it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) job: Name,
    pub(crate) rev: u64,
    pub(crate) stage: Stage,
    pub(crate) reason: Option<Reason>,
    pub(crate) question: Option<u64>,
    pub(crate) epoch: u64,
    pub(crate) lease: Option<Lease>,
    pub(crate) attempt: u32,
    pub(crate) not_before: Option<i64>,
    pub(crate) checkpoint: Option<u64>,
    /// The prints of those who approved.
    pub(crate) approvals: u64,
    pub(crate) notes: u32,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) queued_at: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) repeated: bool,
}

/// A lease as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) holder: Option<Name>,
    pub(crate) epoch: u64,
    pub(crate) status: Status,
    pub(crate) expires_at: Option<i64>,
}

/// What was asked for, as far as it decides anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    /// The `rev` that it was shown with.
    pub(crate) rev: u64,
    pub(crate) key: Option<Name>,
    pub(crate) depends_on: Vec<Name>,
    pub(crate) mode: Mode,
    pub(crate) policy: Policy,
    pub(crate) lock: Option<Name>,
    pub(crate) lock_limit: u32,
    pub(crate) capabilities: Vec<Name>,
    pub(crate) class: Option<Name>,
    pub(crate) engines: Vec<Name>,
    /// Only where the job has not been claimed yet.
    pub(crate) not_before: Option<i64>,
    pub(crate) retry: Retry,
    pub(crate) approvals: Approvals,
}

/// How failed runs are repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Retry {
    pub(crate) max_attempts: u32,
    pub(crate) backoff_sec: u64,
}

/// Whose approval is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Approvals {
    pub(crate) required: u32,
    /// The prints of those who count; empty: everybody.
    pub(crate) reviewers: Vec<u64>,
}

/// The same as it stands in JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RequiredText<'a> {
    required: u32,
    #[serde(borrow)]
    reviewers: Vec<Text<'a>>,
}

impl From<RequiredText<'_>> for Approvals {
    fn from(text: RequiredText<'_>) -> Self {
        let reviewers = text.reviewers.iter().map(|by| print(&by.as_str())).collect();
        Self { required: text.required, reviewers }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobText<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    stage: Stage,
    #[serde(default)]
    blocked_reason: Option<Reason>,
    #[serde(default)]
    question: Option<Text<'a>>,
    #[serde(default, borrow)]
    checkpoint: Option<&'a RawValue>,
    attempt: u32,
    #[serde(default)]
    not_before: Option<Text<'a>>,
    approvals: ApprovalsText<'a>,
    #[serde(default)]
    notes: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    result: Option<Outcome>,
    lease_epoch: u64,
    #[serde(default)]
    lease: Option<LeaseText<'a>>,
    rev: u64,
    created_at: Text<'a>,
    updated_at: Text<'a>,
    #[serde(default)]
    queued_at: Option<Text<'a>>,
    #[serde(default)]
    finished_at: Option<Text<'a>>,
    #[serde(default)]
    repeated: bool,
}

#[derive(Deserialize)]
struct ApprovalsText<'a> {
    #[serde(default, borrow)]
    by: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeaseText<'a> {
    #[serde(default, borrow)]
    holder_factory_id: Option<Text<'a>>,
    lease_epoch: u64,
    status: Status,
    #[serde(default)]
    expires_at: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecText<'a> {
    #[serde(default, borrow)]
    idempotency_key: Option<Text<'a>>,
    #[serde(default)]
    depends_on: Vec<Text<'a>>,
    #[serde(default)]
    deps_mode: Mode,
    #[serde(default)]
    on_dep_failure: Policy,
    #[serde(default)]
    concurrency_key: Option<Text<'a>>,
    concurrency_limit: u32,
    #[serde(default)]
    capabilities: Vec<Text<'a>>,
    #[serde(default)]
    engine_class: Option<Text<'a>>,
    #[serde(default)]
    engines: Vec<Text<'a>>,
    #[serde(default)]
    not_before: Option<Text<'a>>,
    retry: Retry,
    #[serde(default, borrow)]
    approvals: RequiredText<'a>,
}

/// A point in time. Refuses what is none.
pub(crate) fn at(text: &Text<'_>) -> Result<i64, Unreadable> {
    millis(text.as_str()).ok_or_else(|| Unreadable(format!("`{}` is no time", text.as_str())))
}

fn maybe_at(text: Option<&Text<'_>>) -> Result<Option<i64>, Unreadable> {
    text.map(at).transpose()
}

impl Lease {
    fn of(text: LeaseText<'_>, names: &mut Names) -> Result<Self, Unreadable> {
        Ok(Self {
            holder: name(text.holder_factory_id.as_ref(), names),
            epoch: text.lease_epoch,
            status: text.status,
            expires_at: maybe_at(text.expires_at.as_ref())?,
        })
    }

    /// Reads a lease that is shown by itself.
    pub(crate) fn read(json: &str, names: &mut Names) -> Result<Self, Unreadable> {
        Self::of(serde_json::from_str(json)?, names)
    }
}

impl Shown {
    /// Reads a job.
    pub(crate) fn read(json: &str, names: &mut Names) -> Result<Self, Unreadable> {
        let text: JobText<'_> = serde_json::from_str(json)?;
        Ok(Self {
            job: names.of(text.id.as_str()),
            rev: text.rev,
            stage: text.stage,
            reason: text.blocked_reason,
            question: text.question.map(|words| print(&words.as_str())),
            epoch: text.lease_epoch,
            lease: text.lease.map(|lease| Lease::of(lease, names)).transpose()?,
            attempt: text.attempt,
            not_before: maybe_at(text.not_before.as_ref())?,
            checkpoint: text.checkpoint.map(|raw| checkpoint(raw.get())).transpose()?,
            approvals: text.approvals.by.iter().fold(0, |all, by| approved(all, print(&by.as_str()))),
            notes: u32::try_from(text.notes.len()).unwrap_or(u32::MAX),
            outcome: text.result,
            created_at: at(&text.created_at)?,
            updated_at: at(&text.updated_at)?,
            queued_at: maybe_at(text.queued_at.as_ref())?,
            finished_at: maybe_at(text.finished_at.as_ref())?,
            repeated: text.repeated,
        })
    }
}

/// The print of those who approved, with one more.
pub(crate) fn approved(all: u64, one: u64) -> u64 {
    print(&(all, one))
}

impl Spec {
    /// Reads what was asked for.
    pub(crate) fn read(json: &str, rev: u64, names: &mut Names) -> Result<Self, Unreadable> {
        let text: SpecText<'_> = serde_json::from_str(json)?;
        let mut all = |texts: &[Text<'_>]| texts.iter().map(|text| names.of(text.as_str())).collect::<Vec<_>>();
        let (depends_on, capabilities) = (all(&text.depends_on), all(&text.capabilities));
        let engines = all(&text.engines);
        Ok(Self {
            rev,
            key: name(text.idempotency_key.as_ref(), names),
            depends_on,
            mode: text.deps_mode,
            policy: text.on_dep_failure,
            lock: name(text.concurrency_key.as_ref(), names),
            lock_limit: text.concurrency_limit,
            capabilities,
            class: name(text.engine_class.as_ref(), names),
            engines,
            not_before: maybe_at(text.not_before.as_ref())?,
            retry: text.retry,
            approvals: text.approvals.into(),
        })
    }
}

/// A run as it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) id: Name,
    pub(crate) job: Name,
    pub(crate) epoch: u64,
    pub(crate) factory: Name,
    pub(crate) ordinal: u32,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
}

impl Run {
    /// Reads a run.
    pub(crate) fn read(json: &str, names: &mut Names) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct RunText<'a> {
            #[serde(borrow)]
            id: Text<'a>,
            job_id: Text<'a>,
            lease_epoch: u64,
            factory_id: Text<'a>,
            attempt: u32,
            #[serde(default)]
            result: Option<Outcome>,
            started_at: Text<'a>,
            #[serde(default)]
            ended_at: Option<Text<'a>>,
        }
        let text: RunText<'_> = serde_json::from_str(json)?;
        Ok(Self {
            id: names.of(text.id.as_str()),
            job: names.of(text.job_id.as_str()),
            epoch: text.lease_epoch,
            factory: names.of(text.factory_id.as_str()),
            ordinal: text.attempt,
            outcome: text.result,
            started_at: at(&text.started_at)?,
            ended_at: maybe_at(text.ended_at.as_ref())?,
        })
    }
}

/// A factory as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Factory {
    pub(crate) id: Name,
    pub(crate) rev: u64,
    pub(crate) presence: Presence,
    pub(crate) card: Card,
}

impl Factory {
    /// Reads a factory.
    pub(crate) fn read(json: &str, names: &mut Names) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct FactoryText<'a> {
            #[serde(borrow)]
            factory_id: Text<'a>,
            rev: u64,
            state: Presence,
        }
        let text: FactoryText<'_> = serde_json::from_str(json)?;
        let (id, rev, presence) = (names.of(text.factory_id.as_str()), text.rev, text.state);
        Ok(Self { id, rev, presence, card: shown_card(json, names)? })
    }
}
