//! Claims of the pure backend: what the board picks is leased at once.

use actors::{Grant, NotDone};
use domain::dispatch::{Pick, Rules};
use domain::job::{Command as Order, Decision, command};
use domain::product::Settings;
use domain::{By, Epoch, JobId, RunId};
use uuid::Uuid;

use super::border;
use super::command::Claim;
use super::pure::Pure;

impl Pure {
    pub(super) fn claim(&mut self, claim: &Claim) -> Result<Vec<Grant>, NotDone> {
        let ask = border::ask(claim);
        let factory = ask.claim.factory.clone();
        self.hear(&factory);
        let key = ask.claim_id.clone().map(|id| (factory.clone(), id));
        if let Some((id, epoch)) = key.as_ref().and_then(|key| self.grants.get(key)).copied() {
            return Ok(vec![self.granted(id, epoch, true)]);
        }
        let mut grants = Vec::new();
        while (grants.len() as u32) < ask.max {
            let pick = match self.board.pick(&ask.claim, self.now) {
                Ok(Some(pick)) => pick,
                Err(why) if grants.is_empty() => return Err(NotDone::Factory(why)),
                Ok(None) | Err(_) => break,
            };
            self.opened += 1;
            let decision = decided(&pick);
            let lease = command::Lease {
                factory: factory.clone(),
                run: RunId(Uuid::from_u128(self.opened)),
                engine: pick.engine,
                ttl_sec: ask.ttl_sec,
                claim_id: ask.claim_id.clone(),
                decision: Some(decision.clone()),
            };
            let done = self.order(pick.job, Order::Lease(lease), &By::Factory(factory.clone()))?;
            self.decisions.insert((pick.job, done.job.epoch), decision);
            self.grants.extend(key.clone().map(|key| (key, (pick.job, done.job.epoch))));
            grants.push(self.granted(pick.job, done.job.epoch, false));
        }
        Ok(grants)
    }

    fn granted(&self, id: JobId, epoch: Epoch, repeated: bool) -> Grant {
        let job = self.jobs[&id].clone();
        let held = self.leases.get(id).filter(|held| held.epoch == epoch);
        let running = job.run.clone().filter(|run| run.epoch == epoch);
        Grant {
            run: running.unwrap_or_else(|| self.runs[&(id, epoch)].clone()),
            epoch,
            expires_at: held.map_or(job.updated_at, |held| held.expires_at),
            ttl_sec: held.map_or(0, |held| held.ttl_sec),
            lease_active: held.is_some(),
            repeated,
            decision: self.decisions.get(&(id, epoch)).cloned(),
            profile: None,
            job,
        }
    }
}

/// What the product's settings mean for claims.
pub(super) fn rules(settings: &Settings) -> Rules {
    Rules {
        paused: settings.paused,
        review_limit: settings.review_limit,
        weights: settings.weights(),
        estimate: settings.estimate_usd.unwrap_or_default(),
        keeps_top: settings.record_scores,
        preemption: false,
    }
}

fn decided(pick: &Pick) -> Decision {
    let number = |jobs: usize| u32::try_from(jobs).unwrap();
    let filtered = pick.sought.filtered.iter().map(|(reason, jobs)| (*reason, number(*jobs))).collect();
    Decision::new(number(pick.sought.considered), filtered, &pick.breakdown)
}
