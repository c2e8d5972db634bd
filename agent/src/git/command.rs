//! One call of the git command line: argument vectors only, no shell, no prompts, none of the user's or the system's
//! configuration, no hooks. Never decides anything about a repository.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::names::{BadName, redact};

/// Limit of a call that stays on this host.
const LOCAL: Duration = Duration::from_secs(120);
/// Limit of a call that talks to the repository's host.
const REMOTE: Duration = Duration::from_secs(600);
/// How much of git's complaint is kept, in bytes.
const COMPLAINT: usize = 1_000;

/// Configuration that holds for every call, whatever the repository's own file says.
const SETTINGS: [&str; 14] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.quotePath=false",
    "core.longPaths=true",
    "core.askPass=",
    "credential.helper=",
    "protocol.ext.allow=never",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "advice.detachedHead=false",
];

/// What a call may see of the factory's own environment: how to find programs, and how to reach a remote.
const PASSED: [&str; 16] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "SystemRoot",
    "USERPROFILE",
];

/// Why git did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program could not be run.
    #[error("git could not be run: {0}")]
    Spawn(std::io::Error),
    /// Git said no.
    #[error("git {verb} failed: {complaint}")]
    Failed {
        /// The subcommand.
        verb: String,
        /// The end of what it wrote to its error stream, without passwords.
        complaint: String,
    },
    /// Git took too long.
    #[error("git {verb} took longer than {secs} s")]
    TimedOut {
        /// The subcommand.
        verb: String,
        /// The limit.
        secs: u64,
    },
    /// A name from outside is not one that git may see.
    #[error("{what}: {why}")]
    BadName {
        /// Which member of the job it came from.
        what: &'static str,
        /// What is wrong with it.
        why: BadName,
    },
    /// The commit to start from is not in the repository.
    #[error("base {0:?} is not in the repository")]
    NoBase(String),
    /// Someone else changed the ref meanwhile.
    #[error("{0} was changed by someone else meanwhile")]
    RefMoved(String),
    /// A file of our own could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What went wrong.
        source: std::io::Error,
    },
}

impl GitError {
    /// Names the file that an I/O error is about.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { path, source }
    }
}

/// A call in the making.
pub(crate) struct Git {
    command: Command,
    verb: String,
    stdin: Vec<u8>,
    limit: Duration,
}

impl Git {
    /// A call of `git <verb>` on the repository at `dir`, whatever a work tree's own `.git` says.
    pub(crate) fn at(dir: &Path, verb: &str) -> Self {
        let mut git = Self::new(verb);
        git.command.env("GIT_DIR", dir);
        git.command.current_dir(dir);
        git
    }

    /// A call of `git <verb>` inside a fresh work tree that no engine has touched yet.
    pub(crate) fn inside(tree: &Path, verb: &str) -> Self {
        let mut git = Self::new(verb);
        git.command.current_dir(tree);
        git
    }

    /// A call of `git <verb>` without a repository.
    pub(crate) fn new(verb: &str) -> Self {
        let mut command = Command::new("git");
        command.env_clear().kill_on_drop(true);
        command.envs(PASSED.iter().filter_map(|name| std::env::var_os(name).map(|value| (*name, value))));
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.arg(verb);
        command.envs([
            ("LC_ALL", "C"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_ALLOW_PROTOCOL", "https:http:ssh:git:file"),
            ("GIT_AUTHOR_NAME", "Gigafactory factory"),
            ("GIT_AUTHOR_EMAIL", "factory@gigafactory.invalid"),
            ("GIT_COMMITTER_NAME", "Gigafactory factory"),
            ("GIT_COMMITTER_EMAIL", "factory@gigafactory.invalid"),
        ]);
        // A Ctrl-C in the factory's terminal must not end a checkpoint half way.
        #[cfg(unix)]
        command.process_group(0);
        Self { command, verb: verb.to_owned(), stdin: Vec::new(), limit: LOCAL }
    }

    /// Lets the call take as long as a network may need.
    pub(crate) fn remote(mut self) -> Self {
        self.limit = REMOTE;
        self
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.command.args(args);
        self
    }

    /// Uses this work tree and this index instead of anybody's own.
    pub(crate) fn tree(mut self, tree: &Path, index: &Path) -> Self {
        self.command.env("GIT_WORK_TREE", tree).env("GIT_INDEX_FILE", index).current_dir(tree);
        self
    }

    /// Hands the call these bytes to read.
    pub(crate) fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = bytes;
        self
    }

    /// Runs the call and gives what it wrote. Refuses any exit but 0.
    pub(crate) async fn bytes(mut self) -> Result<Vec<u8>, GitError> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(GitError::Spawn)?;
        let pipe = child.stdin.take();
        let input = self.stdin;
        let feed = async move {
            if let Some(mut pipe) = pipe {
                // A call that does not read all of it tells why by its exit.
                let _ = pipe.write_all(&input).await;
            }
        };
        let both = async { tokio::join!(feed, child.wait_with_output()).1 };
        let Ok(ended) = tokio::time::timeout(self.limit, both).await else {
            return Err(GitError::TimedOut { verb: self.verb, secs: self.limit.as_secs() });
        };
        let output = ended.map_err(GitError::Spawn)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(GitError::Failed { verb: self.verb, complaint: complaint(&output.stderr) })
    }

    /// Runs the call and gives what it wrote as text without the line's end.
    pub(crate) async fn text(self) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.bytes().await?).trim_end().to_owned())
    }

    /// Runs the call for its effect.
    pub(crate) async fn run(self) -> Result<(), GitError> {
        self.bytes().await.map(drop)
    }
}

fn complaint(stderr: &[u8]) -> String {
    let tail = &stderr[stderr.len().saturating_sub(COMPLAINT)..];
    redact(String::from_utf8_lossy(tail).trim())
}

/// The records of an output that ends each with a zero byte, as the paths that they are.
pub(crate) fn records(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|record| !record.is_empty())
}

/// A path as git writes it.
pub(crate) fn os(bytes: &[u8]) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(bytes).to_owned()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}
