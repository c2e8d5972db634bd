//! One route, two writers: a factory reports under its epoch, an operator edits without one. Tells them apart and
//! reads each by its own rules.

mod edit;
mod report;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::body::{escaped, lenient, strict};
use crate::problem::{FieldError, Problem};

pub use edit::{Edit, Ship};
pub use report::Report;

/// What a `PATCH` of a job says.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// The lease's holder tells how its run goes.
    Report(Box<Report>),
    /// An operator changes or ships the job.
    Edit(Box<Edit>),
}

/// Reads a `PATCH`: with `leaseEpoch` a report, without an edit.
/// Refuses `leaseEpoch` together with an operator's members, and an edit with members that it does not know.
pub fn parse_patch(body: &[u8]) -> Result<Patch, Problem> {
    let members: BTreeMap<String, IgnoredAny> = strict(body)?;
    if members.contains_key("leaseEpoch") {
        let mixed = named(&members, edit::ONLY, "cannot be given together with `leaseEpoch`");
        if !mixed.is_empty() {
            return Err(Problem::invalid_members(mixed));
        }
        let (mut report, ignored) = lenient::<Report>(body)?;
        report.ignored = ignored;
        report.check()?;
        return Ok(Patch::Report(Box::new(report)));
    }
    if !named(&members, report::ONLY, "").is_empty() {
        return Err(Problem::invalid("/leaseEpoch", "is missing in a report"));
    }
    let edit: Edit = strict(body)?;
    edit.check()?;
    Ok(Patch::Edit(Box::new(edit)))
}

fn named(members: &BTreeMap<String, IgnoredAny>, names: &[&str], detail: &str) -> Vec<FieldError> {
    let found = members.keys().filter(|member| names.contains(&member.as_str()));
    found.map(|member| FieldError { pointer: format!("/{}", escaped(member)), detail: detail.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Stage;

    fn report(json: &str) -> Report {
        match parse_patch(json.as_bytes()).unwrap() {
            Patch::Report(report) => *report,
            Patch::Edit(edit) => panic!("an edit: {edit:?}"),
        }
    }

    fn edit(json: &str) -> Edit {
        match parse_patch(json.as_bytes()).unwrap() {
            Patch::Edit(edit) => *edit,
            Patch::Report(report) => panic!("a report: {report:?}"),
        }
    }

    #[test]
    fn an_epoch_makes_it_a_report_and_unknown_members_are_counted() {
        let said = report(
            r#"{"leaseEpoch":3,"stage":"building","insights":{"costUsd":0.05,"engine":"codex","mood":1},"brandNew":{"a":1}}"#,
        );
        assert_eq!((said.lease_epoch, said.stage, said.ignored), (3, Some(Stage::Building), 2));
        assert_eq!(said.insights.unwrap().cost_usd.unwrap().0.0, 50_000);
    }

    #[test]
    fn without_an_epoch_it_is_an_edit() {
        let said = edit(r#"{"title":"New","timeoutSec":null,"engines":["a"]}"#);
        assert_eq!((said.title.as_deref(), said.timeout_sec, said.profile), (Some("New"), Some(None), None));
        assert_eq!(edit(r#"{"stage":"shipped"}"#).stage, Some(Ship::Shipped));
    }

    #[test]
    fn what_a_factory_says_of_its_run_is_bounded() {
        let long = |n: usize| "é".repeat(n);
        let refused = |member: &str, name: &str, text: &str| {
            let branch = if name == "wipBranch" { "" } else { r#""wipBranch":"w","# };
            let branch = if member == "checkpoint" { branch } else { "" };
            let json = format!(r#"{{"leaseEpoch":1,"{member}":{{{branch}"{name}":"{text}"}}}}"#);
            parse_patch(json.as_bytes()).err().map(|problem| (problem.status, problem.errors[0].pointer.clone()))
        };
        for name in ["engine", "engineVersion", "sessionId", "sandbox", "model", "costBasis"] {
            assert_eq!(refused("insights", name, &long(256)), None);
            assert_eq!(refused("insights", name, &long(257)), Some((400, format!("/insights/{name}"))));
        }
        for name in ["wipBranch", "wipBase", "wipCommit"] {
            assert_eq!(refused("checkpoint", name, &long(512)), None);
            for bad in [&long(513), "", "-x", "a b", "a\\tb", "a\\u0000b", "a\\u007f"] {
                assert_eq!(refused("checkpoint", name, bad), Some((400, format!("/checkpoint/{name}"))), "{bad}");
            }
        }
        assert_eq!(refused("checkpoint", "note", &long(4_096)), None);
        assert_eq!(refused("checkpoint", "note", &long(4_097)), Some((400, "/checkpoint/note".to_owned())));
    }

    #[test]
    fn what_fits_neither_is_refused() {
        for (json, pointer) in [
            (r#"{"leaseEpoch":1,"title":"x"}"#, "/title"),
            (r#"{"leaseEpoch":1,"stage":"building","priority":"high"}"#, "/priority"),
            (r#"{"leaseEpoch":"1"}"#, "/leaseEpoch"),
            (r#"{"leaseEpoch":1,"stage":"paused"}"#, "/stage"),
            (r#"{"leaseEpoch":1,"checkpoint":{}}"#, "/checkpoint/wipBranch"),
            (r#"{"leaseEpoch":1,"factoryId":"a b"}"#, "/factoryId"),
            (r#"{"leaseEpoch":1,"reportId":""}"#, "/reportId"),
            (r#"{"checkpoint":{"wipBranch":"x"}}"#, "/leaseEpoch"),
            (r#"{"stage":"review"}"#, "/stage"),
            (r#"{"stage":"shipped","title":"x"}"#, "/stage"),
            (r#"{"nope":1}"#, "/nope"),
            (r#"{"title":null}"#, "/title"),
            (r#"{"title":""}"#, "/title"),
            (r#"{"timeoutSec":0}"#, "/timeoutSec"),
            (r#"{"retry":{"maxAttempts":0}}"#, "/retry/maxAttempts"),
            (r#"{"rev":3}"#, "/rev"),
            (r#"{"priority":null}"#, "/priority"),
            (r#"{"stage":null}"#, "/stage"),
            (r#"{"labels":null}"#, "/labels"),
            (r#"{"labels":{"a":"1","a":"2"}}"#, "/labels"),
            (r#"{"retry":[3,1]}"#, "/retry"),
            (r#"{"stage":{"shipped":null}}"#, "/stage"),
            (r#"{"leaseEpoch":1,"stage":{"review":null}}"#, "/stage"),
            (r#"{"leaseEpoch":1,"checkpoint":["wip"]}"#, "/checkpoint"),
            (r#"{"leaseEpoch":1,"insights":["codex"]}"#, "/insights"),
            (r#"["x"]"#, ""),
        ] {
            let problem = parse_patch(json.as_bytes()).expect_err(json);
            assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (400, pointer), "{json}: {problem}");
        }
    }
}
