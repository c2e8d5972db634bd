//! A child of the demo in a process group of its own, so that a signal at the terminal reaches the demo alone, which
//! then ends its children in order. None outlives its handle.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a child may take to end once asked to.
const GRACE: Duration = Duration::from_secs(12);
/// Variables that would tell a child of other coordinators than the demo's.
const FOREIGN: [&str; 3] = ["AQ_", "FLEET_", "GIGAFACTORY_"];

/// A running child.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Nothing once it has ended.
    id: Option<u32>,
}

impl Process {
    /// Starts this program again with other arguments, in `dir`, with its messages in the file `log`.
    pub(super) fn start(args: &[&str], env: &[(&str, &str)], dir: &Path, log: &Path) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        for (name, _) in std::env::vars_os() {
            if FOREIGN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.args(args).envs(env.iter().copied()).env("NO_COLOR", "1").current_dir(dir);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        let id = child.id();
        Ok(Self { child, id })
    }

    /// What it writes to its standard output.
    pub(super) fn output(&mut self) -> io::Result<tokio::process::ChildStdout> {
        self.child.stdout.take().ok_or_else(|| io::Error::other("its output is being read already"))
    }

    /// Asks it to end, waits for that, and ends it if it does not.
    pub(super) async fn end(&mut self) {
        if self.id.is_none() {
            return;
        }
        self.signal(Signal::Terminate);
        if timeout(GRACE, self.child.wait()).await.is_err() {
            self.kill().await;
        }
        self.id = None;
    }

    /// Ends its group at once, as a loss of power would.
    pub(super) async fn kill(&mut self) {
        self.signal(Signal::Kill);
        // An error means that it has ended already.
        drop(self.child.kill().await);
        self.id = None;
    }

    fn signal(&self, signal: Signal) {
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal as Unix, killpg};
            let signal = match signal {
                Signal::Terminate => Unix::SIGTERM,
                Signal::Kill => Unix::SIGKILL,
            };
            if let Some(id) = self.id.and_then(|id| i32::try_from(id).ok()) {
                // An error means that the group has ended.
                let _ = killpg(nix::unistd::Pid::from_raw(id), signal);
            }
        }
        #[cfg(not(unix))]
        let _ = signal;
    }
}

#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.id.is_some() {
            self.signal(Signal::Kill);
        }
    }
}
