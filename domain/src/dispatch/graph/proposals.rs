//! Edges that edits under way would enter. They count when circles are looked for, and for nothing else.

use std::collections::BTreeMap;

use crate::JobId;

/// From each job to those that it would wait for, and how many edits under way say so.
#[derive(Debug, Default)]
pub(super) struct Proposals(BTreeMap<JobId, BTreeMap<JobId, usize>>);

impl Proposals {
    /// An edit would make the job wait for these.
    pub(super) fn enter(&mut self, job: JobId, dependencies: &[JobId]) {
        let edges = self.0.entry(job).or_default();
        dependencies.iter().for_each(|dep| *edges.entry(*dep).or_default() += 1);
    }

    /// That edit has come to its end.
    pub(super) fn withdraw(&mut self, job: JobId, dependencies: &[JobId]) {
        let Some(edges) = self.0.get_mut(&job) else { return };
        for dep in dependencies {
            edges.entry(*dep).and_modify(|edits| *edits = edits.saturating_sub(1));
        }
        edges.retain(|_, edits| *edits > 0);
        if edges.is_empty() {
            self.0.remove(&job);
        }
    }

    /// The jobs that this one would wait for.
    pub(super) fn of(&self, job: JobId) -> impl Iterator<Item = JobId> {
        self.0.get(&job).into_iter().flat_map(|edges| edges.keys().copied())
    }
}
