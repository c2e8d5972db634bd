//! What a factory does with a lease, step by step. Every write carries the epoch; most carry an id and are repeated
//! until they are answered.

use serde_json::{Value, json};

use super::factory::{Factory, Lease};
use super::family;
use crate::sim::transport::Reply;

const STAGES: [&str; 4] = ["assigned", "building", "review", "testing"];

impl Factory {
    /// One step of the work under a lease.
    pub(super) async fn step(&mut self, lease: &Lease) {
        let dice = self.client.rng.below(100);
        let reply = match dice {
            _ if self.slow && !lease.urgent && self.client.rng.chance(700) => match dice {
                0..=20 => self.tell(lease).await,
                _ => self.renew(lease).await,
            },
            _ if self.client.world.families && lease.reached < 2 && self.client.rng.chance(80) => {
                return self.decompose(lease).await;
            }
            0..=14 => self.renew(lease).await,
            15..=24 => self.tell(lease).await,
            25..=31 => self.release(lease).await,
            _ => self.go_on(lease).await,
        };
        self.learn(lease, &reply);
    }

    /// Finds that the job is too much for one, and gives it children.
    async fn decompose(&mut self, lease: &Lease) {
        let reply = family::adopt(&mut self.client, &lease.job, Some(lease.epoch)).await;
        if reply.is_ok() {
            self.drop_lease(lease);
        }
        self.learn(lease, &reply);
    }

    /// Works until the job has shipped.
    pub(crate) async fn finish(&mut self) {
        for lease in self.held.clone() {
            let body = json!({"leaseEpoch": lease.epoch, "stage": "shipped", "result": "succeeded"});
            let reply = self.report(&lease, body).await;
            if reply.code() == "approvals-missing" {
                let body = json!({"leaseEpoch": lease.epoch, "stage": "review", "result": "succeeded"});
                self.report(&lease, body).await;
                self.release(&lease).await;
            }
            self.learn(&lease, &reply);
        }
        self.held.clear();
    }

    /// Comes to an end before it has to give way.
    pub(super) async fn hurry(&mut self, lease: &Lease) {
        let reply =
            self.report(lease, json!({"leaseEpoch": lease.epoch, "stage": "shipped", "result": "succeeded"})).await;
        self.learn(lease, &reply);
    }

    /// Renews a lease, and learns whether it is still there.
    pub(super) async fn renews(&mut self, lease: &Lease) {
        let reply = self.renew(lease).await;
        self.learn(lease, &reply);
    }

    async fn renew(&mut self, lease: &Lease) -> Reply {
        let mut body = json!({"leaseEpoch": lease.epoch});
        if self.client.rng.chance(500) {
            body["factoryId"] = json!(self.client.name);
        }
        if self.client.rng.chance(200) {
            body["leaseTtlSec"] = json!(self.client.rng.within(lease.ttl_sec..=60));
        }
        self.client.insist_on("POST", format!("/api/fleet/jobs/{}/lease/renew", lease.job), &body).await
    }

    async fn release(&mut self, lease: &Lease) -> Reply {
        let mut body = json!({"leaseEpoch": lease.epoch});
        if self.client.rng.chance(200) {
            body["result"] = json!("quota");
            if self.client.world.steered {
                let at = self.client.world.now() + i64::try_from(self.client.rng.within(5_000..=120_000)).unwrap_or(0);
                body["resetsAt"] = json!(wire::Time::from(domain::Timestamp(at)));
            }
        }
        let reply = self.client.insist_on("POST", format!("/api/fleet/jobs/{}/lease/release", lease.job), &body).await;
        if reply.is_ok() {
            self.drop_lease(lease);
        }
        reply
    }

    /// Saves the work and gives the lease back, as it was told to; now and then only the one or the other.
    pub(super) async fn give_way(&mut self, lease: &Lease) {
        if self.client.rng.chance(700) {
            let body = json!({"leaseEpoch": lease.epoch, "checkpoint": {"wipBranch": "wip", "wipCommit": "way"}});
            let reply = self.report(lease, body).await;
            self.learn(lease, &reply);
        }
        if self.client.rng.chance(800) {
            let body = json!({"leaseEpoch": lease.epoch, "result": "preempted"});
            let path = format!("/api/fleet/jobs/{}/lease/release", lease.job);
            let reply = self.client.insist_on("POST", path, &body).await;
            if reply.is_ok() || matches!(reply.code(), "stale-lease" | "lease-ended") {
                self.drop_lease(lease);
            }
        }
    }

