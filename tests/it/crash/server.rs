//! The coordinator as a process of its own on a data directory: which program, how it starts, how it ends.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Which build of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// As it is shipped.
    Shipped,
    /// With fail points.
    Faulty,
}

impl Build {
    /// The program. None: there is no such build at hand, which is told.
    pub(crate) fn program(self) -> Option<PathBuf> {
        let name = match self {
            Self::Shipped => "GIGAFACTORY_RELEASE_BIN",
            Self::Faulty => "GIGAFACTORY_FAULTS_BIN",
        };
        if let Some(path) = std::env::var_os(name).filter(|path| !path.is_empty()) {
            return Some(path.into());
        }
        let ours = PathBuf::from(env!("CARGO_BIN_EXE_gigafactory"));
        match (self, cfg!(feature = "faults")) {
            (Self::Shipped, _) => {
                eprintln!("{name} is not set: the program of this test build is used");
                Some(ours)
            }
            (Self::Faulty, true) => Some(ours),
            (Self::Faulty, false) => {
                eprintln!("SKIPPED: {name} is not set and this test build has no fail points");
                None
            }
        }
    }
}

/// How a coordinator ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
}

impl Ended {
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::SIGKILL as i32)
    }
}

/// A running coordinator; its drop kills it.
pub(crate) struct Server {
    child: Child,
    log: tempfile::NamedTempFile,
    pub(crate) address: String,
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts a coordinator and waits until it says where it listens; the other outcome is that it ended before.
    pub(crate) fn start(program: &Path, data: &Path, faults: Option<&str>) -> Result<Self, Ended> {
        let begin = Instant::now();
        let mut server = Self::spawn(program, data, faults);
        let mut line = String::new();
        BufReader::new(server.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        match line.trim().strip_prefix("listening on ") {
            Some(address) => {
                address.clone_into(&mut server.address);
                server.started_in = begin.elapsed();
                Ok(server)
            }
            None => Err(server.wait()),
        }
    }

    /// Starts a coordinator and kills it after a while, whether it serves by then or not.
    pub(crate) fn start_and_kill(program: &Path, data: &Path, after: Duration) {
        let server = Self::spawn(program, data, None);
        std::thread::sleep(after);
        server.kill();
    }

    fn spawn(program: &Path, data: &Path, faults: Option<&str>) -> Self {
        // Not beside the data: that disk may be full.
        let log = tempfile::NamedTempFile::new().unwrap();
        let errors = log.reopen().unwrap();
        let mut command = Command::new(program);
        command.args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("GIGAFACTORY_LOG", "warn").env_remove("GIGAFACTORY_FAULTS");
        command.envs(faults.map(|faults| ("GIGAFACTORY_FAULTS", faults)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let child = command.spawn().unwrap();
        Self { child, log, address: String::new(), started_in: Duration::ZERO }
    }

    /// Kills it without a word.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.wait()
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(self) -> Ended {
        self.ask_to_stop();
        self.wait()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn wait(mut self) -> Ended {
        let status = self.child.wait().unwrap();
        Ended { status, said: std::fs::read_to_string(self.log.path()).unwrap_or_default() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program's bytes contain one of the texts. Looked for by a program: this build is too slow for it.
pub(crate) fn contains(program: &Path, texts: &[&str]) -> bool {
    let mut grep = Command::new("grep");
    grep.args(["--text", "--fixed-strings", "--quiet"]).args(texts.iter().flat_map(|text| ["-e", text])).arg(program);
    match grep.status().unwrap().code() {
        Some(found @ 0..=1) => found == 0,
        failed => panic!("grep: {failed:?}"),
    }
}
