//! From a submit to a spec: checks every member, fills in the defaults, finds the dependencies.

use std::collections::BTreeSet;

use domain::JobId;
use domain::job::spec::{Approvals, JobBudget, Retry, Spec};
use domain::profile::{Profile, Usual, Wanted};

use super::hash::content_hash;
use super::title::title_of;
use super::{SubmitApprovals, SubmitRequest, SubmitRetry};
use crate::check::{Checks, MAX_KEY, MAX_TEXT, MAX_TIMEOUT_SEC};
use crate::problem::{Code, Problem};
use crate::word::{Kind, Priority};

const MAX_DEPENDENCIES: usize = 1_000;

impl SubmitRequest {
    /// Makes the spec of the job; what is not given is as `usual`. `resolve` finds the id behind the `ref` of another
    /// entry of the request. Refuses members that are out of their bounds, all at once, then a profile that there is not
    /// and dependencies that nobody knows.
    pub fn into_spec(self, usual: &Usual, resolve: impl Fn(&str) -> Option<JobId>) -> Result<Spec, Problem> {
        self.check()?;
        let profile = profile_of(self.profile.as_deref(), usual)?;
        let given = self.given();
        let depends_on = self.dependencies(resolve)?;
        let content_hash = match &self.idempotency_key {
            Some(_) => Some(content_hash(&self).map_err(|error| Problem::invalid("", error.to_string()))?),
            None => None,
        };
        let title = self.title.as_ref().map_or_else(|| title_of(&self.body_md), |title| title.trim().to_owned());
        let spec = Spec {
            title,
            body_md: self.body_md,
            manifest_json: self.manifest_json.unwrap_or_else(|| "{}".to_owned()),
            priority: self.priority.unwrap_or(Priority::Normal).into(),
            capabilities: self.capabilities.unwrap_or_default(),
            engine_class: self.engine_class,
            engines: self.engines.or(self.engine.map(|engine| vec![engine])).unwrap_or_default(),
            profile: None,
            repo: self.repo,
            base: self.base,
            cwd: self.cwd,
            verify: self.verify,
            allowed_scope: self.allowed_scope.unwrap_or_default(),
            yolo: self.yolo.unwrap_or_default(),
            auto_ship: self.auto_ship.unwrap_or_default(),
            idempotency_key: self.idempotency_key,
            content_hash,
            tracker_item_id: self.tracker_item_id,
            kind: self.kind.map(Into::into).unwrap_or_default(),
            parent: None,
            auto_complete: self.auto_complete.unwrap_or_default(),
            depends_on,
            deps_mode: self.deps_mode.map(Into::into).unwrap_or_default(),
            on_dep_failure: self.on_dep_failure.map(Into::into).unwrap_or_default(),
            concurrency_key: self.concurrency_key,
            concurrency_limit: self.concurrency_limit.unwrap_or(1),
            budget: self.budget.map_or_else(JobBudget::default, |budget| JobBudget {
                usd: budget.usd.map(Into::into),
                wall_sec: budget.wall_sec,
            }),
            timeout_sec: self.timeout_sec,
            retry: self.retry.unwrap_or_default().over(Retry::default()),
            not_before: self.not_before.map(Into::into),
            due_at: self.due_at.map(Into::into),
            labels: self.labels.unwrap_or_default(),
            approvals: self.approvals.map(Into::into).unwrap_or_default(),
            given: Some(given),
        };
        Ok(usual.resolve(spec, profile))
    }

