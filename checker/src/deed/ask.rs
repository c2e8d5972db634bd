//! What a request asks for, from its method, its path and its body. What is not known here is `Other`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::submit::{Submit, adopt, batch};
use crate::fact::{Weights, name};
use crate::names::{Name, Names};
use crate::order;
use crate::text::{Text, print};
use crate::words::{Outcome, Stage};

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Submit(Submit),
    /// An entry each.
    Batch(Vec<Submit>),
    /// Children for a job that is there, with the keys of all that is below it by that.
    Adopt(Name, Vec<Option<Name>>),
    Report(Box<Report>),
    Renew(Fence),
    Release(Fence),
    Claim(Box<Claim>),
    Heartbeat {
        factory: Name,
        leases: Vec<(Name, u64)>,
        /// It says which leases the factory has.
        lists: bool,
    },
    /// With the print of its words, if they can be read.
    Act(Name, Action, Option<u64>),
    Edit(Name),
    Drain(Name),
    Undrain(Name),
    Pause,
    Resume,
    Estop,
    /// Settings of the product, its weights among them.
    Set,
    Job {
        job: Name,
        waits: bool,
    },
    Jobs,
    Runs(Name),
    Lease(Name),
    Events,
    Factory(Name),
    Factories,
    /// It changes nothing, whatever it is.
    Reading,
    /// It cannot be read; it may change anything.
    Other,
}

/// An operator's order to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Requeue,
    Reject,
    Cancel,
    Ship,
    Approve,
    Answer,
}

/// A lease as its holder names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fence {
    pub(crate) job: Name,
    pub(crate) epoch: u64,
    pub(crate) factory: Option<Name>,
    /// The length that is asked for.
    pub(crate) ttl_sec: Option<u32>,
}

/// A report of a lease's holder.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) fence: Fence,
    pub(crate) id: Option<Name>,
    pub(crate) stage: Option<Stage>,
    /// It brings a checkpoint, which may be news under a stage that is reached already.
    pub(crate) checkpoint: bool,
    pub(crate) usage: bool,
    pub(crate) same: u64,
    pub(crate) other: u64,
}

/// A claim.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) factory: Name,
    pub(crate) id: Option<Name>,
    pub(crate) capabilities: Option<Vec<Name>>,
    pub(crate) classes: Option<Vec<Name>>,
    pub(crate) ttl_sec: u32,
    pub(crate) wait_sec: u32,
    pub(crate) max: u32,
    /// The weight of urgency, where it names one.
    pub(crate) urgency: Option<f64>,
    /// It names weights.
    pub(crate) weighs: bool,
}

