//! `gigafactory submit --dry-run`: says what would become of files. Nothing is made.

use serde_json::Value;

use super::file::File;
use super::warn;
use crate::cli::connect::Desk;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::out::clean;
use crate::cli::raw;

/// Tries every file.
pub(super) async fn run(desk: &Desk, files: &[File]) -> Result<Exit, Failure> {
    for file in files {
        let tried = match raw::dry_run(&desk.global, &file.text).await {
            Err(Failure::Client(error)) => return Err(file.refused(error)),
            other => other?,
        };
        if desk.out.json {
            desk.out.record(&tried)?;
            continue;
        }
        warn(file, &words(&tried["warnings"]));
        let factories = words(&tried["wouldRunOn"]);
        let place = if factories.is_empty() {
            "no factory that is known could run it".to_owned()
        } else {
            factories.join(", ")
        };
        let (title, stage) = (text(&tried["job"]["title"]), text(&tried["job"]["stage"]));
        desk.out.line(&format!("{}  {stage}  {title}  ({place})", file.name))?;
    }
    Ok(Exit::Done)
}

fn text(value: &Value) -> String {
    clean(value.as_str().unwrap_or("-"))
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(text).collect()
}