    /// Refuses members that are out of their bounds, all at once.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        self.check_texts(&mut checks);
        self.check_lists(&mut checks);
        self.check_numbers(&mut checks);
        checks.done()
    }

    fn check_texts(&self, checks: &mut Checks) {
        let texts = [
            ("/idempotencyKey", &self.idempotency_key, MAX_KEY),
            ("/trackerItemId", &self.tracker_item_id, MAX_KEY),
            ("/concurrencyKey", &self.concurrency_key, MAX_KEY),
            ("/ref", &self.reference, MAX_KEY),
            ("/verify", &self.verify, MAX_TEXT),
        ];
        for (pointer, text, max) in texts {
            text.iter().for_each(|text| checks.given(pointer, text, max));
        }
        self.title.iter().for_each(|title| checks.title("/title", title));
        let is_composite = self.kind == Some(Kind::Composite) || self.children.is_some();
        let needs_no_body = is_composite && self.auto_complete == Some(true);
        if !needs_no_body || !self.body_md.is_empty() {
            checks.body("/bodyMd", &self.body_md);
        }
        if self.auto_complete == Some(true) && self.approvals.as_ref().is_some_and(|given| given.required != Some(0)) {
            checks.refuse("/approvals", "a job that completes by itself has nothing to approve");
        }
        self.repo.iter().for_each(|repo| checks.no_option("/repo", repo));
        self.base.iter().for_each(|base| checks.no_option("/base", base));
        self.cwd.iter().for_each(|cwd| checks.inside("/cwd", cwd));
        if self.reference.as_ref().is_some_and(|name| name.parse::<JobId>().is_ok()) {
            checks.refuse("/ref", "must not be shaped like a UUID");
        }
    }

    fn check_lists(&self, checks: &mut Checks) {
        self.profile.iter().for_each(|profile| checks.profile("/profile", profile));
        for (pointer, word) in [("/engine", &self.engine), ("/engineClass", &self.engine_class)] {
            word.iter().for_each(|word| checks.word(pointer, word));
        }
        for (pointer, words) in [("/engines", &self.engines), ("/capabilities", &self.capabilities)] {
            words.iter().for_each(|words| checks.words(pointer, words));
        }
        if self.engine.is_some() && self.engines.is_some() {
            checks.refuse("/engine", "cannot be given together with `engines`");
        }
        self.allowed_scope.iter().for_each(|globs| checks.globs("/allowedScope", globs));
        self.labels.iter().for_each(|labels| checks.labels("/labels", labels));
        if let Some(approvals) = &self.approvals {
            approvals.check(checks);
        }
        let depends_on = self.depends_on.as_deref().unwrap_or_default();
        checks.count("/dependsOn", depends_on.len(), MAX_DEPENDENCIES);
    }

    fn check_numbers(&self, checks: &mut Checks) {
        if let Some(limit) = self.concurrency_limit {
            checks.range("/concurrencyLimit", limit.into(), 1..=u32::MAX.into());
        }
        if let Some(secs) = self.timeout_sec {
            checks.range("/timeoutSec", secs, 1..=MAX_TIMEOUT_SEC);
        }
        if let Some(secs) = self.budget.and_then(|budget| budget.wall_sec) {
            checks.range("/budget/wallSec", secs, 1..=MAX_TIMEOUT_SEC);
        }
        if let Some(retry) = self.retry {
            retry.check(checks);
        }
    }

    fn dependencies(&self, resolve: impl Fn(&str) -> Option<JobId>) -> Result<Vec<JobId>, Problem> {
        let names = self.depends_on.as_deref().unwrap_or_default();
        let mut seen = BTreeSet::new();
        let mut ids = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let pointer = format!("/dependsOn/{at}");
            let Some(id) = name.parse().ok().or_else(|| resolve(name)) else {
                let detail = format!("no job and no entry of the request is named `{}`", shortened(name));
                return Err(Problem::new(Code::UnknownDependency, detail).error(pointer, "is not known"));
            };
            if !seen.insert(id) {
                return Err(Problem::invalid(pointer, "is named twice"));
            }
            ids.push(id);
        }
        Ok(ids)
    }
}

/// The profile of a job that names this one, or none. Refuses a name that there is no profile for.
pub(crate) fn profile_of<'a>(named: Option<&str>, usual: &'a Usual) -> Result<Option<&'a Profile>, Problem> {
    let wanted: Option<Wanted> = named.and_then(|named| named.parse().ok());
    usual.profile(wanted.as_ref()).map_err(|missing| no_such_profile("/profile", &missing))
}

/// Refuses a profile that there is not. 422: the request is well formed.
pub fn no_such_profile(pointer: &str, missing: &Wanted) -> Problem {
    let detail = format!("no profile is named `{missing}`");
    Problem::new(Code::InvalidRequest, detail).at_status(422).error(pointer, "is not known")
}

/// Enough of a name to recognise it by.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

impl SubmitRetry {
    pub(crate) fn check(self, checks: &mut Checks) {
        if let Some(attempts) = self.max_attempts {
            checks.range("/retry/maxAttempts", attempts.into(), 1..=100);
        }
        if let Some(secs) = self.backoff_sec {
            checks.range("/retry/backoffSec", secs, 0..=3_600);
        }
    }

    /// What is given, over what holds otherwise.
    pub(crate) fn over(self, otherwise: Retry) -> Retry {
        Retry {
            max_attempts: self.max_attempts.unwrap_or(otherwise.max_attempts),
            backoff_sec: self.backoff_sec.unwrap_or(otherwise.backoff_sec),
        }
    }
}

impl SubmitApprovals {
    fn check(&self, checks: &mut Checks) {
        let reviewers = self.reviewers.as_deref().unwrap_or_default();
        checks.names("/approvals/reviewers", reviewers);
        let Some(required) = self.required else { return };
        checks.range("/approvals/required", required.into(), 0..=64);
        if !reviewers.is_empty() && required as usize > reviewers.len() {
            checks.refuse("/approvals/required", "is more than there are reviewers");
        }
    }
}

impl From<SubmitApprovals> for Approvals {
    fn from(given: SubmitApprovals) -> Self {
        let reviewers = given.reviewers.unwrap_or_default();
        let all = u32::try_from(reviewers.len()).unwrap_or(u32::MAX);
        Self { required: given.required.unwrap_or(all), reviewers }
    }
}
