//! What is done while the disk fails: the transactions of the store, as clients cause them.

use actors::NotDone;
use actors::store::{Change, Renewed, Store, Write};
use domain::job::command::{Cancel, Edit};
use domain::job::{Command, Stage};
use domain::{By, Epoch, JobId, product};
use futures::future::join_all;

use crate::disk::house::{House, operator, spec};

/// The product of all acts.
pub(crate) const PRODUCT: &str = "north";

/// Something that is done in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Submit,
    Keyed,
    Batch,
    Claim,
    Report,
    Ship,
    Edit,
    Cancel,
    Beat,
    Settings,
    Renewals,
    /// A product that was never heard of.
    Open,
    /// The store and the node.
    Start,
    /// The same, in order: the WAL is emptied.
    Stop,
}

/// Those that a node does which runs all the time.
pub(crate) const RUNNING: [Act; 12] = [
    Act::Submit,
    Act::Keyed,
    Act::Batch,
    Act::Claim,
    Act::Report,
    Act::Ship,
    Act::Edit,
    Act::Cancel,
    Act::Beat,
    Act::Settings,
    Act::Renewals,
    Act::Open,
];

/// What an act is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    n: u64,
    job: Option<(JobId, Epoch)>,
}

impl Act {
    /// Does what has to come before it.
    pub(crate) async fn ready(self, house: &House, n: u64) -> Result<Ready, NotDone> {
        let submits =
            matches!(self, Self::Claim | Self::Report | Self::Ship | Self::Renewals | Self::Edit | Self::Cancel);
        let mut ready = Ready { n, job: None };
        if submits {
            let job = house.submit(PRODUCT, spec(&format!("for {n}"), 40)).await?;
            ready.job = Some((job.id, job.epoch));
        }
        if matches!(self, Self::Report | Self::Ship | Self::Renewals) {
            let grant = house.claim(PRODUCT, "f1", &format!("ready {n}")).await?;
            ready.job = grant.map(|grant| (grant.job.id, grant.epoch));
        }
        Ok(ready)
    }

    /// Does it.
    pub(crate) async fn act(self, house: &House, ready: Ready) -> Result<(), NotDone> {
        let Ready { n, job } = ready;
        let job = job.ok_or(NotDone::NotFound);
        match self {
            Self::Submit => house.submit(PRODUCT, spec(&format!("job {n}"), 9_000)).await.map(drop),
            Self::Keyed => {
                let mut spec = spec(&format!("keyed {n}"), 40);
                (spec.idempotency_key, spec.content_hash) = (Some(format!("key {n}")), Some("the same".into()));
                house.submit(PRODUCT, spec).await.map(drop)
            }
            Self::Batch => {
                let each = |k| house.submit(PRODUCT, spec(&format!("batch {n} {k}"), 700));
                join_all((0..5).map(each)).await.into_iter().try_for_each(|done| done.map(drop))
            }
            Self::Claim => house.claim(PRODUCT, "f1", &format!("claim {n}")).await.map(drop),
            Self::Report => {
                let (job, epoch) = job?;
                house.report(PRODUCT, job, epoch, Stage::Building).await.map(drop)
            }
            Self::Ship => {
                let (job, epoch) = job?;
                house.report(PRODUCT, job, epoch, Stage::Shipped).await.map(drop)
            }
            Self::Edit => {
                let edit = Edit { spec: spec(&format!("edited {n}"), 5_000), changed: vec!["title".into()] };
                house.order(PRODUCT, job?.0, Command::Edit(Box::new(edit))).await.map(drop)
            }
            Self::Cancel => house.order(PRODUCT, job?.0, Command::Cancel(Cancel { reason: None })).await.map(drop),
            Self::Beat => house.beat(PRODUCT, "f2", u32::try_from(n).unwrap() + 1).await,
            Self::Settings => {
                let product = house.product(PRODUCT).await?;
                product.set_gate(product::Command::Pause, operator()).await?;
                product.set_gate(product::Command::Resume, operator()).await.map(drop)
            }
            Self::Renewals => {
                let (job, epoch) = job?;
                let now = house.node.now();
                let renewed = Renewed { job, epoch, expires_at: now.plus_secs(950), ttl_sec: 950, renewals: 1 };
                let (product, change) = (PRODUCT.parse().unwrap(), Change::Renewals { renewed: vec![renewed] });
                let write = Write { product, at: now, by: By::Coordinator, facts: Vec::new(), change };
                Ok(house.witness.commit(write).await.map(drop)?)
            }
            Self::Open => house.product(&format!("new-{n}")).await.map(drop),
            Self::Start | Self::Stop => Ok(()),
        }
    }
}
