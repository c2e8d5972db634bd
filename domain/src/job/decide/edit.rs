//! An operator changes what was asked for.

use crate::job::command::Edit;
use crate::job::event::Fact;
use crate::job::refusal::Refusal;
use crate::job::state::Job;

/// Members that a factory works by: they change only while none holds the job.
const WHILE_UNLEASED: [&str; 7] = ["bodyMd", "engines", "retry", "timeoutSec", "profile", "dependsOn", "repo"];

/// Replaces the spec; touches neither lease nor epoch. Refuses ended jobs, and what a holder works by.
pub(super) fn decide(job: &Job, edit: Edit) -> Result<Vec<Fact>, Refusal> {
    if job.stage.is_terminal() {
        return Err(super::illegal(job, job.stage));
    }
    if edit.changed.is_empty() {
        return Ok(Vec::new());
    }
    if job.held().is_some()
        && let Some(member) = edit.changed.iter().find(|member| WHILE_UNLEASED.contains(&member.as_str()))
    {
        return Err(Refusal::LeasedField { member: member.clone() });
    }
    Ok(vec![Fact::Edited { changed: edit.changed, spec: Some(Box::new(edit.spec)) }])
}
