//! A factory that means well: beats, claims, works, renews, reports, gives back; is sometimes frozen beyond its leases,
//! and sometimes forgets everything. What it does with a lease is in `work`.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Client;
use crate::sim::notes::Given;
use crate::sim::transport::{Reply, Request};

/// A lease that the factory believes to hold.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(super) job: String,
    pub(super) epoch: u64,
    pub(super) ttl_sec: u64,
    /// How far the work has come: 0 assigned, 1 building, 2 review, 3 testing.
    pub(super) reached: u8,
    pub(super) cost: u64,
    /// It cannot wait.
    pub(super) urgent: bool,
}

/// A factory.
pub(crate) struct Factory {
    pub(super) client: Client,
    pub(crate) held: Vec<Lease>,
    lists: bool,
    pub(super) sent: u64,
    fits_all: bool,
    /// The last claim that it can repeat.
    last_claim: Option<Request>,
    /// Most of what it begins fails at once.
    pub(super) sick: bool,
    /// Its work takes long: seats are seldom free.
    pub(super) slow: bool,
    /// It gives way when it is told to.
    heeds: bool,
    /// Leases that it was told to give way with.
    pub(super) told: Vec<(String, u64)>,
}

impl Factory {
    /// A factory; `lists` its leases with its beats, or never does.
    pub(crate) fn new(client: Client, lists: bool) -> Self {
        let (held, told) = (Vec::new(), Vec::new());
        Self {
            client,
            held,
            told,
            lists,
            sent: 0,
            fits_all: false,
            last_claim: None,
            sick: false,
            slow: false,
            heeds: false,
        }
    }

    /// One that takes whatever there is, and ships it.
    pub(crate) fn healer(client: Client) -> Self {
        Self { fits_all: true, ..Self::new(client, true) }
    }

    pub(super) async fn live(mut self) {
        let c = &mut self.client;
        c.world.notes.borrow_mut().factory(&c.product, &c.name);
        self.sick = c.rng.chance(80);
        if c.world.steered {
            (self.slow, self.heeds) = (c.rng.chance(700), c.rng.chance(500));
        }
        c.rest(0, 20_000).await;
        self.beat(true).await;
        while self.client.goes_on() {
            let fate = self.client.rng.below(1_000);
            if self.is_crowded() {
                self.beat(false).await;
            }
            match fate {
                0..=11 => self.freeze().await,
                12..=24 if self.last_claim.is_some() => self.claim_again().await,
                25..=30 => self.forget().await,
                31..=40 if self.client.world.steered => self.preview().await,
                12..=220 => self.beat(false).await,
                _ if self.held.is_empty() || (self.free() > 0 && fate < 500) => {
                    self.claim().await;
                }
                _ => self.work().await,
            }
            let most = match self.lists {
                true if self.slow => 9_000,
                true => 6_000,
                false => 12_000,
            };
            self.client.rest(50, most).await;
        }
    }

    fn free(&self) -> u64 {
        self.client.seats.saturating_sub(self.held.len() as u64)
    }

    /// It has many leases, of one length, and keeps them by beating often.
    fn is_crowded(&self) -> bool {
        self.lists && self.client.seats > 4 && !self.fits_all
    }

    /// Stands still for longer than its leases, and goes on as if nothing were.
    async fn freeze(&mut self) {
        let longest = self.held.iter().map(|lease| lease.ttl_sec).max().unwrap_or(5);
        if !self.held.is_empty() {
            self.client.world.sometimes.hit("a factory was frozen for longer than its lease and went on");
        }
        self.client.rest(longest * 1_000, longest * 3_000).await;
        let leases = self.held.clone();
        for lease in leases {
            // What renews goes on by itself.
            if self.client.world.steered && self.client.rng.chance(500) {
                self.renews(&lease).await;
            }
            self.step(&lease).await;
        }
    }

    /// Its host begins anew and knows of nothing.
    async fn forget(&mut self) {
        if !self.held.is_empty() {
            self.client.world.sometimes.hit("a factory vanished with leases");
        }
        self.held.clear();
        if self.client.rng.chance(300) {
            self.client.left = 0;
            return;
        }
        self.client.rest(1_000, 60_000).await;
        for _ in 0..3 {
            self.beat(true).await;
            self.client.rest(200, 3_000).await;
        }
    }

    /// Beats; the first one says what it is.
    pub(crate) async fn beat(&mut self, whole: bool) {
        let c = &mut self.client;
        let mut body = json!({"factoryId": c.name});
        if whole {
            let heartbeat = if self.lists { c.rng.within(5..=20) } else { 60 };
            body["heartbeatSec"] = json!(heartbeat);
            body["seatLimit"] = json!(self.client.seats);
            body["capabilities"] = self.capabilities();
            if self.client.world.steered {
                body["repos"] = json!(["north"]);
            }
            body["engineClasses"] = json!(["large"]);
            body["engines"] = self.engines();
        }
        let c = &mut self.client;
        if c.rng.chance(150) {
            body["load"] = json!(f64::from(u32::try_from(c.rng.below(11)).unwrap_or(0)) / 10.0);
        }
        if self.lists {
            let leases: Vec<Value> =
                self.held.iter().map(|lease| json!({"jobId": lease.job, "leaseEpoch": lease.epoch})).collect();
            body["leases"] = json!(leases);
        }
        let reply = c.insist_on("POST", "/api/fleet/factories/heartbeat".into(), &body).await;
        for lost in reply.body["lost"].as_array().into_iter().flatten() {
            self.held.retain(|lease| lost["jobId"] != lease.job.as_str() || lost["leaseEpoch"] != lease.epoch);
        }
        self.signals(&reply).await;
    }

