//! The demo's jobs at its end, one line each.

use comfy_table::Table;
use serde::Serialize;
use wire::{Job, Stage};

use super::jobs;
use super::log::Told;
use super::story::Story;
use crate::cli::out::{short, stage, table, word};

/// A job at the end.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    id: String,
    title: String,
    capabilities: Vec<String>,
    priority: String,
    factories: Vec<String>,
    attempts: usize,
    epochs: Vec<u64>,
    seconds: f64,
    stage: Stage,
}

/// Every job, in the order in which they were submitted.
pub(super) fn rows(story: &Story) -> Vec<Row> {
    let known = jobs::ALL.iter().filter_map(|planned| Some((story.jobs.get(planned.name)?, story.told(planned.name))));
    known.map(|(job, told)| row(job, &told)).collect()
}

fn row(job: &Job, told: &Told) -> Row {
    let milliseconds = match (told.created_at, told.last_at) {
        (Some(from), Some(to)) => to.0.ms_since(from.0),
        (None, _) | (_, None) => 0,
    };
    Row {
        id: job.id.clone(),
        title: job.title.clone(),
        capabilities: job.capabilities.clone(),
        priority: word(&job.priority),
        factories: told.grants.iter().map(|grant| grant.factory.clone()).collect(),
        attempts: told.grants.len(),
        epochs: told.grants.iter().map(|grant| grant.epoch).collect(),
        seconds: milliseconds as f64 / 1_000.0,
        stage: job.stage,
    }
}

/// The rows as a table.
pub(super) fn draw(rows: &[Row]) -> Table {
    let columns = ["job", "capability", "priority", "factory", "attempts", "epochs", "seconds", "stage"];
    let mut drawn = table(&columns);
    for row in rows {
        let capability = if row.capabilities.is_empty() { "-".to_owned() } else { row.capabilities.join(" ") };
        let epochs = row.epochs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        drawn.add_row(vec![
            short(&row.title, 40).into(),
            capability.into(),
            row.priority.as_str().into(),
            row.factories.join(" → ").into(),
            row.attempts.into(),
            epochs.into(),
            format!("{:.1}", row.seconds).into(),
            stage(row.stage),
        ]);
    }
    drawn
}
