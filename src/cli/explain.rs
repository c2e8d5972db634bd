//! `gigafactory explain`: why a job waits, or how it was placed.
//! Prints what the coordinator says; knows no reason by itself.

use wire::explain::{Decision, Explanation, ScoreDetail, Stance};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::find;
use super::out::{clean, table};

/// Which job.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job: its id, or a unique beginning of it.
    #[arg(value_name = "JOB")]
    job: String,
}

/// Explains the job.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let id = find::job(&desk.client, &args.job).await?;
    let explanation = desk.client.explain(&id).await?;
    if desk.out.json {
        desk.out.record(&explanation)?;
        return Ok(Exit::Done);
    }
    let mut rows = table(&[]);
    rows.add_rows(facts(&explanation).iter().map(|(name, value)| [*name, value.as_str()]));
    desk.out.table(rows)?;
    if let Some(score) = &explanation.score {
        show_score(&desk, score)?;
    }
    show_factories(&desk, &explanation.factories)?;
    if let Some(decision) = &explanation.decision {
        show_decision(&desk, decision, explanation.reason.is_some())?;
    }
    Ok(Exit::Done)
}

/// What is worth a line.
fn facts(of: &Explanation) -> Vec<(&'static str, String)> {
    let waits_for = of.dependencies.iter().map(|dep| format!("{} ({})", dep.job_id, dep.stage.as_str()));
    let waits_for = waits_for.collect::<Vec<_>>().join(", ");
    let place = of.position.as_ref().map(|at| match at.ahead {
        0 => format!("next for {}", clean(&at.factory_id)),
        ahead @ 1..1_000 => format!("{ahead} before it for {}", clean(&at.factory_id)),
        _ => format!("1,000 or more before it for {}", clean(&at.factory_id)),
    });
    let lines = [
        ("job", Some(of.job_id.clone())),
        ("stage", Some(of.stage.as_str().to_owned())),
        ("reason", of.reason.clone()),
        ("detail", Some(clean(&of.detail))),
        ("until", of.until.map(|until| until.to_string())),
        ("waits for", Some(waits_for).filter(|jobs| !jobs.is_empty())),
        ("place", place),
        ("on offer to", of.offered_to.as_deref().map(clean)),
        ("gives way", of.evicting.clone()),
    ];
    lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn show_score(desk: &Desk, score: &ScoreDetail) -> std::io::Result<()> {
    let mut rows = table(&["term", "value", "weight", "share"]);
    for term in &score.terms {
        let numbers = [term.value, term.weight, term.share].map(|number| format!("{number:.3}"));
        rows.add_row([&[term.term.clone()][..], &numbers].concat());
    }
    rows.add_row(["score", "", "", &format!("{:.3}", score.total)]);
    desk.out.line("")?;
    desk.out.table(rows)
}

fn show_factories(desk: &Desk, factories: &[Stance]) -> std::io::Result<()> {
    if factories.is_empty() {
        return Ok(());
    }
    let mut rows = table(&["factory", "filter", "missing", "until", "score"]);
    for stance in factories {
        rows.add_row([
            clean(&stance.factory_id),
            clean(&stance.reason),
            clean(&stance.missing.join(" ")),
            stance.until.map(|until| until.to_string()).unwrap_or_default(),
            format!("{:.3}", stance.score),
        ]);
    }
    desk.out.line("")?;
    desk.out.table(rows)
}

/// How it was placed: now, or, where it waits again, the last time.
fn show_decision(desk: &Desk, decision: &Decision, waits: bool) -> std::io::Result<()> {
    let filtered = decision.filtered.iter().map(|(reason, jobs)| format!("{reason} {jobs}"));
    let filtered = filtered.collect::<Vec<_>>().join(", ");
    let shares = decision.score_breakdown.iter().filter(|(_, share)| **share > 0.0);
    let shares = shares.map(|(term, share)| format!("{term} {share:.2}")).collect::<Vec<_>>().join(", ");
    let mut rows = table(&[]);
    let place = format!("{} under epoch {} at {}", clean(&decision.factory_id), decision.lease_epoch, decision.at);
    rows.add_row([if waits { "last placed with" } else { "placed with" }, &place]);
    let jobs = if decision.considered == 1 { "job" } else { "jobs" };
    rows.add_row(["considered", &format!("{} ready {jobs}", decision.considered)]);
    rows.add_row(["filtered", if filtered.is_empty() { "-" } else { &filtered }]);
    rows.add_row(["score", &format!("{:.2} = {shares}", decision.score)]);
    for runner_up in &decision.top {
        rows.add_row(["then", &format!("{} {:.2}", runner_up.job_id, runner_up.score)]);
    }
    desk.out.line("")?;
    desk.out.table(rows)
}

#[cfg(test)]
mod tests {
    use domain::dispatch::Reason;
    use wire::explain::in_words;

    use super::*;

    #[test]
    fn every_reason_is_told_by_its_code_and_in_words() {
        for reason in Reason::ALL {
            let explanation: Explanation = serde_json::from_value(serde_json::json!({
                "jobId": "j1", "stage": "queued", "reason": reason.as_str(), "detail": in_words(reason),
            }))
            .unwrap();
            let lines = facts(&explanation);
            assert!(lines.contains(&("reason", reason.as_str().to_owned())), "{lines:?}");
            assert!(lines.contains(&("detail", in_words(reason).to_owned())), "{lines:?}");
        }
    }
}
