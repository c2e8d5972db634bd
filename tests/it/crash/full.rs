//! A disk that is full at moments that nobody chose: refused in plain words, nothing lost, well again by itself.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::desk::{Desk, Reply};
use super::judge::good;
use super::kill::verdict;
use super::load::{Crowd, QUIET};
use super::server::{Build, Server};
use super::session::Session;
use super::world::Client;

/// Enough for the schema, a WAL and many thousand jobs.
const SIZE: &str = "size=128m";
/// What one cycle may write before it fills the disk.
const ROOM: u64 = 48 << 20;
/// How long it may take until the space that is left is used up.
const FULL_WITHIN: Duration = Duration::from_secs(20);
/// How long it may take to serve again.
const WELL_WITHIN: Duration = Duration::from_secs(5);
/// Small enough that a probe gets through.
pub(crate) const SMALL_CROWD: Crowd =
    Crowd { submitters: 4, workers: 6, operators: 2, gatekeepers: 0, importers: 0, hosts: 0 };

/// A small disk of its own. Its drop unmounts it.
pub(crate) struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    /// None where mounting is refused, which is told.
    pub(crate) fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(dir.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { dir }),
            refused => {
                eprintln!("SKIPPED: no disk can be mounted here: {refused:?}");
                None
            }
        }
    }

    /// Whether another cycle fits.
    pub(crate) fn has_room(&self) -> bool {
        let stat = nix::sys::statvfs::statvfs(self.dir.path()).unwrap();
        stat.blocks_available() * stat.fragment_size() > ROOM
    }

    fn ballast(&self) -> PathBuf {
        self.dir.path().join("ballast")
    }

    /// Leaves no space.
    pub(crate) fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.ballast()).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            let block = vec![7; size];
            while file.write_all(&block).is_ok() {}
        }
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has a file open keeps it until then.
        let _ = Command::new("umount").arg("--lazy").arg(self.dir.path()).status();
    }
}

/// How a cycle ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Space returns, then the coordinator is killed.
    Freed,
    /// It is killed while the disk is full, and started on the full disk.
    Full,
}

/// One life in which the disk fills up. Gives back how long it took to serve again.
pub(crate) fn cycle(session: &mut Session, disk: &Disk, program: &Path, end: End) -> Duration {
    let mut server = session.start(program, None).unwrap();
    let lasts = Duration::from_millis(30 + session.dice.below(600));
    let dice = session.dice.split();
    let world = session.world.clone();
    let address = server.address.clone();
    let well = session.under_load(&address, async |desk| {
        let probe = Probe::new(world.client("probe", QUIET, desk, dice)).await;
        tokio::time::sleep(lasts).await;
        disk.fill();
        probe.until(507, FULL_WITHIN).await;
        ready(desk, 507, FULL_WITHIN).await;
        for _ in 0..20 {
            probe.lives_on().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!server.has_ended(), "a full disk ended it: {:?}", server.wait());
        if end == End::Full {
            server.kill();
            return None;
        }
        disk.free();
        let began = Instant::now();
        probe.until(201, WELL_WITHIN).await;
        let well = began.elapsed();
        ready(desk, 200, WELL_WITHIN).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill();
        Some(well)
    });
    well.unwrap_or_else(|| start_on_a_full_disk(session, disk, program))
}

/// Either it serves what can be read, or it says in plain words why it does not.
fn start_on_a_full_disk(session: &Session, disk: &Disk, program: &Path) -> Duration {
    let served = match session.start(program, None) {
        Ok(server) => Some(server),
        Err(ended) => {
            assert_eq!(ended.status.code(), Some(1), "{ended:?}");
            assert!(says_full(&ended.said), "{ended:?}");
            None
        }
    };
    if let Some(server) = &served {
        let full = session.alone(&server.address, async |desk| {
            desk.read(QUIET, "/api/fleet/jobs").await;
            Probe { me: session.world.client("p2", QUIET, desk, session.dice.clone()), lease: None }.write().await
        });
        assert!(matches!(full.status, 201 | 507), "{full:?}");
    }
    disk.free();
    let began = Instant::now();
    let server = served.unwrap_or_else(|| session.start(program, None).unwrap());
    session.alone(&server.address, async |desk| {
        let me = session.world.client("p2", QUIET, desk, session.dice.clone());
        Probe { me, lease: None }.until(201, WELL_WITHIN).await;
    });
    server.kill();
    session.desk.recorder.mark(checker::Moment::Ended, super::desk::now_ms());
    began.elapsed()
}

