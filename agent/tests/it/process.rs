//! Real processes: nothing of a run survives it, whatever it does, and it sees nothing that it was not given.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{runs, until};
use agent::log::Log;
use agent::process::{Command, Ended, supervise};
use tokio::time::Instant;

struct Bench {
    dir: tempfile::TempDir,
    log: Log,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::create(&dir.path().join("log"), 1_000).unwrap();
        Self { dir, log }
    }

    fn command(&self, script: &str) -> Command {
        Command {
            program: "bash".into(),
            args: ["-s"].map(Into::into).to_vec(),
            cwd: self.dir.path().to_owned(),
            env: vec![("PATH".into(), std::env::var_os("PATH").unwrap())],
            stdin: script.as_bytes().to_vec(),
            deadline: None,
            grace: Duration::from_millis(300),
            mark: None,
        }
    }

    async fn run(&self, command: Command) -> Ended {
        let end = Instant::now() + Duration::from_secs(20);
        let ended =
            tokio::time::timeout_at(end, supervise(command, &self.log, Arc::new(|_| {}), std::future::pending()));
        ended.await.unwrap().unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

/// The process ids that a script wrote to `pids`, one a line.
async fn pids(dir: &Path, count: usize) -> Vec<i32> {
    let file = dir.join("pids");
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    until("the script has told its processes", || read().lines().count() == count && read().ends_with('\n')).await;
    read().lines().map(|line| line.parse().unwrap()).collect()
}

#[tokio::test]
async fn output_code_and_lines_come_back() {
    let bench = Bench::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = seen.clone();
    let reader = Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
    let command = bench.command("echo one; echo err >&2; printf two; exit 3");
    let ended = supervise(command, &bench.log, reader, std::future::pending()).await.unwrap();
    assert_eq!(ended, Ended::Exit(3));
    assert_eq!(*seen.lock().unwrap(), ["one", "two"]);
    assert!(bench.log().contains("err\n"));
    assert_eq!(bench.run(bench.command("kill -KILL $$")).await, Ended::Exit(137));
}

#[tokio::test]
async fn the_environment_is_only_what_was_given() {
    let bench = Bench::new();
    let mut command = bench.command("env");
    command.env.push(("GIVEN".into(), "yes".into()));
    bench.run(command).await;
    let mut names: Vec<_> = bench.log().lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    names.sort();
    // The last three are the shell's own.
    assert_eq!(names, ["GIVEN", "PATH", "PWD", "SHLVL", "_"]);
}

#[tokio::test]
async fn a_flood_ends_in_a_mark_and_not_in_memory() {
    let bench = Bench::new();
    assert_eq!(bench.run(bench.command("head -c 3000000 /dev/zero | tr '\\0' x")).await, Ended::Exit(0));
    let log = bench.log();
    assert!(log.len() < 1_200 && log.contains("cut off"), "{}", log.len());
}

#[tokio::test]
async fn a_timeout_ends_the_whole_group_even_where_it_ignores_the_signal() {
    let bench = Bench::new();
    let mut command = bench.command(
        "trap '' TERM\n(trap '' TERM; echo $BASHPID >> pids; while :; do sleep 0.1; done) &\necho $$ >> pids\nwhile :; do sleep 0.1; done\n",
    );
    command.deadline = Some(Instant::now() + Duration::from_millis(500));
    assert_eq!(bench.run(command).await, Ended::TimedOut);
    for id in pids(bench.dir.path(), 2).await {
        assert!(!runs(id), "{id}");
    }
}

#[tokio::test]
async fn a_process_that_is_asked_to_stop_may_clean_up() {
    let bench = Bench::new();
    let command = bench.command("trap 'echo bye; exit 0' TERM\necho $$ >> pids\nwhile :; do sleep 0.05; done\n");
    let (ask, asked) = tokio::sync::oneshot::channel::<()>();
    let stop = async {
        asked.await.unwrap();
        Duration::from_secs(10)
    };
    let watcher = async {
        let ids = pids(bench.dir.path(), 1).await;
        ask.send(()).unwrap();
        ids
    };
    let (ended, ids) = tokio::join!(supervise(command, &bench.log, Arc::new(|_| {}), stop), watcher);
    assert_eq!(ended.unwrap(), Ended::Stopped);
    assert!(bench.log().contains("bye"));
    assert!(!runs(ids[0]));
}

#[tokio::test]
async fn grandchildren_end_with_a_process_that_ends_by_itself() {
    let bench = Bench::new();
    let began = Instant::now();
    assert_eq!(
        bench.run(bench.command("sleep 60 & echo $! >> pids\n(sleep 60 & echo $! >> pids)\nexit 0\n")).await,
        Ended::Exit(0)
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    for id in pids(bench.dir.path(), 2).await {
        until("the grandchild is gone", || !runs(id)).await;
    }
}

#[tokio::test]
async fn dropping_the_supervisor_ends_the_group() {
    let bench = Bench::new();
    let command =
        bench.command("trap '' TERM\nsleep 60 & echo $! >> pids\necho $$ >> pids\nwhile :; do sleep 0.1; done\n");
    let log = bench.log.clone();
    let task = tokio::spawn(async move { supervise(command, &log, Arc::new(|_| {}), std::future::pending()).await });
    let ids = pids(bench.dir.path(), 2).await;
    task.abort();
    for id in ids {
        until("the process is gone", || !runs(id)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_left_the_group_is_found_by_its_mark() {
    let bench = Bench::new();
    let mut command =
        bench.command("setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $! >> pids\nsleep 0.2\nexit 0\n");
    command.env.push(("GIGAFACTORY_RUN_ID".into(), "the-mark".into()));
    command.mark = Some(("GIGAFACTORY_RUN_ID", "the-mark".to_owned()));
    assert_eq!(bench.run(command).await, Ended::Exit(0));
    for id in pids(bench.dir.path(), 1).await {
        until("the process is gone", || !runs(id)).await;
    }
}
