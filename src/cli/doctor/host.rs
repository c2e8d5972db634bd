//! What this host has: git, a shell, engines, a directory to write to, room on the disk, a clock that can be right.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actors::clock::{Clock, SystemClock};
use tokio::process::Command;
use tokio::time::timeout;

use super::{Check, Status};
use crate::cli::up;
use crate::config::Given;

/// The oldest git that has all that a factory asks of it.
const GIT: (u32, u32) = (2, 31);
const MIB: u64 = 1024 * 1024;
/// Below this a coordinator soon cannot write.
const NO_ROOM: u64 = 100 * MIB;
/// Below this it is time to tidy up.
const LITTLE_ROOM: u64 = 1024 * MIB;
/// 2026-11-01T00:00:00Z: no clock of this version's life is earlier.
const BORN_MS: i64 = 1_793_491_200_000;

/// Git, for the factory.
pub(super) async fn git() -> Check {
    let asked = timeout(Duration::from_secs(5), Command::new("git").arg("--version").kill_on_drop(true).output());
    let told = match asked.await {
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Ok(Err(error)) => return Check::new("git", Status::Missing, format!("cannot be run: {error}")),
        Err(_) => return Check::new("git", Status::Missing, "does not answer"),
    };
    match version(&told) {
        Some(found) if found >= GIT => Check::new("git", Status::Ok, told),
        Some(_) => Check::new("git", Status::Missing, format!("{told}: {}.{} is needed", GIT.0, GIT.1)),
        None => Check::new("git", Status::Warning, format!("its version is not understood: {told}")),
    }
}

/// The first two numbers of `git version 2.47.3`.
fn version(told: &str) -> Option<(u32, u32)> {
    let mut numbers = told.split_whitespace().nth(2)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The shell, for the engine `shell` and for `verify`.
pub(super) fn bash() -> Check {
    match agent::detect::on_path("bash") {
        Some(path) => Check::new("bash", Status::Ok, path.display().to_string()),
        None => Check::new("bash", Status::Missing, "not on PATH: neither the shell engine nor verify can run"),
    }
}

/// The engines, which every factory tells too.
pub(super) async fn engines() -> Check {
    let found = agent::detect::engines().await;
    let vendors = found.iter().filter(|engine| !matches!(engine.name.as_str(), "shell" | "mock")).count();
    let told = found.iter().map(|engine| match &engine.version {
        Some(version) => format!("{} ({version})", engine.name),
        None => engine.name.clone(),
    });
    let mut detail = told.collect::<Vec<_>>().join(", ");
    if vendors == 0 {
        detail.push_str("; no agent's command line is on PATH");
    }
    Check::new("engines", if vendors == 0 { Status::Warning } else { Status::Ok }, detail)
}

/// The data directory and the disk that it is on.
pub(super) fn data(given: Option<PathBuf>) -> Vec<Check> {
    let config = match up::configured(Given { data: given, ..Given::default() }) {
        Ok(config) => config,
        Err(failure) => return vec![Check::new("configuration", Status::Missing, failure.to_string())],
    };
    let dir = config.data;
    let Some(there) = dir.ancestors().find(|path| path.exists()).filter(|path| path.is_dir()) else {
        return vec![Check::new("data directory", Status::Missing, format!("{} cannot be made", dir.display()))];
    };
    let detail = if there == dir { dir.display().to_string() } else { format!("{} (not made yet)", dir.display()) };
    // A file without a name, gone with this statement.
    let writable = match tempfile::tempfile_in(there) {
        Ok(_) => Check::new("data directory", Status::Ok, detail),
        Err(error) => Check::new("data directory", Status::Missing, format!("{detail}: {error}")),
    };
    vec![writable, disk(there)]
}

fn disk(dir: &Path) -> Check {
    let Some(free) = free(dir) else {
        return Check::new("disk", Status::Warning, "free space cannot be told on this system");
    };
    let status = match free {
        0..NO_ROOM => Status::Missing,
        NO_ROOM..LITTLE_ROOM => Status::Warning,
        _ => Status::Ok,
    };
    Check::new("disk", status, format!("{} MiB free", free / MIB))
}

/// Bytes that may still be written.
fn free(dir: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let stat = nix::sys::statvfs::statvfs(dir).ok()?;
        // Their types differ between systems.
        #[allow(clippy::useless_conversion, reason = "both are u64 on Linux, but not everywhere")]
        Some(u64::from(stat.blocks_available()).saturating_mul(u64::from(stat.fragment_size())))
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        None
    }
}

/// The clock, as far as it can be judged alone.
pub(super) fn clock() -> Check {
    let now = SystemClock::default().now();
    let told = wire::Time(now).to_string();
    if now.0 < BORN_MS {
        return Check::new("clock", Status::Missing, format!("{told} is before this version was made"));
    }
    Check::new("clock", Status::Ok, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git_are_read() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("git version 2.31.windows.1"), Some((2, 31)));
        assert_eq!(version("something else"), None);
    }

    #[test]
    fn a_directory_that_cannot_be_written_to_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let found = data(Some(dir.path().join("new/deep")));
        assert_eq!(found[0].status, Status::Ok, "{found:?}");
        assert!(found[0].detail.ends_with("(not made yet)"));
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(data(Some(file.join("below")))[0].status, Status::Missing);
    }
}
