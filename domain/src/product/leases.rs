//! The held leases of a product and their deadlines: one ordered map. Renewals live here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::job::command::Fence;
use crate::job::{Job, Lease};
use crate::mutant::Mutant;
use crate::{Epoch, FactoryId, JobId, Timestamp};

/// How many heartbeats may leave out a lease before it is taken back.
const MAX_UNLISTED: u8 = 2;

/// A held lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who holds it.
    pub holder: FactoryId,
    /// Under which epoch.
    pub epoch: Epoch,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Its length in seconds.
    pub ttl_sec: u32,
    /// How often it was renewed.
    pub renewals: u32,
    /// When a limit of its run passes.
    pub limit_at: Option<Timestamp>,
    /// Heartbeats in a row that did not list it.
    unlisted: u8,
    /// A renewal that the database does not have yet.
    unsaved: bool,
    /// An end was ordered; the job has not answered yet.
    ending: bool,
    /// An order to end it may be under way although it is to be given again: whoever had it has died.
    in_doubt: bool,
    /// It had its one more TTL.
    spared: bool,
    /// Its end could not be committed; to be ordered again at this instant.
    retry_at: Option<Timestamp>,
    /// Its grant reached nobody: it is to be taken back.
    pub reclaimed: bool,
}

impl Held {
    /// When it has to be looked at.
    pub fn deadline(&self) -> Timestamp {
        let due = self.limit_at.map_or(self.expires_at, |limit| limit.min(self.expires_at));
        self.retry_at.unwrap_or(due)
    }
}

/// An accepted renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// When the lease runs out now.
    pub expires_at: Timestamp,
    /// Its length in seconds.
    pub ttl_sec: u32,
}

/// What a heartbeat's list of leases comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beaten {
    /// Leases that were renewed.
    pub renewed: Vec<(JobId, Epoch, Renewal)>,
    /// Listed ones that the factory does not hold.
    pub lost: Vec<(JobId, Epoch)>,
    /// Held ones that it did not list.
    pub unlisted: Vec<(JobId, Epoch)>,
    /// Those of them to be taken back: two heartbeats have left them out.
    pub reclaim: Vec<(JobId, Epoch)>,
}

/// The held leases of a product.
#[derive(Clone, Debug, Default)]
pub struct Leases {
    held: BTreeMap<JobId, Held>,
    due: BTreeSet<(Timestamp, JobId)>,
    by_factory: BTreeMap<FactoryId, BTreeSet<JobId>>,
}

impl Leases {
    /// Takes in a job as it was committed: enters, keeps or removes its lease.
    pub fn observe(&mut self, job: &Job) {
        let Some(lease) = job.held() else {
            self.remove(job.id);
            return;
        };
        let limit_at = job.limit().map(|(at, _)| at);
        if let Some(mut held) = self.held.get(&job.id).filter(|held| held.epoch == lease.epoch).cloned() {
            held.limit_at = limit_at;
            held.ending = false;
            held.in_doubt = false;
            self.put(job.id, held);
            return;
        }
        self.put(
            job.id,
            Held {
                holder: lease.holder.clone(),
                epoch: lease.epoch,
                expires_at: if Mutant::ExpiryEarly.is_planted() { half(lease) } else { lease.expires_at },
                ttl_sec: lease.ttl_sec,
                renewals: lease.renewals,
                limit_at,
                unlisted: 0,
                unsaved: false,
                ending: false,
                in_doubt: false,
                spared: false,
                retry_at: None,
                reclaimed: false,
            },
        );
    }

    /// Grants every lease that is held at a start another `min(TTL, 3 heartbeats)` from now, if that is longer.
    pub fn revive(&mut self, heartbeat_sec: impl Fn(&FactoryId) -> u32, now: Timestamp) {
        if Mutant::RevivalForgotten.is_planted() {
            return;
        }
        for (id, mut held) in self.held.clone() {
            let grace = held.ttl_sec.min(heartbeat_sec(&held.holder).saturating_mul(3));
            held.expires_at = held.expires_at.max(now.plus_secs(u64::from(grace)));
            self.put(id, held);
        }
    }

    /// The lease of a job, if one is held.
    pub fn get(&self, job: JobId) -> Option<&Held> {
        self.held.get(&job)
    }

    /// Every held lease, in the order of job ids.
    pub fn iter(&self) -> impl Iterator<Item = (JobId, &Held)> {
        self.held.iter().map(|(id, held)| (*id, held))
    }

    /// Renews the lease that the fence names, counted from `heard`. None: it is not held, or its end is under way.
    pub fn renew(&mut self, job: JobId, fence: &Fence, ttl_sec: Option<u32>, heard: Timestamp) -> Option<Renewal> {
        let holds = |held: &&Held| {
            (held.epoch == fence.epoch || Mutant::RenewalUnfenced.is_planted())
                && !held.ending
                && !held.in_doubt
                && fence.factory.as_ref().is_none_or(|factory| *factory == held.holder)
        };
        let mut held = self.held.get(&job).filter(holds)?.clone();
        let asked = ttl_sec.unwrap_or(held.ttl_sec);
        let until = heard.plus_secs(u64::from(asked));
        held.expires_at = if asked < held.ttl_sec { until } else { until.max(held.expires_at) };
        held.ttl_sec = asked;
        held.renewals += 1;
        held.unlisted = 0;
        held.unsaved = true;
        held.spared = false;
        held.retry_at = None;
        held.reclaimed = false;
        let renewal = Renewal { expires_at: held.expires_at, ttl_sec: held.ttl_sec };
        if Mutant::RenewalForgotten.is_planted() {
            return Some(renewal);
        }
        self.put(job, held);
        Some(renewal)
    }

