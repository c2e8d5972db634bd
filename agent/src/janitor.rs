//! Tidies up at a factory's start, when no run of it can be alive: ends processes that a dead factory left, keeps the
//! work that lies in their work trees, removes the rest. Touches nothing outside the factory's own directory.

use std::path::Path;

use domain::{Epoch, JobId};
use wire::Checkpoint;

use crate::git::{self, Checkout, GitError, Mirror};
use crate::journal::{Entry, Journal};
use crate::run::space::{MARK, Record, index, mirrors, runs, tree, wip_ref};
use crate::sweep;

/// A run that died with its factory, and its work if there was any.
#[derive(Debug)]
pub(crate) struct Orphan {
    pub(crate) job: JobId,
    pub(crate) epoch: Epoch,
    pub(crate) work: Option<(Mirror, Checkpoint)>,
}

/// Tidies up `workdir` and tells which runs were found dead. What cannot be tidied is a warning.
pub(crate) async fn tidy(workdir: &Path, journal: &Journal) -> Vec<Orphan> {
    let mut orphans = Vec::new();
    let entries = std::fs::read_dir(runs(workdir)).into_iter().flatten().flatten();
    for root in entries.map(|entry| entry.path()) {
        if let Some(record) = Record::read(&root) {
            let ended = sweep::sweep(MARK, &record.run_id);
            let work = match keep(workdir, &root, &record).await {
                Ok(work) => work,
                Err(why) => {
                    tracing::warn!(job = %record.job_id, %why, "the work of a dead run could not be kept");
                    None
                }
            };
            let detail = format!("{ended} processes ended, work {}", if work.is_some() { "kept" } else { "none" });
            journal.add(Entry::Recovered, &record.job_id.to_string(), record.lease_epoch, &detail);
            orphans.push(Orphan { job: record.job_id, epoch: Epoch(record.lease_epoch), work });
        }
        if let Err(why) = git::remove_tree(&root) {
            tracing::warn!(%why, "what a dead run left could not be removed");
        }
    }
    for mirror in Mirror::all(&mirrors(workdir)) {
        if let Err(why) = tidy_mirror(&mirror).await {
            tracing::warn!(%why, "a mirror could not be tidied");
        }
    }
    orphans
}

async fn tidy_mirror(mirror: &Mirror) -> Result<(), GitError> {
    mirror.prune().await?;
    mirror.drop_branches().await
}

async fn keep(workdir: &Path, root: &Path, record: &Record) -> Result<Option<(Mirror, Checkpoint)>, GitError> {
    let (Some(repo), Some(base)) = (&record.repo, &record.base) else { return Ok(None) };
    let tree = tree(root);
    if !tree.is_dir() {
        return Ok(None);
    }
    let mirror = Mirror::open(&mirrors(workdir), repo).await?;
    let checkout = Checkout::reopen(mirror.clone(), &tree, &index(root), base)?;
    let (job, epoch) = (record.job_id, record.lease_epoch);
    let message = format!("Work in progress\n\nGigafactory-Job: {job}\nGigafactory-Epoch: {epoch}\n");
    let snapshot = checkout.snapshot(&message).await?;
    if !snapshot.changed {
        return Ok(None);
    }
    let name = wip_ref(job, Epoch(epoch));
    mirror.keep(&name, &snapshot.commit).await?;
    let checkpoint =
        Checkpoint { wip_branch: name, wip_base: Some(base.clone()), wip_commit: Some(snapshot.commit), note: None };
    Ok(Some((mirror, checkpoint)))
}
