//! `gigafactory submit --dry-run`: says what would become of files. Nothing is made.

use serde_json::{Value, json};
use wire::SubmitRequest;

use super::directory::Entry;
use super::file::File;
use super::warn;
use crate::cli::connect::Desk;
use crate::cli::failure::Failure;
use crate::cli::out::clean;
use crate::cli::raw;

/// Tries a file.
pub(super) async fn file(desk: &Desk, file: &File) -> Result<(), Failure> {
    let tried = raw::dry_run(&desk.global, "text/markdown", file.text.clone()).await;
    show(desk, file, tried, &[])
}

/// Tries the files of a directory. Those that they wait for there are not made, so nobody but this knows of them.
pub(super) async fn directory(desk: &Desk, entries: &[Entry]) -> Result<(), Failure> {
    for entry in entries {
        let mut request = SubmitRequest { reference: None, ..entry.request.clone() };
        request.depends_on.iter_mut().for_each(|names| names.retain(|name| entry.waits_for().all(|own| own != name)));
        let body = serde_json::to_string(&request).map_err(std::io::Error::from)?;
        let mut tried = raw::dry_run(&desk.global, "application/json", body).await;
        if let (Ok(tried), Some(_)) = (&mut tried, entry.waits_for().next()) {
            (tried["job"]["stage"], tried["job"]["blockedReason"]) = (json!("blocked"), json!("dependencies"));
        }
        show(desk, &entry.file, tried, &entry.file.manifest.warnings)?;
    }
    Ok(())
}

fn show(desk: &Desk, file: &File, tried: Result<Value, Failure>, warnings: &[String]) -> Result<(), Failure> {
    let tried = match tried {
        Err(Failure::Client(error)) => return Err(file.refused(error)),
        other => other?,
    };
    if desk.out.json {
        return Ok(desk.out.record(&tried)?);
    }
    warn(file, warnings);
    warn(file, &words(&tried["warnings"]));
    let factories = words(&tried["wouldRunOn"]);
    let place =
        if factories.is_empty() { "no factory that is known could run it".to_owned() } else { factories.join(", ") };
    let (title, stage) = (text(&tried["job"]["title"]), text(&tried["job"]["stage"]));
    Ok(desk.out.line(&format!("{}  {stage}  {title}  ({place})", file.name))?)
}

fn text(value: &Value) -> String {
    clean(value.as_str().unwrap_or("-"))
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(text).collect()
}