impl Ask {
    /// Reads a request.
    pub(crate) fn read(method: &str, path: &str, body: Option<&str>, names: &mut Names) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let head = (parts.next(), parts.next());
        let rest: Vec<&str> = parts.collect();
        if method == "GET" || method == "HEAD" {
            return if head == (Some("api"), Some("fleet")) { reading(&rest, query, names) } else { Self::Reading };
        }
        // A preview is a claim that changes nothing.
        if head != (Some("api"), Some("fleet")) || rest == ["claim", "preview"] || query.contains("dryRun=true") {
            return Self::Reading;
        }
        Self::writing(method, &rest, body, names).unwrap_or(Self::Other)
    }

    fn writing(method: &str, path: &[&str], body: Option<&str>, names: &mut Names) -> Option<Self> {
        Some(match (method, path) {
            ("POST", ["jobs"]) => Self::Submit(body.map(|body| Submit::read(body, names)).unwrap_or_default()),
            ("POST", ["jobs", "batch"]) => batch(body?, names)?,
            ("POST", ["jobs", id, "children"]) => adopt(names.of(id), body?, names)?,
            ("PATCH", ["jobs", id]) => Self::patch(names.of(id), body?, names),
            ("POST", ["jobs", id, "lease", "renew"]) => Self::Renew(fence(names.of(id), body?, names)?),
            ("POST", ["jobs", id, "lease", "release"]) => Self::Release(fence(names.of(id), body?, names)?),
            ("POST", ["jobs", id, action]) => {
                let action = Action::of(action)?;
                Self::Act(names.of(id), action, order::asked(action, body))
            }
            ("POST", ["claim"]) => Self::Claim(Box::new(Claim::read(body?, names)?)),
            ("POST", ["factories", "heartbeat"]) => heartbeat(body?, names)?,
            ("POST", ["factories", id, "drain"]) => Self::Drain(names.of(id)),
            ("POST", ["factories", id, "resume"]) => Self::Undrain(names.of(id)),
            ("POST", ["pause"]) => Self::Pause,
            ("POST", ["resume"]) => Self::Resume,
            ("POST", ["estop"]) => Self::Estop,
            ("PUT", ["settings" | "weights"]) => Self::Set,
            _ => return None,
        })
    }

    fn patch(job: Name, body: &str, names: &mut Names) -> Self {
        #[derive(Deserialize)]
        struct Ships<'a> {
            #[serde(borrow)]
            stage: Text<'a>,
        }
        if let Some(report) = Report::read(job, body, names) {
            return Self::Report(Box::new(report));
        }
        match serde_json::from_str::<Ships<'_>>(body) {
            Ok(ships) if ships.stage.as_str() == "shipped" => Self::Act(job, Action::Ship, None),
            Ok(_) | Err(_) => Self::Edit(job),
        }
    }

    /// The one job that it is about.
    pub(crate) fn job(&self) -> Option<Name> {
        if let Self::Report(report) = self {
            return Some(report.fence.job);
        }
        if let Self::Renew(fence) | Self::Release(fence) = self {
            return Some(fence.job);
        }
        if let Self::Act(job, ..) | Self::Edit(job) | Self::Runs(job) | Self::Lease(job) | Self::Job { job, .. } = self
        {
            return Some(*job);
        }
        None
    }

    /// It may change something that is kept.
    pub(crate) fn writes(&self) -> bool {
        !matches!(
            self,
            Self::Job { .. }
                | Self::Jobs
                | Self::Runs(_)
                | Self::Lease(_)
                | Self::Events
                | Self::Factory(_)
                | Self::Factories
                | Self::Reading
        )
    }
}

fn reading(path: &[&str], query: &str, names: &mut Names) -> Ask {
    match path {
        ["jobs"] => Ask::Jobs,
        ["jobs", id] => Ask::Job { job: names.of(id), waits: query.contains("waitRev=") },
        ["jobs", id, "runs"] => Ask::Runs(names.of(id)),
        ["jobs", id, "lease"] => Ask::Lease(names.of(id)),
        ["events"] | ["jobs", _, "events"] => Ask::Events,
        ["factories"] => Ask::Factories,
        ["factories", id] => Ask::Factory(names.of(id)),
        _ => Ask::Reading,
    }
}

impl Action {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "requeue" => Self::Requeue,
            "reject" => Self::Reject,
            "cancel" => Self::Cancel,
            "ship" => Self::Ship,
            "approve" => Self::Approve,
            "answer" => Self::Answer,
            _ => return None,
        })
    }
}

fn fence(job: Name, body: &str, names: &mut Names) -> Option<Fence> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct FenceText<'a> {
        lease_epoch: u64,
        #[serde(default, borrow)]
        factory_id: Option<Text<'a>>,
        #[serde(default)]
        lease_ttl_sec: Option<u32>,
    }
    let text: FenceText<'_> = serde_json::from_str(body).ok()?;
    let factory = name(text.factory_id.as_ref(), names);
    Some(Fence { job, epoch: text.lease_epoch, factory, ttl_sec: text.lease_ttl_sec })
}

