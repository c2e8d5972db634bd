//! A factory is alive, says how it is, and hears what it must know.
//! Translates; what became of the leases is for the product to say.

use actors::{BeatOrder, Beaten, CardPatch};
use domain::factory::{Descriptor, Engine, EngineState, Health};
use domain::{Epoch, JobId};
use wire::{Heartbeat, HeartbeatAnswer, LeaseRef, Problem, RenewedLease, Signal, SignalKind, factory};

use super::shown;
use crate::http::answer::{Answer, ok};
use crate::http::call::Call;
use crate::http::refusal;

/// Seconds between the heartbeats of a factory that lists its leases.
const LISTING_SEC: u32 = 30;
/// Seconds between the heartbeats of one that does not.
const SILENT_SEC: u32 = 300;

/// Takes a heartbeat; the first one registers the factory. The leases that it lists are renewed.
#[utoipa::path(
    post,
    path = "/api/fleet/factories/heartbeat",
    operation_id = "heartbeat",
    tag = "factories",
    request_body = Heartbeat,
    responses((status = 200, description = "What the factory must know.", body = HeartbeatAnswer)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let beat: Heartbeat = call.lenient().await?;
    beat.check()?;
    let (asked, lists) = (beat.heartbeat_sec, beat.leases.is_some());
    let order = order(beat, &call)?;
    let product = call.product(&id).await?;
    let _permit = call.permit(&product)?;
    let beaten = product.heartbeat(order).await.map_err(refusal::of)?;
    ok(&HeartbeatAnswer {
        factory: shown(&beaten.factory),
        renewed: beaten.renewed.iter().map(renewed).collect(),
        lost: beaten.lost.iter().map(named).collect(),
        unlisted: beaten.unlisted.iter().map(named).collect(),
        signals: signals(&beaten),
        claimable: beaten.claimable as u64,
        server_time: call.edge.node.now().into(),
        heartbeat_sec: interval(&beaten, asked, lists),
    })
}

fn order(beat: Heartbeat, call: &Call) -> Result<BeatOrder, Problem> {
    let factory = beat.factory_id.parse();
    let factory = factory.map_err(|bad: domain::ids::BadName| Problem::invalid("/factoryId", bad.to_string()))?;
    let lease = |lease: LeaseRef| Some((lease.job_id.parse::<JobId>().ok()?, Epoch(lease.lease_epoch)));
    Ok(BeatOrder {
        factory,
        load_permille: beat.load.map(permille),
        leases: beat.leases.map(|leases| leases.into_iter().filter_map(lease).collect()),
        heard: call.heard,
        card: CardPatch {
            descriptor: beat.descriptor.map(|host| Descriptor {
                os: host.os,
                arch: host.arch,
                hostname: host.hostname,
                version: host.version,
            }),
            engines: beat.engines.map(|engines| engines.into_iter().map(engine).collect()),
            repos: beat.repos,
            capabilities: beat.capabilities,
            engine_classes: beat.engine_classes,
            health: beat.health.map(health),
            seat_limit: beat.seat_limit,
            heartbeat_sec: beat.heartbeat_sec,
        },
    })
}

/// A load from 0 to 1 in thousandths.
fn permille(load: f64) -> u16 {
    (0..=1_000).find(|permille| f64::from(*permille) + 0.5 > load * 1_000.0).unwrap_or(1_000)
}

fn health(said: factory::Health) -> Health {
    match said {
        factory::Health::Ok => Health::Ok,
        factory::Health::Degraded => Health::Degraded,
        factory::Health::Failing => Health::Failing,
    }
}

/// An engine in any state but `available` is not to be used.
fn engine(said: factory::Engine) -> Engine {
    let state = if said.state == "available" { EngineState::Available } else { EngineState::Unavailable };
    let resets_at = said.resets_at.map(Into::into);
    Engine { name: said.name, version: said.version, account: said.account, state, resets_at }
}

fn named((job, epoch): &(JobId, Epoch)) -> LeaseRef {
    LeaseRef { job_id: job.to_string(), lease_epoch: epoch.0 }
}

fn renewed((job, epoch, renewal): &(JobId, Epoch, domain::product::Renewal)) -> RenewedLease {
    RenewedLease {
        job_id: job.to_string(),
        lease_epoch: epoch.0,
        lease_expires_at: renewal.expires_at.into(),
        lease_ttl_sec: renewal.ttl_sec,
    }
}

/// What to do: a lease is lost, because an operator cancelled its job or for another reason; one is about to be taken
/// away for a more urgent job; no new work.
fn signals(beaten: &Beaten) -> Vec<Signal> {
    let lost = beaten.lost.iter().map(|lost| {
        let kind = if beaten.cancelled.contains(lost) { SignalKind::Cancel } else { SignalKind::Lost };
        Signal { kind, job_id: Some(lost.0.to_string()), lease_epoch: Some(lost.1.0), grace_sec: None }
    });
    let giving_way = beaten.giving_way.iter().map(|(job, epoch, grace_sec)| Signal {
        kind: SignalKind::Preempt,
        job_id: Some(job.to_string()),
        lease_epoch: Some(epoch.0),
        grace_sec: Some(u32::try_from(*grace_sec).unwrap_or(u32::MAX)),
    });
    let drain = Signal { kind: SignalKind::Drain, job_id: None, lease_epoch: None, grace_sec: None };
    lost.chain(giving_way).chain(beaten.draining.then_some(drain)).collect()
}

/// Seconds until the next heartbeat: as the factory asks or by default, no longer than it has promised before, and
/// never above a third of the shortest lease that it holds.
fn interval(beaten: &Beaten, asked: Option<u32>, lists: bool) -> u32 {
    let usual = if lists { LISTING_SEC } else { SILENT_SEC };
    let secs = asked.unwrap_or(usual.min(beaten.factory.factory.heartbeat_sec));
    let shortest = beaten.renewed.iter().map(|(_, _, renewal)| renewal.ttl_sec / 3).min();
    shortest.map_or(secs, |third| secs.min(third)).max(1)
}
