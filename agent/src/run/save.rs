//! Keeping a run's work: a snapshot on the epoch's own ref, here and in the job's repository, and the report of it.
//! Moves no branch.

use domain::Epoch;
use wire::{Checkpoint, Report, Stage};

use super::Attempt;
use super::space::{Space, wip_ref};
use crate::fleet::Fleet;
use crate::git::{GitError, Snapshot};
use crate::link::Tries;

/// What was kept last.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    tree: Option<String>,
    checkpoint: Option<Checkpoint>,
    reported: Option<(Option<Checkpoint>, wire::Insights)>,
}

/// The state of the work, as far as it could be kept.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// The newest snapshot.
    pub(crate) snapshot: Option<Snapshot>,
    /// What others can resume from.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Why there is no newer one.
    pub(crate) trouble: Option<String>,
}

impl<F: Fleet> Attempt<'_, F> {
    /// Keeps the work as it is now; with `push`, where other factories can have it.
    pub(super) async fn save(&self, space: &Space, push: bool) -> Work {
        let mut saved = self.saved.lock().await;
        let mut work = Work { checkpoint: saved.checkpoint.clone(), ..Work::default() };
        let kept = self.keep(space, push, &mut saved, &mut work).await;
        if let Err(why) = kept {
            tracing::warn!(job = %self.lease().job, %why, "the work could not be kept");
            self.log.note(&format!("the work could not be kept: {why}"));
            work.trouble = Some(why.to_string());
        }
        work
    }

    async fn keep(&self, space: &Space, push: bool, saved: &mut Saved, work: &mut Work) -> Result<(), GitError> {
        let Some(checkout) = &space.checkout else { return Ok(()) };
        let snapshot = checkout.snapshot(&self.message("Work in progress")).await?;
        work.snapshot = Some(snapshot.clone());
        // Work that was taken back is a change too.
        if !snapshot.changed && saved.tree.is_none() || saved.tree.as_ref() == Some(&snapshot.tree) {
            return Ok(());
        }
        let name = wip_ref(self.lease().job, self.lease().epoch);
        checkout.mirror().keep(&name, &snapshot.commit).await?;
        if !push {
            return Ok(());
        }
        checkout.mirror().push_wip(&name, &snapshot.commit).await?;
        let checkpoint = Checkpoint {
            wip_branch: name,
            wip_base: Some(checkout.base().to_owned()),
            wip_commit: Some(snapshot.commit),
            note: None,
        };
        saved.tree = Some(snapshot.tree);
        saved.checkpoint = Some(checkpoint.clone());
        work.checkpoint = Some(checkpoint);
        Ok(())
    }

    /// Keeps the work and reports it. A report that does not arrive is made up for by the next one.
    pub(super) async fn checkpoint(&self, space: &Space) {
        let work = self.save(space, true).await;
        let insights = self.seen.totals();
        let news = (work.checkpoint, insights);
        if self.saved.lock().await.reported.as_ref() == Some(&news) {
            return;
        }
        let report = Report {
            stage: Some(Stage::Building),
            checkpoint: news.0.clone(),
            insights: Some(news.1.clone()),
            ..Report::default()
        };
        match self.link.report(report, Tries::One).await {
            Ok(_) => self.saved.lock().await.reported = Some(news),
            Err(why) => tracing::debug!(job = %self.lease().job, %why, "a checkpoint was not reported"),
        }
    }

    /// The message of a commit: one line, and where it comes from.
    pub(super) fn message(&self, subject: &str) -> String {
        let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect();
        let Epoch(epoch) = self.lease().epoch;
        let (job, run) = (self.lease().job, &self.grant.run.id);
        format!("{subject}\n\nGigafactory-Job: {job}\nGigafactory-Run: {run}\nGigafactory-Epoch: {epoch}\n")
    }
}
