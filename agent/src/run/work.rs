//! The engine at work: its process, the checkpoints meanwhile, and `verify` after it. Both run under the same rules.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Attempt;
use super::space::{MARK, Space};
use crate::engine::{self, Plan};
use crate::fleet::Fleet;
use crate::lease::Stop;
use crate::process::{Command, Ended, supervise};

/// How long an engine may take to end when the factory ends.
const AT_SHUTDOWN: Duration = Duration::from_secs(2);

impl<F: Fleet> Attempt<'_, F> {
    /// Runs the engine to its end, with checkpoints on a timer and whenever the engine asks.
    pub(super) async fn work(&self, space: &Space) -> io::Result<Ended> {
        let job = &self.grant.job;
        let named = |name: &str| job.engines.iter().any(|engine| engine == name);
        let persona = self.grant.run.profile_snapshot.as_ref().and_then(|of| of.snapshot.persona.as_deref());
        let mock = &self.host.config.mock_command;
        let plan = self.engine.and_then(|name| engine::plan(name, named(name), persona, &job.body_md, mock));
        let Some(plan) = plan else {
            return Err(match self.engine {
                Some("shell") => {
                    let why = "the body has no shell block, and the job does not name the shell as its engine";
                    io::Error::new(io::ErrorKind::InvalidInput, why)
                }
                _ => io::Error::new(io::ErrorKind::NotFound, "none of the job's engines is on this host"),
            });
        };
        self.log.note(&format!("engine {}", self.engine.unwrap_or_default()));
        let mut engine = JoinSet::new();
        engine.spawn(self.process(space, plan)?);
        let every = self.host.config.checkpoint;
        let mut timer = interval_at(Instant::now() + every, every);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                Some(ended) = engine.join_next() => return ended.unwrap_or_else(|why| Err(io::Error::other(why))),
                () = self.seen.checkpoint_wanted() => self.checkpoint(space).await,
                _ = timer.tick() => self.checkpoint(space).await,
            }
        }
    }

    /// Runs the job's `verify`.
    pub(super) async fn verify(&self, space: &Space, script: &str) -> io::Result<Ended> {
        self.log.note("verify");
        let process = self.process(space, engine::shell(script))?;
        process.await
    }

    /// A process of this run, which ends with the run whatever happens.
    fn process(
        &self,
        space: &Space,
        plan: Plan,
    ) -> io::Result<impl Future<Output = io::Result<Ended>> + Send + 'static> {
        let mut words = plan.command.iter();
        let program = words.next().ok_or_else(|| io::Error::other("the engine has no command"))?;
        let command = Command {
            program: program.into(),
            args: words.map(Into::into).collect(),
            cwd: space.cwd.clone(),
            env: space.environment(self.grant),
            stdin: plan.stdin.into_bytes(),
            deadline: self.deadline,
            grace: self.host.config.grace,
            mark: Some((MARK, self.grant.run.id.clone())),
        };
        let (lease, grace) = (self.lease().clone(), self.host.config.grace);
        let (log, seen, dialect) = (self.log.clone(), self.seen.clone(), plan.dialect);
        let watched = seen.clone();
        let reader = Arc::new(move |line: &str| seen.line(dialect, line));
        let stop = async move {
            tokio::select! {
                why = lease.stopping() => match why {
                    Stop::Shutdown => grace.min(AT_SHUTDOWN),
                    Stop::Preempted(time) => grace.min(time / 2),
                    Stop::Cancelled | Stop::Fenced => grace,
                },
                () = watched.over_budget() => grace,
            }
        };
        Ok(async move { supervise(command, &log, reader, stop).await })
    }
}
