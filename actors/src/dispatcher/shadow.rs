//! Shadow mode: what would be granted is decided and recorded, and nothing is granted.

use std::collections::{BTreeSet, HashMap};

use domain::dispatch::Pick;
use domain::{FactoryId, JobId};

use super::claims::tell;
use super::state::State;
use crate::claim::{Answer, Claiming};
use crate::job::{self, carry};

/// What shadow mode remembers.
#[derive(Default)]
pub(super) struct Shadows {
    /// For whom each job was chosen since it last changed: the same choice is recorded once.
    chosen: HashMap<JobId, BTreeSet<FactoryId>>,
    /// Claims that would have been granted and may wait: they are left to run out of time.
    held_back: HashMap<u64, Claiming>,
}

impl Shadows {
    /// Whoever made the claim listens no more.
    pub(super) fn left(&mut self, no: u64) {
        self.held_back.remove(&no);
    }

    /// Something has happened to the job: choices of it are news again.
    pub(super) fn changed(&mut self, job: JobId) {
        self.chosen.remove(&job);
    }

    /// How many claims are held back.
    pub(super) fn len(&self) -> usize {
        self.held_back.len()
    }

    /// Takes every claim that is held back.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Claiming> + use<> {
        std::mem::take(&mut self.held_back).into_values()
    }
}

impl State {
    /// Answers a claim as if nothing fitted, and records what would have been granted.
    pub(super) fn shadow(&mut self, claiming: Claiming) {
        match self.picks(&claiming) {
            Err(refusal) => tell(&claiming, Answer::Refused(refusal)),
            Ok(picks) if picks.is_empty() => self.park(claiming),
            Ok(picks) => self.record(&picks, claiming),
        }
    }

    /// Records what was chosen for a claim; the jobs are there for the next one as before.
    pub(super) fn record(&mut self, picks: &[Pick], claiming: Claiming) {
        for pick in picks {
            self.board.put_back(pick.job, self.lane.now());
            if self.shadows.chosen.entry(pick.job).or_default().insert(pick.factory.clone()) {
                let decision = Box::new(carry::decided(pick));
                self.tell_job(pick.job, job::Msg::Shadow(pick.factory.clone(), decision));
            }
        }
        let has_room = self.waiting.len() + self.shadows.len() < self.parked_claims;
        if claiming.ask.wait.is_some() && !claiming.is_unheard() && has_room {
            self.shadows.held_back.insert(claiming.no, claiming);
        } else {
            tell(&claiming, Answer::Nothing);
        }
    }
}
