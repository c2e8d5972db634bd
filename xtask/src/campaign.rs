//! `cargo xtask campaign`: one rung of the ladder for as long as is asked, its figures appended to `docs/campaigns.md`.
//!
//! Runs the rung's own ignored test in an optimised build; what it says after `campaign:` is what is kept.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use chrono::Utc;
use clap::{Args, ValueEnum};

use crate::binaries;
use crate::shell::Call;
use crate::steps::{FEATURES, RUSTFLAGS};

const RECORD: &str = "docs/campaigns.md";

/// What to run, and for how long.
#[derive(Args)]
pub(crate) struct Campaign {
    /// The rung of the ladder.
    #[arg(ignore_case = true)]
    rung: Rung,
    /// How long it goes on looking, in minutes. R11 goes on until it has its writes.
    #[arg(long, default_value_t = 15)]
    minutes: u64,
    /// The first seed; the present second where absent.
    #[arg(long)]
    seed: Option<u64>,
    /// Leaves the record as it is.
    #[arg(long)]
    no_record: bool,
}

/// The rungs that can go on for as long as one likes.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rung {
    /// The reference model against the core and the stores.
    R2,
    /// Deterministic simulation.
    R4,
    /// The real program, killed again and again.
    R6,
    /// Power loss.
    R7,
    /// A disk that is full again and again.
    R8,
    /// One faulted run of a million acknowledged writes, and its check.
    R11,
}

impl Rung {
    fn name(self) -> &'static str {
        match self {
            Self::R2 => "R2",
            Self::R4 => "R4",
            Self::R6 => "R6",
            Self::R7 => "R7",
            Self::R8 => "R8",
            Self::R11 => "R11",
        }
    }

    fn test(self) -> &'static str {
        match self {
            Self::R2 => "campaign_model",
            Self::R4 => "campaign_simulation",
            Self::R6 => "campaign_kill",
            Self::R7 => "campaign_power",
            Self::R8 => "campaign_full_disk",
            Self::R11 => "one_million_writes",
        }
    }

    /// It starts the program itself, as it is shipped and with fail points.
    fn starts_binaries(self) -> bool {
        matches!(self, Self::R6 | Self::R8 | Self::R11)
    }
}

/// Runs a campaign and appends what came of it to the record.
pub(crate) fn campaign(root: &Path, order: &Campaign) -> ExitCode {
    match run(root, order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("!! {}: {why}", order.rung.name());
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, order: &Campaign) -> Result<(), String> {
    let seed = order.seed.unwrap_or_else(|| Utc::now().timestamp().unsigned_abs());
    let (seconds, seed) = ((order.minutes * 60).to_string(), seed.to_string());
    let built = if order.rung.starts_binaries() { Some(binaries::build(root)?.variables()) } else { None };
    let mut env = vec![
        ("RUSTFLAGS", RUSTFLAGS),
        ("GIGAFACTORY_CAMPAIGN_SECONDS", seconds.as_str()),
        ("GIGAFACTORY_CAMPAIGN_SEED", seed.as_str()),
    ];
    env.extend(built.iter().flatten().map(|(name, path)| (*name, path.as_str())));
    let test = order.rung.test();
    let args = ["test", "--profile", "campaign", "--features", FEATURES, "--test", "it", "--"];
    let args = [&args[..], &["--ignored", "--nocapture", test]].concat();
    let began = Instant::now();
    let (said, ended) = Call { program: "cargo", args: &args, env: &env }.tee(root)?;
    let figures: Vec<&str> = said.lines().filter_map(|line| line.trim().strip_prefix("campaign:")).collect();
    if figures.is_empty() {
        return ended.and(Err(format!("{test} said nothing of what it did")));
    }
    if !order.no_record {
        // One that has so much to do takes as long as that takes.
        let minutes = if order.rung == Rung::R11 { began.elapsed().as_secs().div_ceil(60) } else { order.minutes };
        record(root, (order.rung, minutes), &seed, &figures, ended.is_ok())?;
    }
    ended
}

/// Appends one row to the record.
fn record(root: &Path, (rung, minutes): (Rung, u64), seed: &str, figures: &[&str], holds: bool) -> Result<(), String> {
    let figures = figures.iter().map(|line| line.trim().replace('|', "/")).collect::<Vec<_>>().join("; ");
    let (date, rung) = (Utc::now().format("%Y-%m-%d"), rung.name());
    let outcome = if holds { "holds" } else { "**violated**" };
    let row = format!("| {date} | {rung} | {minutes} | {seed} | {figures} | {outcome} |\n");
    let mut file = OpenOptions::new().append(true).open(root.join(RECORD)).map_err(|error| error.to_string())?;
    file.write_all(row.as_bytes()).map_err(|error| format!("{RECORD}: {error}"))
}
