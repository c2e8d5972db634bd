//! The demo's git repository: a bare one with a small history, as a team has it on a server. Read again at the end to
//! see what the factories have delivered.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use tokio::process::Command;

/// The files that the jobs find.
const FILES: [(&str, &str); 4] = [
    ("README.md", "# Tiny\n\nA tiny project, teh smallest one.\n"),
    ("VERSION", "0.1.0\n"),
    ("src/lines.txt", "one\ntwo\nthree\n"),
    ("docs/index.md", "# Docs\n\nNothing here yet.\n"),
];

/// A bare repository with a branch `main`.
#[derive(Debug)]
pub(super) struct Repository {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// The commit of `main` at the beginning.
    main: String,
}

impl Repository {
    /// Makes the repository below `dir`.
    pub(super) async fn make(dir: &Path) -> io::Result<Self> {
        let path = dir.join("origin.git");
        let seed = dir.join("seed");
        for (name, text) in FILES {
            let file = seed.join(name);
            std::fs::create_dir_all(file.parent().unwrap_or(&seed))?;
            std::fs::write(file, text)?;
        }
        let bare = path.to_string_lossy().into_owned();
        git(dir, &["init", "--quiet", "--bare", "--initial-branch=main", &bare]).await?;
        git(&seed, &["init", "--quiet", "--initial-branch=main"]).await?;
        git(&seed, &["add", "--all"]).await?;
        git(&seed, &["commit", "--quiet", "--message=A tiny project"]).await?;
        git(&seed, &["push", "--quiet", &bare, "main"]).await?;
        std::fs::remove_dir_all(&seed)?;
        let main = git(&path, &["rev-parse", "refs/heads/main"]).await?;
        Ok(Self { path, main })
    }

    /// Whether `main` is where it was at the beginning.
    pub(super) async fn is_main_untouched(&self) -> bool {
        git(&self.path, &["rev-parse", "refs/heads/main"]).await.is_ok_and(|now| now == self.main)
    }

    /// The names of the result branches.
    pub(super) async fn results(&self) -> io::Result<Vec<String>> {
        let list = git(&self.path, &["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/gigafactory"]).await?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    /// A file on a job's result branch.
    pub(super) async fn delivered(&self, job: &str, file: &str) -> Option<String> {
        git(&self.path, &["show", &format!("refs/heads/gigafactory/{job}:{file}")]).await.ok()
    }
}

/// Runs git without anybody's settings and gives what it prints.
async fn git(dir: &Path, args: &[&str]) -> io::Result<String> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]).args(args).current_dir(dir);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
    let ran = command.kill_on_drop(true).output().await;
    let ran = ran.map_err(|error| io::Error::new(error.kind(), format!("git cannot be run: {error}")))?;
    let Output { status, stdout, stderr } = ran;
    if !status.success() {
        let first = args.first().copied().unwrap_or_default();
        return Err(io::Error::other(format!("git {first}: {}", String::from_utf8_lossy(&stderr).trim())));
    }
    Ok(String::from_utf8_lossy(&stdout).trim_end().to_owned())
}
