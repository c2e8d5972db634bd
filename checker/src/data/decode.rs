//! The stored layouts of records, as `docs/data-model.md` has them: short names, defaults left out, times as numbers.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fact::{Card, Unreadable, checkpoint, name};
use crate::names::{Name, Names};
use crate::shown::{Factory, Lease, RequiredText, Retry, Run, Shown, Spec, approved};
use crate::text::{Text, print};
use crate::words::{Health, Mode, Outcome, Policy, Presence, Reason, Stage, Status};

/// The layouts of `job.state` that are known here. The second one only added members.
const SCHEMAS: std::ops::RangeInclusive<i64> = 1..=2;

/// The columns of a job.
pub(super) struct JobRow<'a> {
    pub(super) id: Name,
    pub(super) stage: &'a str,
    pub(super) rev: u64,
    pub(super) epoch: u64,
    pub(super) wake_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
    pub(super) schema: i64,
    pub(super) state: &'a str,
}

#[derive(Deserialize)]
struct StateText<'a> {
    c: i64,
    #[serde(default)]
    u: Option<i64>,
    #[serde(default)]
    q: Option<i64>,
    #[serde(default)]
    b: Option<Reason>,
    #[serde(default, borrow)]
    l: Option<LeaseText<'a>>,
    #[serde(default)]
    r: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    t: u32,
    #[serde(default, borrow)]
    w: Option<&'a RawValue>,
    #[serde(default, borrow)]
    v: Vec<Text<'a>>,
    #[serde(default)]
    z: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    y: Option<Text<'a>>,
    #[serde(default)]
    o: Option<Outcome>,
}

#[derive(Deserialize)]
struct LeaseText<'a> {
    #[serde(borrow)]
    h: Text<'a>,
    e: u64,
    x: i64,
    #[serde(default)]
    s: Option<Status>,
}

/// Reads a stored job. Refuses a layout that is not known, and a run that goes on without a lease.
pub(super) fn job(row: &JobRow<'_>, names: &mut Names) -> Result<Shown, Unreadable> {
    if !SCHEMAS.contains(&row.schema) {
        return Err(Unreadable(format!("the layout {} of a job is not known", row.schema)));
    }
    let text: StateText<'_> = serde_json::from_str(row.state)?;
    let status = text.l.as_ref().map(|lease| lease.s.unwrap_or(Status::Held));
    if text.r.is_some() != (status == Some(Status::Held)) {
        return Err(Unreadable("a run goes on exactly while a lease is held".to_owned()));
    }
    Ok(Shown {
        job: row.id,
        rev: row.rev,
        stage: word(row.stage)?,
        reason: text.b,
        question: text.y.map(|words| print(&words.as_str())),
        epoch: row.epoch,
        lease: text.l.map(|lease| Lease {
            holder: Some(names.of(lease.h.as_str())),
            epoch: lease.e,
            status: lease.s.unwrap_or(Status::Held),
            expires_at: Some(lease.x),
        }),
        attempt: text.t,
        not_before: row.wake_at,
        checkpoint: text.w.map(|raw| checkpoint(raw.get())).transpose()?,
        approvals: text.v.iter().fold(0, |all, by| approved(all, print(&by.as_str()))),
        notes: u32::try_from(text.z.len()).unwrap_or(u32::MAX),
        outcome: text.o,
        created_at: text.c,
        updated_at: text.u.unwrap_or(text.c),
        queued_at: text.q,
        finished_at: row.finished_at,
        repeated: false,
    })
}

fn word(text: &str) -> Result<Stage, Unreadable> {
    Ok(serde_json::from_value(text.into())?)
}

/// Reads the first edition of a stored spec.
pub(super) fn spec(json: &str, names: &mut Names) -> Result<Spec, Unreadable> {
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
        not_before: Option<i64>,
        retry: Retry,
        #[serde(default, borrow)]
        approvals: RequiredText<'a>,
    }
    let text: SpecText<'_> = serde_json::from_str(json)?;
    let mut all = |texts: &[Text<'_>]| texts.iter().map(|text| names.of(text.as_str())).collect::<Vec<_>>();
    let (depends_on, capabilities) = (all(&text.depends_on), all(&text.capabilities));
    let engines = all(&text.engines);
    Ok(Spec {
        rev: 1,
        key: name(text.idempotency_key.as_ref(), names),
        depends_on,
        mode: text.deps_mode,
        policy: text.on_dep_failure,
        lock: name(text.concurrency_key.as_ref(), names),
        lock_limit: text.concurrency_limit,
        capabilities,
        class: name(text.engine_class.as_ref(), names),
        engines,
        not_before: text.not_before,
        retry: text.retry,
        approvals: text.approvals.into(),
    })
}

/// Reads a stored run.
pub(super) fn run(job: Name, json: &str, names: &mut Names) -> Result<Run, Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct RunText<'a> {
        #[serde(borrow)]
        id: Text<'a>,
        attempt: u32,
        factory: Text<'a>,
        epoch: u64,
        started_at: i64,
        #[serde(default)]
        ended_at: Option<i64>,
        #[serde(default)]
        result: Option<Outcome>,
    }
    let text: RunText<'_> = serde_json::from_str(json)?;
    Ok(Run {
        id: names.of(text.id.as_str()),
        job,
        epoch: text.epoch,
        factory: names.of(text.factory.as_str()),
        ordinal: text.attempt,
        outcome: text.result,
        started_at: text.started_at,
        ended_at: text.ended_at,
    })
}

/// Reads a stored factory.
pub(super) fn factory(json: &str, rev: u64, names: &mut Names) -> Result<Factory, Unreadable> {
    #[derive(Deserialize)]
    struct FactoryText<'a> {
        #[serde(borrow)]
        id: Text<'a>,
        health: Health,
        seat_limit: u32,
        heartbeat_sec: u32,
        presence: Presence,
        draining: bool,
        #[serde(default)]
        capabilities: Vec<Text<'a>>,
        #[serde(default)]
        engine_classes: Vec<Text<'a>>,
    }
    let text: FactoryText<'_> = serde_json::from_str(json)?;
    let mut all = |texts: &[Text<'_>]| texts.iter().map(|text| names.of(text.as_str())).collect();
    let (capabilities, classes) = (all(&text.capabilities), all(&text.engine_classes));
    let drains = text.presence == Presence::Online && text.draining;
    Ok(Factory {
        id: names.of(text.id.as_str()),
        rev,
        presence: if drains { Presence::Draining } else { text.presence },
        card: Card {
            health: text.health,
            seats: text.seat_limit,
            heartbeat_sec: text.heartbeat_sec,
            capabilities,
            classes,
            engines: Vec::new(),
        },
    })
}
