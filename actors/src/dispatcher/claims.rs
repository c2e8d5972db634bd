//! Claims: admitted and picked for at once, or parked until something fits.

use domain::dispatch::Pick;
use domain::event::Fact;
use domain::factory::Refusal;
use domain::{JobId, RunId, job::Fact as JobFact};

use super::state::{Named, State};
use crate::answer::NotDone;
use crate::claim::{Answer, Claiming};
use crate::job::carry::claim_key;
use crate::{factory, job, product};

/// How long a granted claim's id is remembered here. The store remembers it for 7 days; this only has to bridge the
/// moment between a caller's look there and its arrival here.
const REMEMBERED_MS: u64 = 600_000;

impl State {
    /// Answers a claim: with jobs on offer to it, by letting it wait, or by saying why not.
    pub(super) fn claim(&mut self, claiming: Claiming) {
        if claiming.is_gone() {
            return;
        }
        self.hear(&claiming);
        let Some(claiming) = self.unless_named(claiming) else { return };
        if self.lane.switches.shadow {
            return self.shadow(claiming);
        }
        let picks = match self.picks(&claiming) {
            Ok(picks) => picks,
            Err(refusal) => return tell(&claiming, Answer::Refused(refusal)),
        };
        if !picks.is_empty() {
            // Each offer that comes to nothing asks for one other job, and waits only if it was the only one.
            let one = Claiming { wanted: 1, alone: claiming.alone && picks.len() == 1, ..claiming };
            return picks.into_iter().for_each(|pick| self.offer(pick, one.clone()));
        }
        self.park(claiming);
    }

    /// Picks as many jobs as a claim wants, as far as there are any. Refuses a factory that may not claim at all.
    pub(super) fn picks(&mut self, claiming: &Claiming) -> Result<Vec<Pick>, Refusal> {
        let mut picks = Vec::new();
        while picks.len() < claiming.wanted as usize {
            match self.board.pick(&claiming.ask.claim, self.lane.now()) {
                Ok(Some(pick)) => picks.push(pick),
                Ok(None) => break,
                Err(_) if !picks.is_empty() => break,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(picks)
    }

    /// Lets a claim wait, or answers that there is nothing.
    pub(super) fn park(&mut self, claiming: Claiming) {
        let waits = claiming.ask.wait.is_some() && claiming.alone && !claiming.is_unheard();
        if !waits || self.waiting.len() + self.shadows.len() >= self.parked_claims {
            return tell(&claiming, Answer::Nothing);
        }
        let no = self.board.park(claiming.ask.claim.clone(), self.lane.now());
        self.numbers.insert(claiming.no, no);
        self.keyed.extend(key(&claiming).map(|key| (key, claiming.no)));
        self.waiting.insert(no, claiming);
    }

    /// Whoever made the claim listens no more.
    pub(super) fn left(&mut self, no: u64) {
        self.shadows.left(no);
        let Some(waiter) = self.numbers.remove(&no) else { return };
        self.board.unpark(waiter);
        if let Some(claiming) = self.waiting.remove(&waiter) {
            self.forget_key(&claiming);
        }
    }

    /// Gives what has become ready to the claims that wait for it.
    pub(super) fn serve(&mut self) {
        let waiting = &self.waiting;
        let served = self.board.serve_waiters(self.lane.now(), |no| waiting.get(&no).is_none_or(Claiming::is_unheard));
        for (no, pick) in served {
            let Some(claiming) = self.waiting.remove(&no) else { continue };
            self.numbers.remove(&claiming.no);
            self.forget_key(&claiming);
            if self.lane.switches.shadow {
                self.record(&[pick], claiming);
                continue;
            }
            self.offer(pick, Claiming { wanted: 1, ..claiming });
        }
    }

    fn forget_key(&mut self, claiming: &Claiming) {
        if let Some(key) = key(claiming)
            && self.keyed.get(&key) == Some(&claiming.no)
        {
            self.keyed.remove(&key);
        }
    }

    /// Takes note of grants under a claim's id.
    pub(super) fn remember_grants(&mut self, facts: &[Fact], job: JobId) {
        let now = self.lane.now();
        for fact in facts {
            let Fact::Job(JobFact::Leased { factory, epoch, claim_id: Some(id), .. }) = fact else { continue };
            let key = claim_key(factory, id);
            self.offered.remove(&job);
            self.named.insert(key.clone(), Named::Granted(job, *epoch));
            self.granted.push_back((now, key));
        }
        while self.granted.front().is_some_and(|(at, _)| now.ms_since(*at) > REMEMBERED_MS) {
            if let Some((_, key)) = self.granted.pop_front() {
                self.named.remove(&key);
            }
        }
    }

    /// A claim is a sign of life; a factory that was thought silent is online again.
    fn hear(&self, claiming: &Claiming) {
        let id = &claiming.ask.claim.factory;
        if self.lane.pulses.beat(id, self.lane.now()) {
            self.tell_product(product::Msg::ToFactory(id.clone(), factory::Msg::Heard));
        }
    }

    /// Gives the claim back unless one with its id was granted or is on its way; a waiting one is replaced by it.
    fn unless_named(&mut self, claiming: Claiming) -> Option<Claiming> {
        let Some(key) = key(&claiming) else { return Some(claiming) };
        match self.named.get(&key) {
            Some(Named::Granted(job, epoch)) => {
                tell(&claiming, Answer::Repeated { job: *job, epoch: *epoch });
                return None;
            }
            Some(Named::Offered) => {
                tell(&claiming, Answer::Failed(NotDone::Overloaded { retry_after_sec: 1 }));
                return None;
            }
            None => {}
        }
        if let Some(no) = self.keyed.get(&key).copied() {
            if let Some(old) = self.numbers.get(&no).and_then(|waiter| self.waiting.get(waiter)) {
                tell(old, Answer::Nothing);
            }
            self.left(no);
        }
        Some(claiming)
    }

    /// Offers a job to a claim.
    fn offer(&mut self, pick: Pick, claiming: Claiming) {
        if let Some(key) = key(&claiming) {
            self.offered.insert(pick.job, key.clone());
            self.named.insert(key, Named::Offered);
        }
        let run = RunId(self.lane.ids.next());
        self.tell_job(pick.job, job::Msg::Lease(Box::new(job::Offer { pick, run, claiming })));
    }
}

/// Tells a claim its last word. Who has gone needs no answer.
pub(super) fn tell(claiming: &Claiming, answer: Answer) {
    let _ = claiming.tell(answer);
}

fn key(claiming: &Claiming) -> Option<String> {
    let id = claiming.ask.claim_id.as_ref()?;
    Some(claim_key(&claiming.ask.claim.factory, id))
}
