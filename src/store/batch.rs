//! A batch of writes as the rows that it makes, table by table: the parameters of `commit.sql`.

use std::collections::HashMap;

use actors::store::{Change, Numbered, Receipt, Renewed, Write};
use domain::factory::Factory;
use domain::job::{Job, Run, Spec};
use domain::product::Settings;
use domain::profile::Snapshot as Says;
use domain::{Epoch, FactoryId, JobId, ProductId, ProfileName, Timestamp, event};
use sea_orm::Value;
use serde::Serialize;

use super::saved::{SCHEMA, State};

type Event<'a> = (
    &'a ProductId,
    u64,
    Option<JobId>,
    Option<u64>,
    Option<&'a FactoryId>,
    Option<u64>,
    &'static str,
    Timestamp,
    String,
    &'a event::Fact,
);
type Edition<'a> = (JobId, u32, &'a ProductId, Option<&'a str>, Option<&'a str>, &'a Spec);
type Snapshot<'a> = (
    &'a ProductId,
    JobId,
    &'static str,
    u64,
    Option<u64>,
    Epoch,
    Option<Timestamp>,
    Option<Timestamp>,
    u64,
    u32,
    i32,
    State<'a>,
    Option<JobId>,
);
type Ended<'a> = (JobId, Epoch, &'a ProductId, Run);
type Kept<'a> = (&'a ProductId, &'static str, &'a str, JobId, Epoch, u64, &'a str, Timestamp);
type Published<'a> = (&'a ProductId, &'a ProfileName, u32, &'a Says, Timestamp, String);
type Renewal<'a> = (&'a ProductId, JobId, Epoch, Timestamp, u32, u32);

/// The rows of a batch.
#[derive(Default)]
pub(super) struct Batch<'a> {
    events: Vec<Event<'a>>,
    specs: Vec<Edition<'a>>,
    jobs: Vec<Snapshot<'a>>,
    ended: Vec<Ended<'a>>,
    receipts: Vec<Kept<'a>>,
    used: Vec<Ended<'a>>,
    noted: Vec<(&'a ProductId, JobId, u64)>,
    renewals: Vec<Renewal<'a>>,
    factories: Vec<(&'a ProductId, &'a FactoryId, u64, &'a Factory)>,
    settings: Vec<(&'a ProductId, u64, &'a Settings)>,
    profiles: Vec<Published<'a>>,
}

impl<'a> Batch<'a> {
    /// The rows of these writes. `stored` are the ended runs that their late usage is about, as far as there are any.
    pub(super) fn of(writes: &'a [Numbered], mut stored: HashMap<(JobId, Epoch), Run>) -> Self {
        let mut batch = Self::default();
        for Numbered { first_seq, write } in writes {
            batch.log(*first_seq, write);
            batch.change(*first_seq, write, &mut stored);
        }
        batch
    }

    fn log(&mut self, first_seq: u64, write: &'a Write) {
        let mut prev = match &write.change {
            Change::Job { prev_seq, .. } | Change::Note { prev_seq, .. } => Some(*prev_seq).filter(|seq| *seq > 0),
            Change::Submit { .. }
            | Change::Factory { .. }
            | Change::Settings { .. }
            | Change::Profile { .. }
            | Change::Renewals { .. } => None,
        };
        let (job, factory, rev) = (write.job_id(), write.factory_id(), write.rev());
        for (seq, fact) in (first_seq..).zip(&write.facts) {
            let by = write.by.to_string();
            self.events.push((&write.product, seq, job, prev, factory, rev, fact.kind(), write.at, by, fact));
            prev = job.and(Some(seq));
        }
    }

    fn change(&mut self, first_seq: u64, write: &'a Write, stored: &mut HashMap<(JobId, Epoch), Run>) {
        let product = &write.product;
        let facts = write.facts.len() as u64;
        let newest = |prev_seq: u64| if facts == 0 { prev_seq } else { first_seq + facts - 1 };
        match &write.change {
            Change::Submit { job } => {
                self.edition(job);
                self.snapshot(job, None, newest(0));
            }
            Change::Job { job, prev_seq, edited, ended, receipt } => {
                if *edited {
                    self.edition(job);
                }
                self.snapshot(job, Some(job.rev - 1), newest(*prev_seq));
                self.ended.extend(ended.as_deref().map(|run| (job.id, run.epoch, product, run.clone())));
                self.receipts.extend(receipt.iter().map(|receipt| kept(product, receipt)));
            }
            Change::Note { job, prev_seq, usage, receipt } => {
                self.receipts.extend(receipt.iter().map(|receipt| kept(product, receipt)));
                self.noted.push((product, *job, newest(*prev_seq)));
                if let Some((epoch, usage)) = usage {
                    let of_run = |ended: &&mut Ended<'_>| (ended.0, ended.1) == (*job, *epoch);
                    if let Some(ended) = self.ended.iter_mut().find(of_run) {
                        ended.3.insights = ended.3.insights.merged(usage);
                    } else if let Some(run) = stored.get_mut(&(*job, *epoch)) {
                        run.insights = run.insights.merged(usage);
                        self.used.retain(|used| (used.0, used.1) != (*job, *epoch));
                        self.used.push((*job, *epoch, product, run.clone()));
                    }
                }
            }
            Change::Factory { factory } => self.factories.push((product, &factory.id, factory.rev, factory)),
            Change::Settings { settings } => self.settings.push((product, settings.rev, settings)),
            Change::Profile { profile: p } => {
                self.profiles.push((product, &p.name, p.version, &p.snapshot, p.created_at, write.by.to_string()));
            }
            Change::Renewals { renewed } => self.renewals.extend(renewed.iter().map(|r| renewal(product, r))),
        }
    }

    fn edition(&mut self, job: &'a Job) {
        let (key, hash) = (job.spec.idempotency_key.as_deref(), job.spec.content_hash.as_deref());
        self.specs.push((job.id, job.edition, &job.product, key, hash, &job.spec));
    }

    fn snapshot(&mut self, job: &'a Job, before: Option<u64>, last_seq: u64) {
        self.jobs.push((
            &job.product,
            job.id,
            job.stage.as_str(),
            job.rev,
            before,
            job.epoch,
            job.not_before,
            job.finished_at,
            last_seq,
            job.edition,
            SCHEMA,
            State::of(job),
            job.spec.parent,
        ));
    }

    /// The parameters of `commit.sql`, in order.
    pub(super) fn values(&self) -> Result<Vec<Value>, serde_json::Error> {
        Ok(vec![
            rows(&self.events)?,
            rows(&self.specs)?,
            rows(&self.jobs)?,
            rows(&self.ended)?,
            rows(&self.receipts)?,
            rows(&self.used)?,
            rows(&self.noted)?,
            rows(&self.renewals)?,
            rows(&self.factories)?,
            rows(&self.settings)?,
            rows(&self.profiles)?,
        ])
    }
}

fn rows<T: Serialize>(rows: &[T]) -> Result<Value, serde_json::Error> {
    serde_json::to_string(rows).map(Value::from)
}

fn kept<'a>(product: &'a ProductId, receipt: &'a Receipt) -> Kept<'a> {
    let Receipt { kind, key, job, epoch, rev, content_hash, at } = receipt;
    (product, kind.as_str(), key, *job, *epoch, *rev, content_hash, *at)
}

fn renewal<'a>(product: &'a ProductId, renewed: &Renewed) -> Renewal<'a> {
    let Renewed { job, epoch, expires_at, ttl_sec, renewals } = *renewed;
    (product, job, epoch, expires_at, ttl_sec, renewals)
}
