//! What this host can do: its system, its engines, its tools. Looks at PATH and asks engines for their versions;
//! claims nothing that a run could not use.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Tools that jobs may ask for as `tool:<name>`.
const TOOLS: [&str; 9] = ["git", "docker", "node", "npm", "cargo", "python3", "go", "java", "make"];
/// How long an engine may take to tell its version.
const VERSION: Duration = Duration::from_secs(5);

/// An engine that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name, as jobs write it.
    pub name: String,
    /// What it says of its version.
    pub version: Option<String>,
}

/// Where the program is found on PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    let names: Vec<String> = endings.iter().map(|end| format!("{program}{end}")).collect();
    std::env::split_paths(&path)
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)))
        .find(|file| runnable(file))
}

fn runnable(file: &Path) -> bool {
    let Ok(meta) = file.metadata() else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        meta.is_file() && meta.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    {
        meta.is_file()
    }
}

/// The capabilities of this host: `os:`, `arch:`, `engine:` for the given engines, `tool:`, and those that were added by hand.
pub fn capabilities(engines: &[Found], added: &[String]) -> Vec<String> {
    let mut all = vec![format!("os:{}", std::env::consts::OS), format!("arch:{}", std::env::consts::ARCH)];
    all.extend(engines.iter().map(|engine| format!("engine:{}", engine.name)));
    all.extend(TOOLS.iter().filter(|tool| on_path(tool).is_some()).map(|tool| format!("tool:{tool}")));
    for capability in added {
        if !all.contains(capability) {
            all.push(capability.clone());
        }
    }
    all
}

/// The engines of this host, the shell first: it is the one for jobs that name none.
pub async fn engines() -> Vec<Found> {
    let mock = Found { name: "mock".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
    vec![Found { name: "shell".to_owned(), version: version("bash".as_ref()).await }, mock]
}

/// The first line that the program answers to `--version`.
async fn version(program: &OsStr) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").env_clear().envs([("TERM", "dumb"), ("NO_COLOR", "1"), ("CI", "1")]);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(VERSION, command.output()).await.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line: String = text.lines().next()?.chars().filter(|c| !c.is_control()).take(100).collect();
    (output.status.success() && !line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_tells_its_system_its_engines_and_its_tools() {
        let engines = engines().await;
        assert_eq!(engines[0].name, "shell");
        assert!(engines[0].version.as_deref().is_some_and(|version| version.contains("bash")));
        let all = capabilities(&engines, &["gpu:1".to_owned(), "tool:git".to_owned()]);
        for wanted in ["engine:shell", "engine:mock", "tool:git", "gpu:1", &format!("os:{}", std::env::consts::OS)] {
            assert_eq!(all.iter().filter(|one| *one == wanted).count(), 1, "{wanted}: {all:?}");
        }
    }
}
