//! How what a submitter left out is filled in: by the profile, then by the product; the rest is as built in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::defaults::{Defaults, Member};
use super::{Profile, Wanted};
use crate::job::Spec;
use crate::job::spec::Retry;

/// What fills in what submitters leave out: the profiles that a request names, and what holds in its product.
#[derive(Clone, Debug, Default)]
pub struct Usual {
    /// The profiles, as they are named.
    pub named: BTreeMap<Wanted, Arc<Profile>>,
    /// The profile of jobs that name none.
    pub default_profile: Option<Arc<Profile>>,
    /// What the product says itself, below every profile.
    pub product: Defaults,
}

impl Usual {
    /// The profile of a job that names this one, or none. Refuses a name that there is no profile for.
    pub fn profile(&self, named: Option<&Wanted>) -> Result<Option<&Profile>, Wanted> {
        match named {
            Some(wanted) => self.named.get(wanted).map(|found| Some(&**found)).ok_or_else(|| wanted.clone()),
            None => Ok(self.default_profile.as_deref()),
        }
    }

    /// Gives a job a profile, or takes it away, and fills in what was not given by hand: by the profile, then by the
    /// product; the rest is as built in. Of a job that does not say what was given nothing is filled in.
    #[must_use]
    pub fn resolve(&self, spec: Spec, profile: Option<&Profile>) -> Spec {
        let says = profile.map(|profile| profile.snapshot.defaults.clone()).unwrap_or_default();
        let profile = profile.map(|profile| profile.pinned().to_string());
        filled(Spec { profile, ..spec }, says.over(self.product.clone()))
    }
}

fn filled(mut spec: Spec, says: Defaults) -> Spec {
    let Some(given) = spec.given.clone() else { return spec };
    let is_open = |member| !given.contains(&member);
    for member in Member::ALL.iter().copied().filter(|member| is_open(*member)) {
        match member {
            Member::Priority => spec.priority = says.priority.unwrap_or_default(),
            Member::Capabilities => spec.capabilities = says.capabilities.clone().unwrap_or_default(),
            Member::EngineClass => spec.engine_class.clone_from(&says.engine_class),
            Member::Engines => spec.engines = says.engines.clone().unwrap_or_default(),
            Member::Repo => spec.repo.clone_from(&says.repo),
            Member::Base => spec.base.clone_from(&says.base),
            Member::Cwd => spec.cwd.clone_from(&says.cwd),
            Member::Verify => spec.verify.clone_from(&says.verify),
            Member::AllowedScope => spec.allowed_scope = says.allowed_scope.clone().unwrap_or_default(),
            Member::Yolo => spec.yolo = says.yolo.unwrap_or_default(),
            Member::AutoShip => spec.auto_ship = says.auto_ship.unwrap_or_default(),
            Member::BudgetUsd => spec.budget.usd = says.budget_usd,
            Member::BudgetWallSec => spec.budget.wall_sec = says.budget_wall_sec,
            Member::TimeoutSec => spec.timeout_sec = says.timeout_sec,
            Member::MaxAttempts => {
                spec.retry.max_attempts = says.max_attempts.unwrap_or(Retry::default().max_attempts);
            }
            Member::BackoffSec => spec.retry.backoff_sec = says.backoff_sec.unwrap_or(Retry::default().backoff_sec),
            Member::Labels => spec.labels = says.labels.clone().unwrap_or_default(),
            // A job that completes by itself has nothing to approve.
            Member::Approvals if spec.auto_complete => {}
            Member::Approvals => spec.approvals = says.approvals.clone().unwrap_or_default(),
        }
    }
    spec
}