fn says_full(said: &str) -> bool {
    ["no space left", "disk is full", "No space left"].iter().any(|words| said.contains(words))
}

/// Waits until `/readyz` answers like this. Small writes may still fit where a large one did not.
async fn ready(desk: &Desk, status: u16, within: Duration) {
    let until = Instant::now() + within;
    while desk.status("/readyz").await != status {
        assert!(Instant::now() < until, "/readyz does not say {status} within {within:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A client that knows when the disk is full, with a lease that has to live through it.
struct Probe {
    me: Client,
    lease: Option<(String, u64)>,
}

impl Probe {
    async fn new(me: Client) -> Self {
        let beat = json!({"factoryId": "probe", "seatLimit": 1000});
        me.ask("POST", "/factories/heartbeat", Some(beat)).await.unwrap();
        let probe = Self { me, lease: None };
        probe.write().await;
        let claim = json!({"factoryId": "probe", "leaseTtlSec": 120});
        let grant = probe.me.ask("POST", "/claim", Some(claim)).await.unwrap();
        assert_eq!(grant.status, 200, "{grant:?}");
        Self { lease: Some((grant.text("/job/id").to_owned(), grant.number("/leaseEpoch"))), ..probe }
    }

    async fn write(&self) -> Reply {
        let body = json!({"bodyMd": "x".repeat(2_000)});
        self.me.ask("POST", "/jobs", Some(body)).await.unwrap()
    }

    /// Writes until that is answered like this.
    async fn until(&self, status: u16, within: Duration) {
        let until = Instant::now() + within;
        loop {
            let reply = self.write().await;
            assert!(matches!(reply.status, 201 | 503 | 507), "{reply:?}");
            if reply.status == status {
                return;
            }
            assert!(Instant::now() < until, "no {status} within {within:?}, but {reply:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What needs no space goes on: reads, renewals, heartbeats.
    async fn lives_on(&self) {
        let (me, mut leases) = (&self.me, Vec::new());
        for path in ["/jobs?limit=5", "/events?after=0&limit=5", "/factories"] {
            let reply = me.ask("GET", path, None).await.unwrap();
            assert_eq!(reply.status, 200, "GET {path}: {reply:?}");
        }
        if let Some((job, epoch)) = &self.lease {
            leases.push(json!({"jobId": job, "leaseEpoch": epoch}));
            let path = format!("/jobs/{job}/lease/renew");
            let renewed = me.ask("POST", &path, Some(json!({ "leaseEpoch": epoch }))).await.unwrap();
            assert_eq!(renewed.status, 200, "{renewed:?}");
        }
        let beat = json!({"factoryId": "probe", "leases": leases});
        let beaten = me.ask("POST", "/factories/heartbeat", Some(beat)).await.unwrap();
        assert_eq!(beaten.status, 200, "{beaten:?}");
        assert_eq!(beaten.body["lost"], json!([]), "{beaten:?}");
    }
}

#[test]
fn a_full_disk_is_refused_in_plain_words_and_survived() {
    let (Some(program), Some(disk)) = (Build::Shipped.program(), Disk::mount()) else { return };
    let mut session = Session::new(&disk.path().join("data"), 5, SMALL_CROWD);
    for end in [End::Freed, End::Freed, End::Full, End::Freed, End::Full] {
        let well = cycle(&mut session, &disk, &program, end);
        eprintln!("{end:?}: serves again after {well:?}");
        assert!(well <= WELL_WITHIN);
    }
    let verdict = verdict(&session, &program);
    good(&verdict);
}

#[test]
fn a_first_start_on_a_full_disk_says_so_and_the_next_one_serves() {
    let (Some(program), Some(disk)) = (Build::Shipped.program(), Disk::mount()) else { return };
    let data = disk.path().join("data");
    disk.fill();
    let Err(ended) = Server::start(&program, &data, None) else { panic!("it serves without space") };
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(says_full(&ended.said), "{ended:?}");
    disk.free();
    let served = Server::start(&program, &data, None).unwrap();
    assert!(served.stop().status.success());
}
