//! Where the demo takes place: a directory, a repository, a coordinator and its factories, each a process of its own.
//! Owns all of them and ends them by their ids.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;
use wire::Client;

use super::Teller;
use super::process::Process;
use super::repository::Repository;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// How long the coordinator may take to start.
const START: Duration = Duration::from_secs(20);
/// The length of the demo factories' leases: the shortest there is, so that a lost machine is noticed soon.
const LEASE_SEC: &str = "10";

/// What a run's processes carry in their environment.
const RUN_ID: &str = "GIGAFACTORY_RUN_ID";

/// Everything that the demo starts.
#[derive(Debug)]
pub(super) struct World {
    dir: PathBuf,
    /// Removes the directory with the world; nothing where it is to stay.
    _removed: Option<TempDir>,
    repository: Option<Repository>,
    coordinator: Option<(Process, String)>,
    factories: Vec<(String, Process)>,
}

impl World {
    /// Makes the directory. With `keep` it stays.
    pub(super) fn new(keep: bool) -> io::Result<Self> {
        let made = tempfile::Builder::new().prefix("gigafactory-demo-").tempdir()?;
        // What git and the processes print is the resolved path.
        let dir = made.path().canonicalize()?;
        let removed = if keep {
            let _ = made.keep();
            None
        } else {
            Some(made)
        };
        std::fs::create_dir_all(dir.join("logs"))?;
        Ok(Self { dir, _removed: removed, repository: None, coordinator: None, factories: Vec::new() })
    }

    /// Makes the repository and starts the coordinator.
    pub(super) async fn begin(&mut self, teller: Teller) -> Result<(), Failure> {
        let repository = Repository::make(&self.dir).await?;
        teller.say(&format!("repository   {}", repository.path.display()));
        self.repository = Some(repository);
        let data = self.dir.join("data");
        let data = data.to_string_lossy();
        let log = self.log("coordinator");
        let args = ["up", "--listen", "127.0.0.1:0", "--data", &data];
        let mut process = Process::start(&args, &[], &self.dir, &log)?;
        let mut lines = BufReader::new(process.output()?).lines();
        let first = timeout(START, lines.next_line()).await;
        let Some(address) = first.ok().and_then(Result::ok).flatten().and_then(|line| address(&line)) else {
            process.end().await;
            let why = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(Failure::said(Exit::Failed, format!("the coordinator did not start: {}", why.trim())));
        };
        teller.say(&format!("coordinator  {address}"));
        self.coordinator = Some((process, address));
        Ok(())
    }

    /// Starts a factory with a capability of its own.
    pub(super) fn start_factory(&mut self, name: &str, capability: &str, teller: Teller) -> Result<(), Failure> {
        let workdir = self.dir.join(name);
        let workdir = workdir.to_string_lossy();
        let args = ["factory", "--factory-id", name, "--caps", capability, "--seats", "2", "--workdir", &workdir];
        let args = [args.as_slice(), &["--lease-ttl", LEASE_SEC, "--checkpoint-sec", "1"]].concat();
        let api = self.api()?;
        let env = [("AQ_FLEET", "1"), ("AQ_FLEET_API", api.as_str())];
        let process = Process::start(&args, &env, &self.dir, &self.log(name))?;
        self.factories.push((name.to_owned(), process));
        teller.say(&format!("factory      {name} with capability {capability}"));
        Ok(())
    }

    /// Loses a machine: its factory and the run's own processes end at once and say nothing.
    pub(super) async fn lose(&mut self, name: &str, run: &str) {
        for (_, process) in self.factories.iter_mut().filter(|(known, _)| known == name) {
            process.kill().await;
        }
        // The engine has a session of its own.
        agent::sweep::sweep(RUN_ID, run);
    }

    /// The coordinator's API.
    pub(super) fn api(&self) -> Result<String, Failure> {
        let (_, address) = self.coordinator.as_ref().ok_or_else(|| io::Error::other("there is no coordinator yet"))?;
        Ok(format!("{address}/api"))
    }

    /// A client of the coordinator.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.api()?, "default", None)?)
    }

    /// The repository.
    pub(super) fn repository(&self) -> Result<&Repository, Failure> {
        self.repository.as_ref().ok_or_else(|| io::Error::other("there is no repository yet").into())
    }

    /// Where to look while it is kept running.
    pub(super) fn guide(&self) -> String {
        let dir = self.dir.display();
        let address = self.coordinator.as_ref().map_or("", |(_, address)| address.as_str());
        format!(
            "\neverything is left running, until Ctrl-C:\n\
             \x20 API         {address}/api   (document: {address}/api/openapi.json)\n\
             \x20 health      {address}/readyz   metrics: {address}/metrics\n\
             \x20 state       {dir}/data\n\
             \x20 logs        {dir}/logs, {dir}/forge-docs/logs\n\
             \x20 jobs        gigafactory --api {address}/api jobs\n\
             \x20 one job     gigafactory --api {address}/api show JOB\n\
             \x20 results     git -C {dir}/origin.git log --oneline --branches='gigafactory/*'\n\
             the directory {dir} stays; remove it when you are done"
        )
    }

    /// Ends everything: the factories first, then the coordinator.
    pub(super) async fn end(&mut self) {
        let ends = self.factories.iter_mut().map(|(_, process)| process.end());
        futures::future::join_all(ends).await;
        if let Some((process, _)) = &mut self.coordinator {
            process.end().await;
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        Path::new(&self.dir).join("logs").join(format!("{name}.log"))
    }
}

/// The address in `listening on http://ADDRESS`.
fn address(line: &str) -> Option<String> {
    line.strip_prefix("listening on ").map(str::to_owned)
}