    /// Takes in the leases that a heartbeat lists.
    pub fn beat(&mut self, factory: &FactoryId, listed: &[(JobId, Epoch)], heard: Timestamp) -> Beaten {
        let mut beaten = Beaten::default();
        for (job, epoch) in listed {
            let fence = Fence { epoch: *epoch, factory: Some(factory.clone()) };
            match self.renew(*job, &fence, None, heard) {
                Some(renewal) => beaten.renewed.push((*job, *epoch, renewal)),
                None => beaten.lost.push((*job, *epoch)),
            }
        }
        for job in self.by_factory.get(factory).cloned().unwrap_or_default() {
            let Some(held) = self.held.get_mut(&job).filter(|_| listed.iter().all(|(id, _)| *id != job)) else {
                continue;
            };
            held.unlisted = held.unlisted.saturating_add(1);
            beaten.unlisted.push((job, held.epoch));
            if held.unlisted >= MAX_UNLISTED && !held.ending && !Mutant::ReclaimNever.is_planted() {
                beaten.reclaim.push((job, held.epoch));
            }
        }
        for (job, epoch) in &beaten.reclaim {
            self.reclaim(*job, *epoch);
        }
        beaten
    }

    /// Marks a lease as to be taken back; its end is under way. False: it is not held, or ends already.
    pub fn reclaim(&mut self, job: JobId, epoch: Epoch) -> bool {
        let Some(mut held) = self.held.get(&job).filter(|held| held.epoch == epoch && !held.ending).cloned() else {
            return false;
        };
        held.ending = true;
        held.reclaimed = true;
        self.put(job, held);
        true
    }

    /// The next instant at which something is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes what is due at `now` out of the order of deadlines and marks its end as under way.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<(JobId, Held)> {
        let due: Vec<JobId> = self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, job)| *job).collect();
        let mut taken = Vec::new();
        for job in due {
            let Some(held) = self.held.get_mut(&job) else { continue };
            self.due.remove(&(held.deadline(), job));
            held.ending = true;
            taken.push((job, held.clone()));
        }
        taken
    }

    /// Gives a due lease one more TTL, once. False: it had that already.
    pub fn spare(&mut self, job: JobId, now: Timestamp) -> bool {
        let Some(mut held) = self.held.get(&job).filter(|held| !held.spared).cloned() else { return false };
        held.expires_at = now.plus_secs(u64::from(held.ttl_sec));
        held.spared = true;
        held.ending = false;
        held.retry_at = None;
        self.put(job, held);
        true
    }

    /// Puts a lease whose end could not be committed back into the order of deadlines, to be asked again at `at`.
    pub fn ask_again(&mut self, job: JobId, epoch: Epoch, at: Timestamp) {
        if let Some(mut held) = self.held.get(&job).filter(|held| held.epoch == epoch && held.ending).cloned() {
            held.retry_at = Some(at);
            held.ending = false;
            self.put(job, held);
        }
    }

    /// The same where whoever was to end it has died, perhaps with the end on its way: until that is known it cannot be
    /// renewed, for its holder would be promised what may be over.
    pub fn doubt(&mut self, job: JobId, epoch: Epoch, at: Timestamp) {
        self.ask_again(job, epoch, at);
        if let Some(held) = self.held.get_mut(&job).filter(|held| held.epoch == epoch && held.retry_at == Some(at)) {
            held.in_doubt = true;
        }
    }

    /// Renewals that the database does not have yet; they count as saved from now on.
    pub fn take_unsaved(&mut self) -> Vec<(JobId, Held)> {
        let unsaved = self.held.iter_mut().filter(|(_, held)| held.unsaved);
        unsaved
            .map(|(id, held)| {
                held.unsaved = false;
                (*id, held.clone())
            })
            .collect()
    }

    fn put(&mut self, job: JobId, held: Held) {
        self.remove(job);
        if !held.ending {
            self.due.insert((held.deadline(), job));
        }
        self.by_factory.entry(held.holder.clone()).or_default().insert(job);
        self.held.insert(job, held);
    }

    fn remove(&mut self, job: JobId) {
        let Some(old) = self.held.remove(&job) else { return };
        self.due.remove(&(old.deadline(), job));
        if let Some(jobs) = self.by_factory.get_mut(&old.holder) {
            jobs.remove(&job);
            if jobs.is_empty() {
                self.by_factory.remove(&old.holder);
            }
        }
    }
}

/// The middle of a lease that has just begun.
fn half(lease: &Lease) -> Timestamp {
    Timestamp(lease.expires_at.0 - i64::from(lease.ttl_sec) * 500)
}
