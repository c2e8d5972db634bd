//! What an answer says, by what was asked. Owns how answers are read; refuses those that are not as the contract says.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Ask, Specs};
use crate::fact::Unreadable;
use crate::names::{Name, Names};
use crate::shown::{Factory, Lease, Run, Shown, at};
use crate::text::{Text, print};
use crate::time::millis;
use crate::words::Code;

/// What an answer says.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// There is none, or nothing in it.
    None,
    Job(Box<Shown>),
    /// With whether it is new.
    Submitted(Box<Shown>, bool),
    Entries(Vec<Entry>),
    Jobs(Vec<Shown>),
    Grants(Vec<Granted>),
    Renewed(Held),
    Beat(Box<Beat>),
    Lease(Lease),
    Runs(Vec<Run>),
    /// The `seq` and the print of each.
    Events(Vec<(u64, u64)>),
    Factories(Vec<Factory>),
    Product {
        paused: bool,
    },
    Problem(Problem),
}

/// What became of an entry of a batch.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) status: u16,
    pub(crate) code: Code,
    pub(crate) created: bool,
    pub(crate) job: Option<Shown>,
}

/// A job and the right to work on it.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) job: Shown,
    pub(crate) run: Run,
    pub(crate) lease: Held,
    pub(crate) active: bool,
    pub(crate) repeated: bool,
}

/// A lease and its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) epoch: u64,
    pub(crate) expires_at: i64,
    pub(crate) ttl_sec: u32,
}

/// What a heartbeat is answered.
#[derive(Clone, Debug)]
pub(crate) struct Beat {
    pub(crate) factory: Factory,
    pub(crate) renewed: Vec<(Name, Held)>,
    pub(crate) lost: Vec<(Name, u64)>,
    pub(crate) unlisted: Vec<(Name, u64)>,
}

/// What a refusal says besides its code.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Problem {
    /// The job's epoch.
    pub(crate) lease_epoch: Option<u64>,
    pub(crate) usage_accepted: bool,
    /// The job's `rev`.
    pub(crate) rev: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeldText<'a> {
    #[serde(default, borrow)]
    job_id: Option<Text<'a>>,
    lease_epoch: u64,
    lease_expires_at: Text<'a>,
    lease_ttl_sec: u32,
}

impl Held {
    fn of(text: &HeldText<'_>) -> Result<Self, Unreadable> {
        Ok(Self { epoch: text.lease_epoch, expires_at: at(&text.lease_expires_at)?, ttl_sec: text.lease_ttl_sec })
    }
}

/// Reads a job and, where it is news, its spec.
fn job(json: &str, names: &mut Names, specs: &mut Specs<'_>) -> Result<Shown, Unreadable> {
    let shown = Shown::read(json, names)?;
    specs(shown.job, shown.rev, json, names)?;
    Ok(shown)
}

impl Reply {
    /// Reads what a refusal says.
    pub(crate) fn refusal(json: &str) -> Self {
        serde_json::from_str(json).map_or(Self::None, Self::Problem)
    }

    /// Reads the answer to a request that was carried out.
    pub(crate) fn read(ask: &Ask, json: &str, names: &mut Names, specs: &mut Specs<'_>) -> Result<Self, Unreadable> {
        Ok(match ask {
            Ask::Submit(_) => submitted(json, names, specs)?,
            Ask::Batch(_) => Self::Entries(entries(json, names, specs)?),
            Ask::Adopt(..) => Self::Entries(children(json, names, specs)?),
            Ask::Report(_) | Ask::Release(_) | Ask::Act(..) | Ask::Edit(_) | Ask::Job { .. } => {
                Self::Job(Box::new(job(json, names, specs)?))
            }
            Ask::Renew(_) => Self::Renewed(Held::of(&serde_json::from_str(json)?)?),
            Ask::Claim(_) => Self::Grants(grants(json, names, specs)?),
            Ask::Heartbeat { .. } => Self::Beat(Box::new(beat(json, names)?)),
            Ask::Drain(_) | Ask::Undrain(_) | Ask::Factory(_) => Self::Factories(vec![Factory::read(json, names)?]),
            Ask::Pause | Ask::Resume | Ask::Estop => {
                #[derive(Deserialize)]
                struct Gate {
                    paused: bool,
                }
                Self::Product { paused: serde_json::from_str::<Gate>(json)?.paused }
            }
            Ask::Jobs => Self::Jobs(list(json, |one| job(one, names, specs))?),
            Ask::Runs(_) => Self::Runs(list(json, |one| Run::read(one, names))?),
            Ask::Lease(_) => Self::Lease(Lease::read(json, names)?),
            Ask::Events => Self::Events(list(json, event)?),
            Ask::Factories => Self::Factories(list(json, |one| Factory::read(one, names))?),
            Ask::Set | Ask::Reading | Ask::Other => Self::None,
        })
    }
}

fn list<T>(json: &str, mut read: impl FnMut(&str) -> Result<T, Unreadable>) -> Result<Vec<T>, Unreadable> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let list: List<'_> = serde_json::from_str(json)?;
    list.data.iter().map(|one| read(one.get())).collect()
}

fn submitted(json: &str, names: &mut Names, specs: &mut Specs<'_>) -> Result<Reply, Unreadable> {
    #[derive(Deserialize)]
    struct Submitted<'a> {
        #[serde(borrow)]
        job: &'a RawValue,
        outcome: Text<'a>,
    }
    let text: Submitted<'_> = serde_json::from_str(json)?;
    let created = text.outcome.as_str() == "created";
    Ok(Reply::Submitted(Box::new(job(text.job.get(), names, specs)?), created))
}

