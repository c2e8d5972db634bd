//! `gigafactory jobs`: lists jobs, the newest first.

use wire::{Job, JobFilter, Priority, Stage};

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{ago, note, or_dash, short, stage, table, word};

/// The largest page.
const PAGE: u32 = 1_000;

/// Which jobs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only jobs in one of these stages.
    #[arg(long, value_delimiter = ',')]
    stage: Vec<Stage>,
    /// Only jobs of this urgency.
    #[arg(long)]
    priority: Option<Priority>,
    /// Only jobs that this factory holds.
    #[arg(long, value_name = "ID")]
    factory: Option<String>,
    /// Only jobs that ask for this capability.
    #[arg(long)]
    capability: Option<String>,
    /// Only jobs with this label.
    #[arg(long, value_name = "KEY[=VALUE]")]
    label: Option<String>,
    /// Only jobs with these words in title or body.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// All of them, page after page; with --json one job per line.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Prints ids only.
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

/// Lists the jobs.
pub(super) async fn run(desk: Desk, args: Args) -> Result<Exit, Failure> {
    let mut filter = JobFilter {
        stages: args.stage,
        priority: args.priority,
        factory_id: args.factory,
        capability: args.capability,
        label: args.label,
        q: args.search,
        limit: Some(if args.all { PAGE } else { args.limit }),
        ..JobFilter::default()
    };
    let mut found = 0;
    loop {
        let page = desk.client.jobs(&filter).await?;
        found += page.data.len();
        match (desk.out.json, args.all) {
            (true, false) => desk.out.record(&page)?,
            (true, true) => page.data.iter().try_for_each(|job| desk.out.record(job))?,
            (false, _) if args.quiet => page.data.iter().try_for_each(|job| desk.out.line(&job.id))?,
            (false, _) => show(&desk, &page.data)?,
        }
        match page.next {
            Some(next) if args.all => filter.after = Some(next),
            Some(_) if !desk.out.json && !args.quiet => {
                note(&format!("the newest {found}; there are more: --limit N or --all"));
                break;
            }
            Some(_) | None => break,
        }
    }
    if found == 0 && !desk.out.json && !args.quiet {
        note("no jobs");
    }
    Ok(Exit::Done)
}

fn show(desk: &Desk, jobs: &[Job]) -> std::io::Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let mut rows = table(&["job", "stage", "priority", "factory", "epoch", "age", "title"]);
    for job in jobs {
        let holder = job.lease.as_ref().and_then(|lease| lease.holder_factory_id.as_deref());
        rows.add_row(vec![
            job.id.as_str().into(),
            stage(job.stage),
            word(&job.priority).into(),
            or_dash(holder).into(),
            job.lease_epoch.into(),
            ago(job.created_at).into(),
            short(&job.title, 60).into(),
        ]);
    }
    desk.out.table(rows)
}
