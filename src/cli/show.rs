//! `gigafactory show`: everything that is known of one job.

use serde_json::json;
use wire::{Client, ClientError, Event, Job, Run};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::find;
use super::out::{ago, clean, or_dash, short, table, word};

/// Which job.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job: its id, or a unique beginning of it.
    #[arg(value_name = "JOB")]
    job: String,
}

/// Shows the job.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let id = find::job(&desk.client, &args.job).await?;
    let job = desk.client.job(&id).await?;
    let runs = desk.client.runs(&id).await?.data;
    let events = events(&desk.client, &id).await?;
    if desk.out.json {
        desk.out.record(&json!({"job": job, "runs": runs, "events": events}))?;
        return Ok(Exit::Done);
    }
    let facts = facts(&job);
    let mut rows = table(&[]);
    rows.add_rows(facts.iter().map(|(name, value)| [*name, value.as_str()]));
    desk.out.table(rows)?;
    show_runs(&desk, &runs)?;
    show_events(&desk, &events)?;
    Ok(Exit::Done)
}

async fn events(client: &Client, id: &str) -> Result<Vec<Event>, ClientError> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let page = client.job_events(id, all.last().map_or(0, |event| event.seq)).await?;
        let more = page.next.is_some() && !page.data.is_empty();
        all.extend(page.data);
        if !more {
            return Ok(all);
        }
    }
}

/// What is worth a line.
fn facts(job: &Job) -> Vec<(&'static str, String)> {
    let stage = match job.blocked_reason {
        Some(reason) => format!("{} ({})", job.stage.as_str(), word(&reason)),
        None => job.stage.as_str().to_owned(),
    };
    let list = |words: &[String]| (!words.is_empty()).then(|| clean(&words.join(", ")));
    let text = |text: &Option<String>| text.as_deref().map(clean);
    let labels = job.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
    let notes = job.notes.iter().map(|note| format!("{}: {}", note.by, note.text)).collect::<Vec<_>>().join(" | ");
    let lines = [
        ("job", Some(job.id.clone())),
        ("title", Some(clean(&job.title))),
        ("stage", Some(stage)),
        ("question", text(&job.question)),
        ("result", job.result.map(|result| word(&result))),
        ("priority", Some(word(&job.priority))),
        ("attempt", Some(format!("{} of {}", job.attempt, job.retry.max_attempts))),
        ("not before", job.not_before.map(|at| at.to_string())),
        ("capabilities", list(&job.capabilities)),
        ("engines", list(&job.engines)),
        ("repository", text(&job.repo)),
        ("base", text(&job.base)),
        ("verify", text(&job.verify)),
        ("depends on", list(&job.depends_on)),
        ("checkpoint", job.checkpoint.as_ref().map(|checkpoint| clean(&checkpoint.wip_branch))),
        ("labels", list(&labels)),
        ("approvals", (job.approvals.required > 0).then(|| approvals(job))),
        ("notes", Some(notes).filter(|notes| !notes.is_empty()).map(|notes| clean(&notes))),
        ("lease", lease(job)),
        ("epoch", Some(job.lease_epoch.to_string())),
        ("rev", Some(job.rev.to_string())),
        ("created", Some(format!("{} ({} ago)", job.created_at, ago(job.created_at)))),
        ("updated", Some(format!("{} ({} ago)", job.updated_at, ago(job.updated_at)))),
    ];
    lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn approvals(job: &Job) -> String {
    clean(&format!("{} of {} {}", job.approvals.by.len(), job.approvals.required, job.approvals.by.join(", ")))
}

fn lease(job: &Job) -> Option<String> {
    let lease = job.lease.as_ref()?;
    let until = lease.expires_at.map(|at| format!(" until {at}")).unwrap_or_default();
    let holder = or_dash(lease.holder_factory_id.as_deref());
    Some(format!("{} by {holder}{until}, renewed {} times", word(&lease.status), lease.renewals))
}

fn show_runs(desk: &Desk, runs: &[Run]) -> std::io::Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let mut rows = table(&["run", "factory", "engine", "epoch", "result", "verify", "exit", "cost", "files"]);
    for run in runs {
        let number = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
        rows.add_row([
            run.attempt.to_string(),
            clean(&run.factory_id),
            or_dash(run.engine.as_deref()),
            run.lease_epoch.to_string(),
            number(run.result.map(|result| word(&result))),
            number(run.verify_result.map(|result| word(&result))),
            number(run.exit.map(|exit| exit.to_string())),
            number(run.cost_usd.map(|cost| format!("{} USD", word(&cost)))),
            number(run.files_changed.map(|files| files.to_string())),
        ]);
    }
    desk.out.line("")?;
    desk.out.table(rows)
}

fn show_events(desk: &Desk, events: &[Event]) -> std::io::Result<()> {
    let mut rows = table(&["seq", "at", "event", "by", "data"]);
    for event in events {
        rows.add_row([
            event.seq.to_string(),
            event.at.to_string(),
            clean(&event.kind),
            clean(&event.by),
            short(&event.data.to_string(), 100),
        ]);
    }
    desk.out.line("")?;
    desk.out.table(rows)
}