fn entries(json: &str, names: &mut Names, specs: &mut Specs<'_>) -> Result<Vec<Entry>, Unreadable> {
    #[derive(Deserialize)]
    struct Batch<'a> {
        #[serde(borrow)]
        results: Vec<EntryText<'a>>,
    }
    #[derive(Deserialize)]
    struct EntryText<'a> {
        status: u16,
        #[serde(default, borrow)]
        job: Option<&'a RawValue>,
        #[serde(default)]
        outcome: Option<Text<'a>>,
        #[serde(default)]
        problem: Option<Coded>,
    }
    #[derive(Deserialize)]
    struct Coded {
        #[serde(default)]
        code: Code,
    }
    let text: Batch<'_> = serde_json::from_str(json)?;
    let entry = |entry: EntryText<'_>| {
        Ok(Entry {
            status: entry.status,
            code: entry.problem.map_or(Code::Missing, |problem| problem.code),
            created: entry.outcome.is_some_and(|outcome| outcome.as_str() == "created"),
            job: entry.job.map(|raw| job(raw.get(), names, specs)).transpose()?,
        })
    };
    text.results.into_iter().map(entry).collect()
}

/// The children that a job was given, each an entry.
fn children(json: &str, names: &mut Names, specs: &mut Specs<'_>) -> Result<Vec<Entry>, Unreadable> {
    #[derive(Deserialize)]
    struct Children<'a> {
        #[serde(borrow)]
        jobs: Vec<&'a RawValue>,
        #[serde(default)]
        repeated: bool,
    }
    let text: Children<'_> = serde_json::from_str(json)?;
    let (status, created) = if text.repeated { (200, false) } else { (201, true) };
    let entry =
        |raw: &RawValue| Ok(Entry { status, code: Code::Missing, created, job: Some(job(raw.get(), names, specs)?) });
    text.jobs.into_iter().map(entry).collect()
}

fn grants(json: &str, names: &mut Names, specs: &mut Specs<'_>) -> Result<Vec<Granted>, Unreadable> {
    #[derive(Deserialize)]
    struct Several<'a> {
        #[serde(borrow)]
        grants: Vec<&'a RawValue>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct GrantText<'a> {
        #[serde(borrow)]
        job: &'a RawValue,
        run: &'a RawValue,
        #[serde(default)]
        lease_active: Option<bool>,
        #[serde(default)]
        repeated: bool,
    }
    let one = |json: &str, names: &mut Names, specs: &mut Specs<'_>| {
        let text: GrantText<'_> = serde_json::from_str(json)?;
        Ok::<_, Unreadable>(Granted {
            job: job(text.job.get(), names, specs)?,
            run: Run::read(text.run.get(), names)?,
            lease: Held::of(&serde_json::from_str(json)?)?,
            active: text.lease_active.unwrap_or(true),
            repeated: text.repeated,
        })
    };
    if json.trim_start().starts_with("{\"grants\"") {
        let several: Several<'_> = serde_json::from_str(json)?;
        return several.grants.iter().map(|raw| one(raw.get(), names, specs)).collect();
    }
    Ok(vec![one(json, names, specs)?])
}

fn beat(json: &str, names: &mut Names) -> Result<Beat, Unreadable> {
    #[derive(Deserialize)]
    struct BeatText<'a> {
        #[serde(borrow)]
        factory: &'a RawValue,
        #[serde(default)]
        renewed: Vec<HeldText<'a>>,
        #[serde(default)]
        lost: Vec<RefText<'a>>,
        #[serde(default)]
        unlisted: Vec<RefText<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct RefText<'a> {
        #[serde(borrow)]
        job_id: Text<'a>,
        lease_epoch: u64,
    }
    let text: BeatText<'_> = serde_json::from_str(json)?;
    let mut refs = |refs: &[RefText<'_>]| {
        refs.iter().map(|one| (names.of(one.job_id.as_str()), one.lease_epoch)).collect::<Vec<_>>()
    };
    let (lost, unlisted) = (refs(&text.lost), refs(&text.unlisted));
    let renewed = text.renewed.iter().map(|held| {
        let job = held.job_id.as_ref().ok_or_else(|| Unreadable("a renewed lease names no job".to_owned()))?;
        Ok((names.of(job.as_str()), Held::of(held)?))
    });
    let renewed = renewed.collect::<Result<_, Unreadable>>()?;
    Ok(Beat { factory: Factory::read(text.factory.get(), names)?, renewed, lost, unlisted })
}

/// The `seq` and the print of an event.
fn event(json: &str) -> Result<(u64, u64), Unreadable> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct EventText<'a> {
        seq: u64,
        #[serde(default, borrow)]
        job_id: Option<Text<'a>>,
        #[serde(default)]
        factory_id: Option<Text<'a>>,
        #[serde(default)]
        rev: Option<u64>,
        #[serde(rename = "type")]
        kind: Text<'a>,
        at: Text<'a>,
        by: Text<'a>,
    }
    let text: EventText<'_> = serde_json::from_str(json)?;
    let at = millis(text.at.as_str()).unwrap_or_default();
    let of = (text.seq, &text.job_id, &text.factory_id, text.rev, &text.kind, at, &text.by);
    Ok((text.seq, print(&of)))
}
