//! An order to many jobs in one request: those that flags select, or, in a dry run, those that are named.

use wire::actions::{RefusedJob, Said};
use wire::{ActionsRequest, ClientError};

use super::Which;
use crate::cli::connect::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, in_words};
use crate::cli::find;
use crate::cli::out::{clean, note};

/// Gives the order, or only tries it. Ends with the first refusal's exit code, if there is one.
pub(super) async fn run(desk: &Desk, which: &Which, said: Said) -> Result<Exit, Failure> {
    let mut request = ActionsRequest { dry_run: which.dry_run.then_some(true), ..ActionsRequest::new(said) };
    if which.jobs.is_empty() {
        request.selector = Some(which.selection.clone().filter().selector());
    } else {
        let mut ids = Vec::with_capacity(which.jobs.len());
        for name in &which.jobs {
            ids.push(find::job(&desk.client, name).await?);
        }
        request.ids = Some(ids);
    }
    let answer = desk.client.actions(&request).await?;
    let first = answer.refused.first().cloned();
    if desk.out.json {
        desk.out.record(&answer)?;
    } else {
        for RefusedJob { id, problem } in &answer.refused {
            note(&format!("{}: {}", clean(id), in_words(problem)));
        }
        let (would, refused) = (if which.dry_run { "would be done" } else { "done" }, answer.refused.len());
        desk.out.line(&format!("{} jobs: {} {would}, {refused} refused", answer.matched, answer.done))?;
    }
    first.map_or(Ok(Exit::Done), |RefusedJob { problem, .. }| {
        Err(Failure::Told(Failure::from(ClientError::Problem(Box::new(problem))).exit()))
    })
}
