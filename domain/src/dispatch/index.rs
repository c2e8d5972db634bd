//! The ready index: jobs with equal needs share a group, groups keep order, only heads are looked at.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::needs::Needs;
use crate::job::state::Priority;
use crate::{JobId, Timestamp};

/// A job's place in the order of its group: more urgent first, then older, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) priority: Reverse<Priority>,
    pub(super) queued_at: Timestamp,
    pub(super) job: JobId,
}

/// Number of a group; reused when the group has no members left.
pub(super) type GroupNo = u32;

#[derive(Debug)]
struct Group {
    needs: Arc<Needs>,
    ready: BTreeSet<Rank>,
    members: u32,
}

/// Groups of interchangeable jobs.
#[derive(Debug, Default)]
pub(super) struct Index {
    groups: Vec<Option<Group>>,
    numbers: BTreeMap<Arc<Needs>, GroupNo>,
    vacant: Vec<GroupNo>,
    ready: usize,
}

impl Index {
    /// Counts a job into the group of its needs.
    pub(super) fn join(&mut self, needs: &Arc<Needs>) -> GroupNo {
        if let Some(no) = self.numbers.get(needs).copied() {
            if let Some(group) = &mut self.groups[no as usize] {
                group.members += 1;
            }
            return no;
        }
        let group = Some(Group { needs: needs.clone(), ready: BTreeSet::new(), members: 1 });
        let no = match self.vacant.pop() {
            Some(no) => {
                self.groups[no as usize] = group;
                no
            }
            None => {
                self.groups.push(group);
                GroupNo::try_from(self.groups.len() - 1).unwrap_or(GroupNo::MAX)
            }
        };
        self.numbers.insert(needs.clone(), no);
        no
    }

    /// Counts a job out of its group.
    pub(super) fn leave(&mut self, no: GroupNo) {
        let Some(group) = &mut self.groups[no as usize] else { return };
        group.members -= 1;
        if group.members == 0 {
            self.numbers.remove(&group.needs);
            self.groups[no as usize] = None;
            self.vacant.push(no);
        }
    }

    /// What the group's jobs ask for.
    pub(super) fn needs(&self, no: GroupNo) -> Option<&Arc<Needs>> {
        self.groups[no as usize].as_ref().map(|group| &group.needs)
    }

    /// Makes a member ready.
    pub(super) fn insert(&mut self, no: GroupNo, rank: Rank) {
        if let Some(group) = &mut self.groups[no as usize] {
            self.ready += usize::from(group.ready.insert(rank));
        }
    }

    /// Takes a member out of the order.
    pub(super) fn remove(&mut self, no: GroupNo, rank: &Rank) {
        if let Some(group) = &mut self.groups[no as usize] {
            self.ready -= usize::from(group.ready.remove(rank));
        }
    }

    /// The best ready job of the group.
    pub(super) fn head(&self, no: GroupNo) -> Option<Rank> {
        self.groups[no as usize].as_ref().and_then(|group| group.ready.first().copied())
    }

    /// The best ready job among the groups whose needs pass.
    pub(super) fn best(&self, passes: impl Fn(&Needs) -> bool) -> Option<(GroupNo, Rank)> {
        let heads = self.numbers.iter().filter_map(|(needs, no)| self.head(*no).map(|rank| (needs, *no, rank)));
        heads.filter(|(needs, _, _)| passes(needs)).map(|(_, no, rank)| (no, rank)).min_by_key(|(_, rank)| *rank)
    }

    /// How many ready jobs are in groups whose needs pass.
    pub(super) fn count(&self, passes: impl Fn(&Needs) -> bool) -> usize {
        let groups = self.groups.iter().flatten();
        groups.filter(|group| !group.ready.is_empty() && passes(&group.needs)).map(|group| group.ready.len()).sum()
    }

    /// Makes many members ready at once. The orders are built from sorted ranks, which leaves no node half empty.
    pub(super) fn fill(&mut self, mut ranks: Vec<(GroupNo, Rank)>) {
        ranks.sort_unstable();
        self.ready += ranks.len();
        for some in ranks.chunk_by(|one, other| one.0 == other.0) {
            let Some(group) = some.first().and_then(|(no, _)| self.groups[*no as usize].as_mut()) else { continue };
            group.ready.append(&mut some.iter().map(|(_, rank)| *rank).collect());
        }
    }

    /// How many jobs are ready.
    pub(super) fn ready(&self) -> usize {
        self.ready
    }
}
