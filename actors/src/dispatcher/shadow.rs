//! Shadow mode: what would be granted is decided and recorded, and nothing is granted.

use std::collections::{BTreeMap, HashMap};

use domain::dispatch::Pick;
use domain::{FactoryId, JobId};

use super::claims::tell;
use super::state::State;
use crate::claim::{Answer, Claiming};
use crate::job::{self, carry};

/// What shadow mode remembers.
#[derive(Default)]
pub(super) struct Shadows {
    /// The last job that was chosen for each factory: the same choice is recorded once.
    chosen: BTreeMap<FactoryId, JobId>,
    /// Claims that would have been granted and may wait: they are left to run out of time.
    held_back: HashMap<u64, Claiming>,
}

impl Shadows {
    /// Whoever made the claim listens no more.
    pub(super) fn left(&mut self, no: u64) {
        self.held_back.remove(&no);
    }

    /// Takes every claim that is held back.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Claiming> + use<> {
        std::mem::take(&mut self.held_back).into_values()
    }
}

impl State {
    /// Answers a claim as if nothing fitted, and records what would have been granted.
    pub(super) fn shadow(&mut self, claiming: Claiming) {
        let now = self.lane.now();
        match self.board.preview(&claiming.ask.claim, now) {
            Err(refusal) => tell(&claiming, Answer::Refused(refusal)),
            Ok((Some(pick), _)) => self.record(&pick, claiming),
            Ok((None, _)) => self.park(claiming),
        }
    }

    /// Records a choice; the job is there for the next claim as before.
    pub(super) fn record(&mut self, pick: &Pick, claiming: Claiming) {
        self.board.end_offer(pick.job, self.lane.now());
        if self.shadows.chosen.insert(pick.factory.clone(), pick.job) != Some(pick.job) {
            let decision = Box::new(carry::decided(pick));
            self.tell_job(pick.job, job::Msg::Shadow(pick.factory.clone(), decision));
        }
        if claiming.ask.wait.is_some() && !claiming.is_unheard() {
            self.shadows.held_back.insert(claiming.no, claiming);
        } else {
            tell(&claiming, Answer::Nothing);
        }
    }
}
