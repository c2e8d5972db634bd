//! `gigafactory doctor`: whether this host has what a coordinator and a factory need. Looks and changes nothing.

mod host;
mod remote;

use comfy_table::{Cell, Color};
use serde::Serialize;

use super::connect::Global;
use super::exit::Exit;
use super::failure::Failure;
use super::out::{Out, clean, table};

/// What to check.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The data directory to look at [default: the one that `up` would use].
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
}

/// What a look has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// As it should be.
    Ok,
    /// It works without, or not everything does.
    Warning,
    /// It does not work without.
    Missing,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    detail: String,
}

impl Check {
    fn new(name: &'static str, status: Status, detail: impl Into<String>) -> Self {
        Self { name, status, detail: detail.into() }
    }
}

/// What the JSON form looks like.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

/// Looks at everything.
pub(super) async fn run(args: Args, global: &Global) -> Result<Exit, Failure> {
    let data = args.data.clone();
    let mut checks = vec![host::git().await, host::bash()];
    checks.push(host::engines().await);
    checks.extend(host::data(data));
    checks.push(host::clock());
    checks.extend(remote::checks(global).await);
    let ok = checks.iter().all(|check| check.status != Status::Missing);
    let out = Out::new(global.json);
    if out.json {
        out.record(&Report { ok, checks })?;
    } else {
        let mut rows = table(&["check", "", "found"]);
        for check in &checks {
            let mark = match check.status {
                Status::Ok => Cell::new("ok").fg(Color::Green),
                Status::Warning => Cell::new("warning").fg(Color::Yellow),
                Status::Missing => Cell::new("missing").fg(Color::Red),
            };
            rows.add_row(vec![check.name.into(), mark, clean(&check.detail).into()]);
        }
        out.table(rows)?;
    }
    if ok { Ok(Exit::Done) } else { Err(Failure::Told(Exit::Failed)) }
}
