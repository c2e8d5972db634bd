//! One data directory through many lives of its coordinator, with one history over all of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use checker::{Line, Moment};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::desk::{Desk, now_ms};
use super::dice::Dice;
use super::load::{self, Crowd};
use super::server::{Ended, Server};
use super::world::World;

/// How long a fail point may take to be passed.
const FAULT_WITHIN: Duration = Duration::from_secs(20);

/// A data directory and everything that was asked of its coordinators.
pub(crate) struct Session {
    pub(crate) data: PathBuf,
    pub(crate) desk: Desk,
    pub(crate) world: World,
    pub(crate) dice: Dice,
    pub(crate) crowd: Crowd,
    runtime: Runtime,
}

impl Session {
    pub(crate) fn new(data: &Path, seed: u64, crowd: Crowd) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (desk, world) = (Desk::new(), World::default());
        Self { data: data.to_owned(), desk, world, dice: Dice::new(seed), crowd, runtime }
    }

    /// Starts a coordinator. The other outcome is that it ended before it served.
    pub(crate) fn start(&self, program: &Path, faults: Option<&str>) -> Result<Server, Ended> {
        let server = Server::start(program, &self.data, faults)?;
        self.desk.recorder.mark(Moment::Started, now_ms());
        Ok(server)
    }

    /// Lets the crowd loose for a while, then kills the coordinator.
    pub(crate) fn kill_after(&mut self, server: Server, lasts: Duration) {
        self.under_load(&server.address.clone(), async |_| {
            tokio::time::sleep(lasts).await;
            server.kill();
        });
    }

    /// Lets the crowd loose until the coordinator ends by itself; asks it to stop first where `stops`.
    pub(crate) fn until_it_ends(&mut self, mut server: Server, stops: bool) -> Ended {
        self.under_load(&server.address.clone(), async |_| {
            if stops {
                tokio::time::sleep(Duration::from_millis(200)).await;
                server.ask_to_stop();
            }
            let until = Instant::now() + FAULT_WITHIN;
            while !server.has_ended() {
                if Instant::now() >= until {
                    server.kill();
                    panic!("the coordinator goes on: the fault was never met");
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            server.wait()
        })
    }

    /// Runs something beside the crowd. The coordinator has to be gone afterwards, which ends the crowd.
    pub(crate) fn under_load<T>(&mut self, address: &str, beside: impl AsyncFnOnce(&Desk) -> T) -> T {
        let desk = self.desk.at(address);
        self.runtime.block_on(async {
            load::repeat_unanswered(self.crowd, &desk).await;
            let clients = load::unleash(self.crowd, &self.world, &desk, &mut self.dice);
            let outcome = beside(&desk).await;
            join(clients).await;
            desk.recorder.mark(Moment::Ended, now_ms());
            outcome
        })
    }

    /// Runs something alone with a coordinator that lives on.
    pub(crate) fn alone<T>(&self, address: &str, what: impl AsyncFnOnce(&Desk) -> T) -> T {
        let desk = self.desk.at(address);
        self.runtime.block_on(async { what(&desk).await })
    }

    /// Takes the history so far. No request may be open.
    pub(crate) fn history(&self) -> Vec<Line> {
        self.desk.recorder.take()
    }
}

async fn join(mut clients: JoinSet<()>) {
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
}