impl Report {
    /// Reads a report. None: it carries no epoch, or is none at all.
    fn read(job: Name, body: &str, names: &mut Names) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ReportText<'a> {
            lease_epoch: u64,
            #[serde(default, borrow)]
            factory_id: Option<Text<'a>>,
            #[serde(default)]
            report_id: Option<Text<'a>>,
            #[serde(default)]
            stage: Option<Stage>,
            #[serde(default)]
            result: Option<Outcome>,
            #[serde(default)]
            checkpoint: Option<serde::de::IgnoredAny>,
            #[serde(default)]
            insights: Option<Usage>,
            #[serde(default)]
            reason: Option<Text<'a>>,
            #[serde(default)]
            question: Option<Text<'a>>,
        }
        let text: ReportText<'_> = serde_json::from_str(body).ok()?;
        Some(Self {
            fence: Fence {
                job,
                epoch: text.lease_epoch,
                factory: name(text.factory_id.as_ref(), names),
                ttl_sec: None,
            },
            id: name(text.report_id.as_ref(), names),
            stage: text.stage,
            checkpoint: text.checkpoint.is_some(),
            usage: text.insights.is_some_and(|usage| usage.is_some()),
            same: print(&body),
            other: print(&(text.lease_epoch, text.factory_id, text.stage, text.result, text.reason, text.question)),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Usage {
    cost_usd: Option<serde::de::IgnoredAny>,
    tokens_in: Option<serde::de::IgnoredAny>,
    tokens_out: Option<serde::de::IgnoredAny>,
    tokens_cached: Option<serde::de::IgnoredAny>,
}

impl Usage {
    fn is_some(&self) -> bool {
        let tokens = self.tokens_in.is_some() || self.tokens_out.is_some() || self.tokens_cached.is_some();
        self.cost_usd.is_some() || tokens
    }
}

impl Claim {
    fn read(body: &str, names: &mut Names) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct ClaimText<'a> {
            #[serde(borrow)]
            factory_id: Text<'a>,
            #[serde(default)]
            claim_id: Option<Text<'a>>,
            #[serde(default)]
            capabilities: Option<Vec<Text<'a>>>,
            #[serde(default)]
            engine_classes: Option<Vec<Text<'a>>>,
            #[serde(default)]
            lease_ttl_sec: Option<u32>,
            #[serde(default)]
            wait_sec: Option<u32>,
            #[serde(default)]
            max: Option<u32>,
            #[serde(default)]
            weights: Option<&'a RawValue>,
        }
        let text: ClaimText<'_> = serde_json::from_str(body).ok()?;
        let mut all = |texts: Option<Vec<Text<'_>>>| {
            texts.map(|texts| texts.iter().map(|text| names.of(text.as_str())).collect::<Vec<_>>())
        };
        let (capabilities, classes) = (all(text.capabilities), all(text.engine_classes));
        let weights = text.weights.map(|weights| Weights::read(weights.get()).ok()).unwrap_or(Some((None, true)))?;
        Some(Self {
            factory: names.of(text.factory_id.as_str()),
            id: name(text.claim_id.as_ref(), names),
            capabilities,
            classes,
            ttl_sec: text.lease_ttl_sec.unwrap_or(900),
            wait_sec: text.wait_sec.unwrap_or(0),
            max: text.max.unwrap_or(1),
            urgency: weights.0,
            weighs: !weights.1,
        })
    }
}

fn heartbeat(body: &str, names: &mut Names) -> Option<Ask> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct BeatText<'a> {
        #[serde(borrow)]
        factory_id: Text<'a>,
        #[serde(default)]
        leases: Option<Vec<LeaseText<'a>>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct LeaseText<'a> {
        #[serde(borrow)]
        job_id: Text<'a>,
        lease_epoch: u64,
    }
    let text: BeatText<'_> = serde_json::from_str(body).ok()?;
    let lists = text.leases.is_some();
    let leases = text.leases.unwrap_or_default();
    let leases = leases.iter().map(|lease| (names.of(lease.job_id.as_str()), lease.lease_epoch)).collect();
    Some(Ask::Heartbeat { factory: names.of(text.factory_id.as_str()), leases, lists })
}
