//! Reads an event from JSON. Knows the particulars of every type; refuses those that are not as the contract says.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::card::CardText;
use super::{By, Card, Decision, End, Fact, Grant, Requeue, Weights, What};
use crate::evidence::Event;
use crate::names::{Name, Names};
use crate::order;
use crate::text::{Text, print};
use crate::time::millis;
use crate::words::{Outcome, Priority, Reason, Stage, Status};

/// Why a piece of evidence was not understood.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

#[derive(Deserialize)]
struct EndText {
    result: Outcome,
    lease: Status,
    epoch: u64,
}

impl From<EndText> for End {
    fn from(text: EndText) -> Self {
        Self { outcome: text.result, status: text.lease, epoch: text.epoch }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeasedText<'a> {
    #[serde(borrow)]
    factory: Text<'a>,
    run_id: Text<'a>,
    attempt: u32,
    epoch: u64,
    ttl_sec: u32,
    #[serde(default)]
    claim_id: Option<Text<'a>>,
    #[serde(default)]
    decision: Option<&'a RawValue>,
}

/// Members that a factory works by, that claims are decided by, and that say how often and with whose approval.
const HOLDERS: [&str; 7] = ["bodyMd", "engines", "retry", "timeoutSec", "profile", "dependsOn", "repo"];
const NEEDS: [&str; 5] = ["capabilities", "engines", "engineClass", "retry", "dependsOn"];
const TERMS: [&str; 2] = ["retry", "approvals"];

/// The particulars of every type that has some; each type looks at its own.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Particulars<'a> {
    stage: Option<Stage>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    checkpoint: Option<&'a RawValue>,
    end: Option<EndText>,
    epoch: Option<u64>,
    factory: Option<Text<'a>>,
    attempt: Option<u32>,
    not_before: Option<i64>,
    question: Option<Text<'a>>,
    fresh: bool,
    blocked: bool,
    note: Option<Text<'a>>,
    #[serde(rename = "final")]
    for_good: bool,
    reviewer: Option<Text<'a>>,
    changed: Vec<Text<'a>>,
    priority: Option<Priority>,
    for_job: Option<Text<'a>>,
    parent_id: Option<Text<'a>>,
    settled: Option<Vec<Text<'a>>>,
}

/// Takes what an event of this type cannot be without.
fn given<T>(member: Option<T>, name: &str) -> Result<T, Unreadable> {
    member.ok_or_else(|| Unreadable(format!("`{name}` is missing")))
}

/// An event's members, wherever they come from.
pub(crate) struct Members<'a> {
    pub(crate) seq: u64,
    pub(crate) job: Option<&'a str>,
    pub(crate) factory: Option<&'a str>,
    pub(crate) rev: Option<u64>,
    pub(crate) kind: &'a str,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) by: &'a str,
    pub(crate) data: &'a str,
}

impl Fact {
    /// Reads an event. Refuses times and particulars that are none.
    pub(crate) fn read(event: &Event, names: &mut Names) -> Result<Self, Unreadable> {
        let at = millis(&event.at).ok_or_else(|| Unreadable(format!("`{}` is no time", event.at)))?;
        let members = Members {
            seq: event.seq,
            job: event.job_id.as_deref(),
            factory: event.factory_id.as_deref(),
            rev: event.rev,
            kind: &event.kind,
            at,
            by: &event.by,
            data: event.data.get(),
        };
        Self::of(&members, names)
    }

    /// Condenses an event. Refuses particulars that are none.
    pub(crate) fn of(event: &Members<'_>, names: &mut Names) -> Result<Self, Unreadable> {
        let by = match event.by.split_once(':') {
            Some(("factory", id)) => By::Factory(names.of(id)),
            Some((_, name)) => By::Operator(names.of(name)),
            None => By::Coordinator,
        };
        let what = what(event.kind, event.data, names)
            .map_err(|why| Unreadable(format!("event {} {}: {why}", event.seq, event.kind)))?;
        let print = print(&(event.seq, event.job, event.factory, event.rev, event.kind, event.at, event.by));
        Ok(Self {
            seq: event.seq,
            at: event.at,
            by,
            job: event.job.map(|id| names.of(id)),
            factory: event.factory.map(|id| names.of(id)),
            rev: event.rev,
            print,
            said: order::logged(event.kind, event.data),
            what,
        })
    }
}