    /// News without a stage: a checkpoint, usage.
    async fn tell(&mut self, lease: &Lease) -> Reply {
        let mut body = json!({"leaseEpoch": lease.epoch, "insights": self.insights(lease)});
        if self.client.rng.chance(600) {
            let at = self.client.rng.below(1_000);
            body["checkpoint"] = json!({"wipBranch": "wip", "wipCommit": format!("c{at}")});
        }
        self.report(lease, body).await
    }

    async fn go_on(&mut self, lease: &Lease) -> Reply {
        let next = lease.reached + 1;
        let (sick, rng) = (self.sick, &mut self.client.rng);
        let dice = rng.below(100);
        let body = match (dice, next) {
            (0..=6, _) | (0..=79, 1) if dice < 7 || sick => {
                json!({"stage": "failed", "reason": "it broke", "retryable": rng.chance(850)})
            }
            (7..=9, 1) => json!({"stage": "blocked", "question": "which one?"}),
            (10..=12, 1) => json!({"stage": "failed", "result": "timed_out"}),
            (_, 1) => json!({"stage": "building"}),
            (0..=20, 2) => json!({"stage": "review", "result": "no_changes"}),
            (_, 2) => json!({"stage": "review", "result": "succeeded", "verifyResult": "passed"}),
            (0..=30, 3) => json!({"stage": "testing"}),
            (31..=70, _) => return self.release(lease).await,
            _ => json!({"stage": "shipped", "result": "succeeded"}),
        };
        let mut body = body;
        body["leaseEpoch"] = json!(lease.epoch);
        if self.client.rng.chance(400) {
            body["insights"] = self.insights(lease);
        }
        self.report(lease, body).await
    }

    fn insights(&mut self, lease: &Lease) -> Value {
        let more = self.client.rng.below(50);
        let Some(held) = self.held.iter_mut().find(|held| held.epoch == lease.epoch && held.job == lease.job) else {
            return json!({"costUsd": format!("0.{more:02}"), "turns": more});
        };
        held.cost += more;
        json!({"costUsd": format!("{}.{:02}", held.cost / 100, held.cost % 100), "tokensIn": held.cost * 10})
    }

    async fn report(&mut self, lease: &Lease, mut body: Value) -> Reply {
        let c = &mut self.client;
        if c.rng.chance(700) {
            self.sent += 1;
            body["reportId"] = json!(format!("{}-{}", c.name, self.sent));
        }
        if c.rng.chance(600) {
            body["factoryId"] = json!(c.name);
        }
        let path = format!("/api/fleet/jobs/{}", lease.job);
        let sent = (c.product.clone(), path.clone(), body.to_string());
        c.world.notes.borrow_mut().reports.push(sent);
        c.insist_on("PATCH", path, &body).await
    }

    fn drop_lease(&mut self, lease: &Lease) {
        self.held.retain(|held| held.job != lease.job || held.epoch != lease.epoch);
    }

    /// Takes in what an answer says about the lease.
    fn learn(&mut self, lease: &Lease, reply: &Reply) {
        if matches!(reply.code(), "stale-lease" | "lease-ended" | "not-found") {
            self.drop_lease(lease);
            return;
        }
        let Some(stage) = reply.body["stage"].as_str().filter(|_| reply.is_ok()) else { return };
        let held = reply.body["lease"]["status"] == "held" && reply.body["leaseEpoch"] == lease.epoch;
        match STAGES.iter().position(|name| *name == stage).filter(|_| held) {
            Some(at) => {
                let mine = self.held.iter_mut().find(|held| held.job == lease.job && held.epoch == lease.epoch);
                mine.into_iter().for_each(|held| held.reached = held.reached.max(u8::try_from(at).unwrap_or(0)));
            }
            None => {
                if self.told.iter().any(|(job, epoch)| *job == lease.job && *epoch == lease.epoch) {
                    self.client.world.sometimes.hit("work that was to give way ended by itself");
                }
                self.drop_lease(lease);
            }
        }
    }
}