    /// Gives way, if it is one that does: saves the work and gives the lease back. Others go on as if nothing were.
    async fn signals(&mut self, reply: &Reply) {
        for signal in reply.body["signals"].as_array().into_iter().flatten() {
            let of = |lease: &&Lease| signal["jobId"] == lease.job.as_str() && signal["leaseEpoch"] == lease.epoch;
            let Some(lease) = self.held.iter().find(of).filter(|_| signal["type"] == "preempt").cloned() else {
                continue;
            };
            self.told.push((lease.job.clone(), lease.epoch));
            if self.heeds {
                self.give_way(&lease).await;
            } else if self.client.rng.chance(250) {
                self.hurry(&lease).await;
            }
        }
    }

    /// Asks what it would get.
    async fn preview(&mut self) {
        let body = json!({"factoryId": self.client.name});
        self.client.post("/api/fleet/claim/preview", &body).await;
    }

    fn capabilities(&mut self) -> Value {
        let rng = &mut self.client.rng;
        match rng.below(4) {
            _ if self.fits_all => json!(["rust", "docs"]),
            0 => json!(["rust"]),
            1 => json!([]),
            _ => json!(["rust", "docs"]),
        }
    }

    fn engines(&mut self) -> Value {
        let steered = self.client.world.steered && !self.fits_all;
        let engine = |name: &str| match steered {
            true => json!({"name": name, "state": "available", "account": "team"}),
            false => json!({"name": name, "state": "available"}),
        };
        if self.fits_all || self.client.rng.chance(700) {
            json!([engine("claude"), engine("codex")])
        } else {
            json!([engine("codex")])
        }
    }

    /// Asks for work.
    pub(crate) async fn claim(&mut self) {
        let (crowded, free) = (self.is_crowded(), self.free());
        let c = &mut self.client;
        let wait = if self.fits_all { 0 } else { *c.rng.pick(&[0, 0, 5, 20]) };
        let ttl_sec = if crowded { 30 } else { c.rng.within(10..=60) };
        let mut body = json!({"factoryId": c.name, "leaseTtlSec": ttl_sec});
        if wait > 0 {
            body["waitSec"] = json!(wait);
        }
        if crowded && free > 1 {
            body["max"] = json!(free);
        } else if c.rng.chance(700) {
            self.sent += 1;
            body["claimId"] = json!(format!("{}-{}", c.name, self.sent));
        } else if c.rng.chance(300) {
            body["max"] = json!(c.rng.within(2..=3));
        }
        if c.rng.chance(50) {
            body["capabilities"] = json!(["docs"]);
        }
        if c.world.steered && c.rng.chance(100) {
            body["weights"] = json!({"priority": c.rng.below(200), "retry": 0.5});
        }
        let request =
            Request { method: "POST", path: "/api/fleet/claim".into(), if_match: None, body: Some(body.to_string()) };
        let asked = Instant::now();
        if c.rng.chance(60) && !self.fits_all {
            self.claim_twice(body).await;
            return;
        }
        if body["claimId"].is_string() {
            self.last_claim = Some(request.clone());
        }
        let c = &mut self.client;
        let reply = c.insist(&request, Duration::from_secs(wait + 4)).await;
        if wait > 0 && reply.status == 200 && asked.elapsed() > Duration::from_secs(4) {
            c.world.sometimes.hit("a waiting claim was granted");
        }
        self.granted(&reply);
        if reply.code() == "unknown-factory" {
            self.beat(true).await;
        }
    }

    /// Asks for what it was given long ago: it has forgotten the answer.
    async fn claim_again(&mut self) {
        let Some(request) = self.last_claim.clone() else { return };
        let reply = self.client.insist(&request, Duration::from_secs(24)).await;
        self.granted(&reply);
    }

    /// Asks on two lines at the same time.
    async fn claim_twice(&mut self, mut body: Value) {
        body["claimId"] = Value::Null;
        body["waitSec"] = json!(5);
        let mut twin = self.client.twin();
        let (one, two) =
            futures::join!(self.client.post("/api/fleet/claim", &body), twin.post("/api/fleet/claim", &body));
        self.granted(&one);
        self.granted(&two);
    }

    fn granted(&mut self, reply: &Reply) {
        if reply.status != 200 {
            return;
        }
        let one = [reply.body.clone()];
        let grants = reply.body["grants"].as_array().map_or(&one[..], Vec::as_slice);
        for grant in grants {
            let (Some(job), Some(epoch)) = (grant["job"]["id"].as_str(), grant["leaseEpoch"].as_u64()) else {
                continue;
            };
            let c = &self.client;
            if grant["repeated"] == true {
                c.world.sometimes.hit("a grant whose answer was lost was given again to the same claim");
            }
            let given = Given { product: c.product.clone(), job: job.into(), epoch };
            c.world.notes.borrow_mut().given.push(given);
            if grant["leaseActive"] == false {
                continue;
            }
            self.held.retain(|lease| lease.job != job);
            let ttl_sec = grant["leaseTtlSec"].as_u64().unwrap_or(10);
            let urgent = grant["job"]["priority"] == "critical";
            self.held.push(Lease { job: job.into(), epoch, ttl_sec, reached: 0, cost: 0, urgent });
        }
    }

    /// Takes one of its leases a step further.
    async fn work(&mut self) {
        let Some(lease) = self.client.rng.some(&self.held).cloned() else { return };
        self.step(&lease).await;
    }
}
