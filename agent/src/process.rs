//! One child process with all that it starts: a session and process group of its own, a cleared environment, a
//! timeout, and an end that leaves nothing behind. Knows neither jobs nor engines.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::log::Log;
use crate::sweep;

/// How long pipes may stay open after the group has ended.
const PIPES: Duration = Duration::from_secs(2);
/// The longest line that a reader is shown, in bytes; longer ones only go to the log.
const LINE: usize = 1024 * 1024;

/// Looks at each line that a process writes to its standard output.
pub type LineReader = Arc<dyn Fn(&str) + Send + Sync>;

/// What is to be run, and how.
pub struct Command {
    /// The program.
    pub program: OsString,
    /// Its arguments; never the instructions.
    pub args: Vec<OsString>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// The whole environment that it gets.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads; its standard input is closed after it.
    pub stdin: Vec<u8>,
    /// When it has to have ended.
    pub deadline: Option<Instant>,
    /// How long it may take to end by itself once asked to.
    pub grace: Duration,
    /// A variable of its environment that only processes of this run have.
    pub mark: Option<(&'static str, String)>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code; 128 + n where signal n ended it.
    Exit(i32),
    /// It was ended because its time was over.
    TimedOut,
    /// It was ended because someone asked.
    Stopped,
}

/// The group of a child. Ends all of it when dropped.
struct Group {
    child: Box<dyn ChildWrapper>,
    leader: Option<i32>,
    mark: Option<(&'static str, String)>,
    over: bool,
}

impl Group {
    /// Ends what is left, without a chance to refuse.
    fn kill(&mut self) {
        // An error means that no process is left.
        let _ = self.child.start_kill();
        if let Some((name, value)) = &self.mark {
            sweep::sweep(name, value);
        }
    }

    /// Asks the group to end, waits for `grace`, ends it.
    async fn end(&mut self, grace: Duration) {
        #[cfg(unix)]
        {
            let _ = self.child.signal(nix::sys::signal::Signal::SIGTERM as i32);
            let until = Instant::now() + grace;
            let _ = tokio::time::timeout_at(until, self.child.wait()).await;
            while Instant::now() < until && self.is_alive() {
                sleep(Duration::from_millis(20)).await;
            }
        }
        #[cfg(not(unix))]
        let _ = grace;
        self.close().await;
    }

    /// Makes sure that nothing is left and that the child is reaped.
    async fn close(&mut self) {
        self.kill();
        let _ = timeout(PIPES, self.child.wait()).await;
        let until = Instant::now() + PIPES;
        while self.is_alive() && Instant::now() < until {
            self.kill();
            sleep(Duration::from_millis(10)).await;
        }
        self.over = true;
    }

    /// Some process of the group still runs.
    fn is_alive(&self) -> bool {
        #[cfg(unix)]
        {
            self.leader.is_some_and(sweep::group_is_alive)
        }
        #[cfg(not(unix))]
        {
            let _ = self.leader;
            false
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.over {
            self.kill();
        }
    }
}

/// Runs the command to its end. Whatever the end, and also if this future is dropped, nothing of its group survives.
/// `stop` asks it to end early, and says how long it may take for that.
pub async fn supervise(
    command: Command,
    log: &Log,
    lines: LineReader,
    stop: impl Future<Output = Duration>,
) -> io::Result<Ended> {
    let (deadline, mut grace) = (command.deadline, command.grace);
    let (mut group, stdin) = spawn(command)?;
    let mut pipes = JoinSet::new();
    if let Some(mut pipe) = group.child.stdin().take() {
        // A process that does not read its instructions tells so by its exit.
        pipes.spawn(async move { drop(pipe.write_all(&stdin).await) });
    }
    if let Some(out) = group.child.stdout().take() {
        pipes.spawn(pump(out, log.clone(), Some(lines)));
    }
    if let Some(err) = group.child.stderr().take() {
        pipes.spawn(pump(err, log.clone(), None));
    }
    let over = async {
        match deadline {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        biased;
        time = stop => {
            grace = time;
            Ended::Stopped
        }
        status = group.child.wait() => Ended::Exit(code(status?)),
        () = over => Ended::TimedOut,
    };
    match ended {
        Ended::Exit(_) => group.close().await,
        Ended::TimedOut | Ended::Stopped => group.end(grace).await,
    }
    // A process that left the group may hold a pipe open for ever.
    let _ = timeout(PIPES, async { while pipes.join_next().await.is_some() {} }).await;
    Ok(ended)
}

fn spawn(command: Command) -> io::Result<(Group, Vec<u8>)> {
    let mut wrap = CommandWrap::with_new(&command.program, |inner| {
        inner.args(&command.args).current_dir(&command.cwd).env_clear().envs(command.env);
        inner.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    wrap.wrap(KillOnDrop);
    #[cfg(unix)]
    wrap.wrap(process_wrap::tokio::ProcessSession);
    #[cfg(windows)]
    wrap.wrap(process_wrap::tokio::JobObject);
    let child = wrap.spawn()?;
    // Asked for now: a child that has been waited for has no id any more.
    let leader = child.id().and_then(|id| i32::try_from(id).ok());
    Ok((Group { child, leader, mark: command.mark, over: false }, command.stdin))
}

fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(1)
}

/// Carries a pipe to the log, and its lines to a reader.
async fn pump(mut pipe: impl AsyncRead + Unpin, log: Log, lines: Option<LineReader>) {
    let mut chunk = vec![0; 16 * 1024];
    let mut line: Vec<u8> = Vec::new();
    while let Ok(read @ 1..) = pipe.read(&mut chunk).await {
        log.write(&chunk[..read]);
        let Some(show) = &lines else { continue };
        for part in chunk[..read].split_inclusive(|byte| *byte == b'\n') {
            if line.len() <= LINE {
                line.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                if line.len() <= LINE {
                    show(String::from_utf8_lossy(&line).trim_end());
                }
                line.clear();
            }
        }
    }
    if let Some(show) = lines.filter(|_| !line.is_empty() && line.len() <= LINE) {
        show(String::from_utf8_lossy(&line).trim_end());
    }
}