fn what(kind: &str, data: &str, names: &mut Names) -> Result<What, Unreadable> {
    Ok(match kind {
        "job.ready" => What::Ready,
        "job.parked" => What::Parked,
        "factory.stale" => What::Stale,
        "factory.offline" => What::Offline,
        "factory.online" => What::Online,
        "factory.draining" => What::Draining,
        "factory.resumed" => What::Undrained,
        "product.paused" => What::Paused,
        "product.resumed" => What::Resumed,
        "product.estop" => What::Estop,
        "product.settings" => {
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Settings<'a> {
                // What is there and `null` is new, too.
                #[serde(default, borrow, deserialize_with = "there")]
                review_limit: Option<&'a RawValue>,
                #[serde(default, borrow)]
                weights: Option<&'a RawValue>,
            }
            let text: Settings<'_> = serde_json::from_str(data)?;
            What::Settings {
                review_limit: text.review_limit.map(|limit| serde_json::from_str(limit.get())).transpose()?,
                weights: text.weights.map(|weights| Weights::of_product(weights.get())).transpose()?,
            }
        }
        "job.leased" => What::Leased(grant(data, names)?),
        "factory.registered" => What::Registered(card(data, names)?),
        "factory.changed" => What::Changed(card(data, names)?),
        "job.blocked" => {
            #[derive(Deserialize)]
            struct Blocked {
                reason: Reason,
            }
            What::Blocked(serde_json::from_str::<Blocked>(data)?.reason)
        }
        _ if kind.starts_with("job.") => of_job(kind, serde_json::from_str(data)?, names)?,
        _ => What::Another,
    })
}

fn there<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

fn grant(data: &str, names: &mut Names) -> Result<Grant, Unreadable> {
    let text: LeasedText<'_> = serde_json::from_str(data)?;
    Ok(Grant {
        factory: names.of(text.factory.as_str()),
        run: names.of(text.run_id.as_str()),
        ordinal: text.attempt,
        epoch: text.epoch,
        ttl_sec: text.ttl_sec,
        claim: text.claim_id.map(|id| names.of(id.as_str())),
        decision: text.decision.map(Decision::read).transpose()?,
    })
}

fn card(data: &str, names: &mut Names) -> Result<Box<Card>, Unreadable> {
    #[derive(Deserialize)]
    struct Carded<'a> {
        #[serde(borrow)]
        card: CardText<'a>,
    }
    Card::of(&serde_json::from_str::<Carded<'_>>(data)?.card, names).map(Box::new)
}

fn of_job(kind: &str, data: Particulars<'_>, names: &mut Names) -> Result<What, Unreadable> {
    let end = data.end.map(End::from);
    Ok(match kind {
        "job.created" => What::Created(data.priority, data.parent_id.map(|id| names.of(id.as_str()))),
        "job.children_added" => {
            let settled = data.settled.map(|jobs| jobs.iter().map(|id| names.of(id.as_str())).collect());
            What::Adopted { end, settled }
        }
        "job.stage" => What::Staged {
            stage: given(data.stage, "stage")?,
            outcome: data.result.map(|word| serde_json::from_str(word.get())).transpose()?,
        },
        "job.checkpoint" => What::Checkpoint(checkpoint(given(data.checkpoint, "checkpoint")?.get())?),
        "job.released" => What::Released { stage: given(data.stage, "stage")?, end: given(end, "end")? },
        "job.lease_expired" => What::Expired(given(end, "end")?),
        "job.preempted" => What::Preempted(given(end, "end")?, data.for_job.map(|job| names.of(job.as_str()))),
        "job.fenced" => {
            What::Fenced { epoch: given(data.epoch, "epoch")?, factory: data.factory.map(|id| names.of(id.as_str())) }
        }
        "job.retry" => What::Retried {
            end,
            attempt: given(data.attempt, "attempt")?,
            not_before: given(data.not_before, "notBefore")?,
        },
        "job.dead_lettered" => What::DeadLettered { end, attempt: given(data.attempt, "attempt")? },
        "job.failed" => What::Failed(end),
        "job.needs_input" => {
            What::NeedsInput { question: print(&given(data.question, "question")?.as_str()), end: given(end, "end")? }
        }
        "job.answered" => What::Answered,
        "job.requeued" => What::Requeued(Requeue {
            epoch: given(data.epoch, "epoch")?,
            fresh: data.fresh,
            blocked: data.blocked,
            noted: data.note.is_some(),
            end,
        }),
        "job.rejected" => What::Rejected { for_good: data.for_good, end },
        "job.approved" => {
            What::Approved { reviewer: print(&given(data.reviewer, "reviewer")?.as_str()), noted: data.note.is_some() }
        }
        "job.cancelled" => What::Cancelled(end),
        "job.shipped" => What::Shipped(end),
        "job.edited" => {
            let one_of = |members: &[&str]| data.changed.iter().any(|name| members.contains(&name.as_str()));
            What::Edited {
                holders: one_of(&HOLDERS),
                needs: one_of(&NEEDS),
                terms: one_of(&TERMS),
                priority: one_of(&["priority"]),
            }
        }
        _ => What::Another,
    })
}

/// The print of a checkpoint.
pub(crate) fn checkpoint(json: &str) -> Result<u64, Unreadable> {
    #[derive(Hash, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Checkpoint<'a> {
        #[serde(borrow)]
        wip_branch: Text<'a>,
        #[serde(default)]
        wip_base: Option<Text<'a>>,
        #[serde(default)]
        wip_commit: Option<Text<'a>>,
        #[serde(default)]
        note: Option<Text<'a>>,
    }
    Ok(print(&serde_json::from_str::<Checkpoint<'_>>(json)?))
}

/// A name, from a text that is there or not.
pub(crate) fn name(text: Option<&Text<'_>>, names: &mut Names) -> Option<Name> {
    text.map(|text| names.of(text.as_str()))
}
