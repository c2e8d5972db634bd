//! One operator's action for many jobs at once: which jobs, which action, and what became of it.

use std::collections::BTreeSet;

use domain::JobId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::action::{Approve, Cancel, Reject, Requeue};
use crate::problem::{FieldError, Problem};
use crate::word::Priority;

/// An action for the jobs that are named, or for those that a selector fits. Members beside these four belong to the
/// action, as in the route of the action on one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionsRequest {
    /// What to do.
    pub action: Action,
    /// The jobs, 1 to [`ActionsRequest::MAX_IDS`], each named once; not together with `selector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// Which jobs; not together with `ids`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// Only says how many jobs fit, and which of them would refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Of `cancel`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of `requeue`: forgets the checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<bool>,
    /// Of `requeue`, `reject` (where it is needed) and `approve`: words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of `reject`: there is to be no next run.
    #[serde(default, rename = "final", skip_serializing_if = "Option::is_none")]
    pub is_final: Option<bool>,
    /// Of `approve`: who; the caller where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Of `reprioritize`, which needs it: how urgent the jobs are from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
}

/// What can be done to many jobs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Ends them.
    Cancel,
    /// Puts them back into the queue.
    Requeue,
    /// Refuses delivered work.
    Reject,
    /// Ships delivered work.
    Ship,
    /// Approves them.
    Approve,
    /// Changes how urgent they are.
    Reprioritize,
}

/// An action with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Ends the jobs.
    Cancel(Cancel),
    /// Puts them back into the queue.
    Requeue(Requeue),
    /// Refuses delivered work.
    Reject(Reject),
    /// Ships delivered work.
    Ship,
    /// Approves them.
    Approve(Approve),
    /// Makes them as urgent as this.
    Reprioritize(Priority),
}

/// Which jobs are meant: the filters of their list. At least one must be given, and each one that is narrows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selector {
    /// One stage, or several with commas between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// How urgent they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Priority>)]
    pub priority: Option<String>,
    /// With or without children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::Kind>)]
    pub kind: Option<String>,
    /// The factory that holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory_id: Option<String>,
    /// A capability that they ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// A label: `key` or `key=value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The job that they are children of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The work item that they were made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker_item_id: Option<String>,
    /// Somebody whose approval they wait for, in `review`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// Text in their title or body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}

/// What became of an action for many jobs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionsAnswer {
    /// How many jobs were meant.
    pub matched: usize,
    /// For how many of them it is done, or was so already; in a dry run, for how many it would be.
    pub done: usize,
    /// Those that refused, in the order in which they were meant.
    pub refused: Vec<RefusedJob>,
}

/// A job that refused an action.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedJob {
    /// The job, as it was named.
    pub id: String,
    /// Why.
    pub problem: Problem,
}

impl ActionsRequest {
    /// Jobs that can be named, at most.
    pub const MAX_IDS: usize = 1_000;
    /// Jobs that a selector may fit, at most.
    pub const MAX_MATCHED: usize = 10_000;

    /// An action for jobs that are still to be told.
    pub fn new(said: Said) -> Self {
        let mut request = Self {
            action: said.action(),
            ids: None,
            selector: None,
            dry_run: None,
            reason: None,
            fresh: None,
            note: None,
            is_final: None,
            by: None,
            priority: None,
        };
        match said {
            Said::Cancel(Cancel { reason }) => request.reason = reason,
            Said::Requeue(Requeue { fresh, note }) => (request.fresh, request.note) = (fresh, note),
            Said::Reject(Reject { note, is_final }) => (request.note, request.is_final) = (Some(note), is_final),
            Said::Ship => {}
            Said::Approve(Approve { by, note }) => (request.by, request.note) = (by, note),
            Said::Reprioritize(priority) => request.priority = Some(priority),
        }
        request
    }

    /// The action. Refuses jobs that are told twice or not at all, and members that the action has not.
    pub fn said(&self) -> Result<Said, Problem> {
        self.check_jobs()?;
        self.check_members()?;
        let note = self.note.clone();
        let missing = |pointer: &str| Problem::invalid(pointer, "is missing");
        Ok(match self.action {
            Action::Cancel => {
                let cancel = Cancel { reason: self.reason.clone() };
                cancel.check()?;
                Said::Cancel(cancel)
            }
            Action::Requeue => {
                let requeue = Requeue { fresh: self.fresh, note };
                requeue.check()?;
                Said::Requeue(requeue)
            }
            Action::Reject => {
                let reject = Reject { note: note.ok_or_else(|| missing("/note"))?, is_final: self.is_final };
                reject.check()?;
                Said::Reject(reject)
            }
            Action::Ship => Said::Ship,
            Action::Approve => {
                let approve = Approve { by: self.by.clone(), note };
                approve.check()?;
                Said::Approve(approve)
            }
            Action::Reprioritize => Said::Reprioritize(self.priority.ok_or_else(|| missing("/priority"))?),
        })
    }

