//! What an operator changes of a job, or that it ships.

use std::collections::BTreeMap;

use domain::job::command;
use domain::job::spec::Spec;
use domain::profile::{Usual, Wanted};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::Time;
use crate::check::{Checks, MAX_TIMEOUT_SEC};
use crate::problem::Problem;
use crate::submit::{SubmitRetry, profile_of};
use crate::word::Priority;

/// Members that only an edit has.
pub(super) const ONLY: &[&str] = &[
    "title",
    "bodyMd",
    "priority",
    "engines",
    "retry",
    "timeoutSec",
    "profile",
    "repo",
    "labels",
    "dueAt",
    "capabilities",
];

/// An operator's edit: absent members stay as they are, and `null` clears those that a job can be without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Edit {
    /// One line for lists.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub title: Option<String>,
    /// The instructions.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub body_md: Option<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub priority: Option<Priority>,
    /// What a factory must be able to do to claim it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub capabilities: Option<Vec<String>>,
    /// Acceptable engines in order of preference.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub engines: Option<Vec<String>>,
    /// How often it is tried, and how far apart.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub retry: Option<SubmitRetry>,
    /// Free words for people and selectors; replaces them all.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::unique::given")]
    pub labels: Option<BTreeMap<String, String>>,
    /// The limit of one run, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub timeout_sec: Option<Option<u64>>,
    /// A profile, as a submit names it. What was not given by hand is resolved anew.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub profile: Option<Option<String>>,
    /// The repository to work in.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub repo: Option<Option<String>>,
    /// Wanted by this instant.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Option<Time>>,
    /// Ships delivered work; not together with other members.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub stage: Option<Ship>,
}

/// The one stage that an operator can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ship {
    /// Done.
    Shipped,
}

/// Tells a member that is `null` from one that is absent.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Edit {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        if self.stage.is_some() && *self != (Self { stage: self.stage, ..Self::default() }) {
            checks.refuse("/stage", "cannot be given together with other members");
        }
        self.title.iter().for_each(|title| checks.title("/title", title));
        self.body_md.iter().for_each(|body| checks.body("/bodyMd", body));
        for (pointer, words) in [("/capabilities", &self.capabilities), ("/engines", &self.engines)] {
            words.iter().for_each(|words| checks.words(pointer, words));
        }
        self.labels.iter().for_each(|labels| checks.labels("/labels", labels));
        if let Some(retry) = self.retry {
            retry.check(&mut checks);
        }
        if let Some(Some(secs)) = self.timeout_sec {
            checks.range("/timeoutSec", secs, 1..=MAX_TIMEOUT_SEC);
        }
        if let Some(Some(profile)) = &self.profile {
            checks.profile("/profile", profile);
        }
        if let Some(Some(repo)) = &self.repo {
            checks.no_option("/repo", repo);
        }
        checks.done()
    }

    /// The profile that it names, which the job is to have from now on.
    pub fn profile(&self) -> Option<Wanted> {
        self.profile.as_ref().and_then(|named| named.as_deref()?.parse().ok())
    }

    /// Makes the order to the job out of the spec as it is. Members that stay the same are no change. With another
    /// profile, what was not given by hand is resolved anew. Refuses a profile that there is not.
    pub fn into_command(self, spec: &Spec, usual: &Usual) -> Result<command::Edit, Problem> {
        let mut new = spec.clone();
        if let Some(given) = &mut new.given {
            given.extend(self.given());
        }
        set(&mut new.title, self.title.map(|title| title.trim().to_owned()));
        set(&mut new.body_md, self.body_md);
        set(&mut new.priority, self.priority.map(Into::into));
        set(&mut new.capabilities, self.capabilities);
        set(&mut new.engines, self.engines);
        set(&mut new.retry, self.retry.map(|retry| retry.over(spec.retry)));
        set(&mut new.labels, self.labels);
        set(&mut new.timeout_sec, self.timeout_sec);
        set(&mut new.repo, self.repo);
        set(&mut new.due_at, self.due_at.map(|due| due.map(Into::into)));
        if let Some(named) = self.profile {
            // An operator who takes the profile away does not ask for the product's.
            let profile = named.map(|named| profile_of(Some(&named), usual)).transpose()?.flatten();
            if profile.map(|profile| profile.pinned().to_string()) != spec.profile {
                new = usual.resolve(new, profile);
            }
        }
        Ok(command::Edit { changed: changed(spec, &new), spec: new })
    }
}

fn set<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

/// Names of the members that differ, as on the wire.
fn changed(old: &Spec, new: &Spec) -> Vec<String> {
    let members = [
        ("title", old.title != new.title),
        ("bodyMd", old.body_md != new.body_md),
        ("priority", old.priority != new.priority),
        ("capabilities", old.capabilities != new.capabilities),
        ("engines", old.engines != new.engines),
        ("retry", old.retry != new.retry),
        ("labels", old.labels != new.labels),
        ("timeoutSec", old.timeout_sec != new.timeout_sec),
        ("profile", old.profile != new.profile),
        ("repo", old.repo != new.repo),
        ("dueAt", old.due_at != new.due_at),
        ("engineClass", old.engine_class != new.engine_class),
        ("base", old.base != new.base),
        ("cwd", old.cwd != new.cwd),
        ("verify", old.verify != new.verify),
        ("allowedScope", old.allowed_scope != new.allowed_scope),
        ("yolo", old.yolo != new.yolo),
        ("autoShip", old.auto_ship != new.auto_ship),
        ("budget", old.budget != new.budget),
        ("approvals", old.approvals != new.approvals),
    ];
    members.into_iter().filter(|(_, differs)| *differs).map(|(member, _)| member.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn only_what_differs_is_changed() {
        let job = fixture::queued();
        let edit = Edit {
            title: Some("Fix it".into()),
            priority: Some(Priority::High),
            retry: Some(SubmitRetry { max_attempts: Some(7), backoff_sec: None }),
            due_at: Some(None),
            timeout_sec: Some(Some(60)),
            ..Edit::default()
        };
        let order = edit.into_command(&job.spec, &Usual::default()).unwrap();
        assert_eq!(order.changed, ["priority", "retry", "timeoutSec"]);
        assert_eq!((order.spec.retry.max_attempts, order.spec.retry.backoff_sec), (7, 30));
        assert_eq!((order.spec.timeout_sec, &order.spec.title), (Some(60), &job.spec.title));
    }

    #[test]
    fn is_written_as_it_was_meant() {
        let edit = Edit { timeout_sec: Some(None), ..Edit::default() };
        assert_eq!(serde_json::to_string(&edit).unwrap(), r#"{"timeoutSec":null}"#);
    }
}