    fn check_jobs(&self) -> Result<(), Problem> {
        let ids = match (&self.ids, &self.selector) {
            (Some(ids), None) => ids,
            (None, Some(selector)) if *selector == Selector::default() => {
                return Err(Problem::invalid("/selector", "must have at least one member"));
            }
            (None, Some(_)) => return Ok(()),
            (Some(_), Some(_)) => return Err(Problem::invalid("/selector", "cannot be given together with `ids`")),
            (None, None) => return Err(Problem::invalid("/ids", "is missing, and so is `selector`")),
        };
        if !(1..=Self::MAX_IDS).contains(&ids.len()) {
            return Err(Problem::invalid("/ids", format!("must have 1 to {} entries", Self::MAX_IDS)));
        }
        let mut seen = BTreeSet::new();
        // The same id may be written in several ways.
        let twice = ids.iter().position(|id| !seen.insert(id.parse::<JobId>().map_err(|_| id)));
        twice.map_or(Ok(()), |at| Err(Problem::invalid(format!("/ids/{at}"), "is named twice")))
    }

    fn check_members(&self) -> Result<(), Problem> {
        let own: &[&str] = match self.action {
            Action::Cancel => &["reason"],
            Action::Requeue => &["fresh", "note"],
            Action::Reject => &["note", "final"],
            Action::Ship => &[],
            Action::Approve => &["by", "note"],
            Action::Reprioritize => &["priority"],
        };
        let given = [
            ("reason", self.reason.is_some()),
            ("fresh", self.fresh.is_some()),
            ("note", self.note.is_some()),
            ("final", self.is_final.is_some()),
            ("by", self.by.is_some()),
            ("priority", self.priority.is_some()),
        ];
        let foreign = given.into_iter().filter(|(name, given)| *given && !own.contains(name));
        let errors: Vec<FieldError> = foreign
            .map(|(name, _)| FieldError { pointer: format!("/{name}"), detail: "is no part of this action".to_owned() })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid_members(errors)) }
    }
}

impl Said {
    fn action(&self) -> Action {
        match self {
            Self::Cancel(_) => Action::Cancel,
            Self::Requeue(_) => Action::Requeue,
            Self::Reject(_) => Action::Reject,
            Self::Ship => Action::Ship,
            Self::Approve(_) => Action::Approve,
            Self::Reprioritize(_) => Action::Reprioritize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::strict;

    const ID: &str = "0189abcd-0000-7000-8000-000000000001";

    fn said(members: &str) -> Result<Said, String> {
        let json = format!("{{{members}}}");
        let read = strict::<ActionsRequest>(json.as_bytes()).and_then(|request| request.said());
        read.map_err(|problem| problem.errors[0].pointer.clone())
    }

    #[test]
    fn an_action_is_written_as_it_is_read() {
        for action in [
            Said::Cancel(Cancel { reason: Some("old".into()) }),
            Said::Requeue(Requeue { fresh: Some(true), note: None }),
            Said::Reject(Reject { note: "no".into(), is_final: Some(true) }),
            Said::Ship,
            Said::Approve(Approve { by: Some("ann".into()), note: Some("good".into()) }),
            Said::Reprioritize(Priority::High),
        ] {
            let request = ActionsRequest { ids: Some(vec![ID.into()]), ..ActionsRequest::new(action.clone()) };
            let json = serde_json::to_vec(&request).unwrap();
            assert_eq!(strict::<ActionsRequest>(&json).unwrap().said().unwrap(), action);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let (ids, upper) = (format!("\"ids\":[\"{ID}\"]"), ID.to_uppercase());
        for (members, pointer) in [
            (ids.clone(), "/action"),
            (format!("\"action\":\"explode\",{ids}"), "/action"),
            ("\"action\":\"cancel\"".into(), "/ids"),
            ("\"action\":\"cancel\",\"ids\":[]".into(), "/ids"),
            (format!("\"action\":\"cancel\",\"ids\":[\"{ID}\",\"x\",\"{upper}\"]"), "/ids/2"),
            ("\"action\":\"cancel\",\"ids\":[\"x\",\"x\"]".into(), "/ids/1"),
            ("\"action\":\"cancel\",\"selector\":{}".into(), "/selector"),
            ("\"action\":\"cancel\",\"selector\":{\"mood\":\"x\"}".into(), "/selector/mood"),
            (format!("\"action\":\"cancel\",{ids},\"selector\":{{\"q\":\"x\"}}"), "/selector"),
            (format!("\"action\":\"cancel\",{ids},\"note\":\"x\""), "/note"),
            (format!("\"action\":\"cancel\",{ids},\"reason\":\" \""), "/reason"),
            (format!("\"action\":\"ship\",{ids},\"final\":true"), "/final"),
            (format!("\"action\":\"reject\",{ids}"), "/note"),
            (format!("\"action\":\"approve\",{ids},\"by\":\"\""), "/by"),
            (format!("\"action\":\"reprioritize\",{ids}"), "/priority"),
            (format!("\"action\":\"reprioritize\",{ids},\"priority\":\"soon\""), "/priority"),
            (format!("\"action\":\"answer\",{ids}"), "/action"),
        ] {
            assert_eq!(said(&members), Err(pointer.to_owned()), "{members}");
        }
        let many = vec!["\"x\""; 1_001].join(",");
        assert_eq!(said(&format!("\"action\":\"ship\",\"ids\":[{many}]")), Err("/ids".to_owned()));
    }
}
