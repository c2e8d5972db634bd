//! The words of a history: what clients do and what a right coordinator makes of it.

use serde_json::{Value, json};

use super::book::{Book, time};

impl Book {
    /// A submit that makes a job.
    pub(crate) fn submit(&mut self, id: &str, key: &str) -> &mut Self {
        self.submit_with(id, key, json!({}))
    }

    /// A submit that makes a job with these members; it waits where it depends on something.
    pub(crate) fn submit_with(&mut self, id: &str, key: &str, members: Value) -> &mut Self {
        let job = self.created(id, key, members);
        let body = json!({"bodyMd": "Do it", "idempotencyKey": key});
        self.op("ada", ("POST", "jobs", body), (201, json!({"job": job, "outcome": "created", "warnings": []})))
    }

    /// A submit of several jobs at once, each under its key.
    pub(crate) fn batch(&mut self, entries: &[(&str, &str)]) -> &mut Self {
        let jobs: Vec<_> = entries.iter().map(|(_, key)| json!({"bodyMd": "Do it", "idempotencyKey": key})).collect();
        let result = |job: Value| json!({"status": 201, "job": job, "outcome": "created"});
        let results: Vec<_> = entries.iter().map(|(id, key)| result(self.created(id, key, json!({})))).collect();
        self.op("ada", ("POST", "jobs/batch", json!({"jobs": jobs})), (200, json!({"results": results})))
    }

    /// The last batch once more: nothing is made, each entry finds its job.
    pub(crate) fn batch_again(&mut self) -> &mut Self {
        let op = self.last().clone();
        let mut answer = op["answer"].clone();
        for result in answer["results"].as_array_mut().expect("results") {
            result["status"] = 200.into();
            result["outcome"] = "duplicate".into();
        }
        self.op("ada", ("POST", "jobs/batch", op["body"].clone()), (200, answer))
    }

    /// Makes a job with these members; nobody is answered yet.
    pub(crate) fn created(&mut self, id: &str, key: &str, members: Value) -> Value {
        let at = time(self.now() + 1);
        let blocked = match (members.get("dependsOn"), members["kind"] == "composite") {
            (Some(_), _) => Some("dependencies"),
            (None, true) => Some("children"),
            (None, false) => None,
        };
        let mut job = json!({
            "id": id, "productId": "acme", "title": "Do it", "bodyMd": "Do it", "manifestSnapshot": {}, "kind": "leaf",
            "stage": "queued", "priority": "normal", "capabilities": [], "engines": [], "allowedScope": [], "yolo": false,
            "autoShip": false, "dependsOn": [], "depsMode": "all", "onDepFailure": "block", "concurrencyLimit": 1,
            "retry": {"maxAttempts": 3, "backoffSec": 30}, "attempt": 0, "labels": {},
            "approvals": {"required": 0, "reviewers": [], "by": []}, "notes": [], "leaseEpoch": 0, "rev": 1,
            "createdAt": at, "updatedAt": at, "queuedAt": at, "idempotencyKey": key,
        });
        for (name, value) in members.as_object().expect("members") {
            job[name] = value.clone();
        }
        if let Some(reason) = blocked {
            job["stage"] = "blocked".into();
            job["blockedReason"] = reason.into();
            job.as_object_mut().expect("an object").remove("queuedAt");
        }
        let mut data = json!({"title": "Do it", "priority": job["priority"]});
        if let Some(parent) = job.get("parentId") {
            data["parentId"] = parent.clone();
        }
        self.job_event(id, Some(1), "job.created", "operator:ada", data);
        let (kind, data) = match blocked {
            Some(reason) => ("job.blocked", json!({"reason": reason})),
            None => ("job.ready", json!({})),
        };
        self.job_event(id, Some(1), kind, "operator:ada", data);
        self.jobs.insert(id.to_owned(), job.clone());
        job
    }

    /// A heartbeat; the first one registers.
    pub(crate) fn beat(&mut self, factory: &str, seats: u32, listed: &[(&str, u64)]) -> &mut Self {
        self.beats(factory, (seats, json!([])), listed)
    }

    /// The first heartbeat of a factory with these engines.
    pub(crate) fn beat_with(&mut self, factory: &str, seats: u32, engines: Value) -> &mut Self {
        self.beats(factory, (seats, engines), &[])
    }

    fn beats(&mut self, factory: &str, (seats, engines): (u32, Value), listed: &[(&str, u64)]) -> &mut Self {
        let by = format!("factory:{factory}");
        if !self.factories.contains_key(factory) {
            let card = json!({
                "factoryId": factory, "descriptor": {}, "engines": engines, "repos": [], "capabilities": [],
                "engineClasses": [], "health": "ok", "seatLimit": seats, "heartbeatSec": 30,
            });
            let mut shown = card.clone();
            for (name, value) in [
                ("productId", json!("acme")),
                ("load", json!(0.0)),
                ("seatsUsed", json!(0)),
                ("state", json!("online")),
                ("lastHeartbeatAt", json!(time(self.now()))),
                ("rev", json!(1)),
            ] {
                shown[name] = value;
            }
            self.factories.insert(factory.to_owned(), shown);
            self.event(Some(factory), 1, "factory.registered", &by, json!({"card": card}));
        }
        let (mut renewed, mut lost) = (Vec::new(), Vec::new());
        for (id, epoch) in listed {
            let held = self.job(id)["lease"]["status"] == "held" && self.epoch(id) == *epoch;
            let mut lease = json!({"jobId": id, "leaseEpoch": epoch});
            if held {
                lease["leaseExpiresAt"] = time(self.now() + 90_000).into();
                lease["leaseTtlSec"] = 90.into();
                renewed.push(lease);
            } else {
                lost.push(lease);
            }
        }
        let listed: Vec<_> = listed.iter().map(|(id, epoch)| json!({"jobId": id, "leaseEpoch": epoch})).collect();
        let answer = json!({
            "factory": self.factories[factory], "renewed": renewed, "lost": lost, "unlisted": [], "signals": [],
            "claimable": 0, "serverTime": time(self.now()), "heartbeatSec": 30,
        });
        let body = json!({"factoryId": factory, "leases": listed});
        self.op(factory, ("POST", "factories/heartbeat", body), (200, answer))
    }

    /// A claim that is granted a job for 90 seconds.
    pub(crate) fn claim(&mut self, factory: &str, id: &str, claim: &str) -> &mut Self {
        let epoch = self.epoch(id) + 1;
        let ordinal = self.runs.iter().filter(|run| run["jobId"] == *id).count() + 1;
        let run_id = format!("run-{id}-{epoch}");
        let (began, until) = (time(self.now() + 1), time(self.now() + 90_001));
        let lease = json!({
            "holderFactoryId": factory, "leaseEpoch": epoch, "expiresAt": until, "leaseTtlSec": 90, "renewals": 0,
            "status": "held",
        });
        let data = json!({
            "factory": factory, "runId": run_id, "attempt": ordinal, "epoch": epoch, "ttlSec": 90, "claimId": claim,
        });
        let members = json!({"stage": "assigned", "leaseEpoch": epoch, "lease": lease, "notBefore": null});
        let rev = self.change(id, members);
        self.job_event(id, Some(rev), "job.leased", &format!("factory:{factory}"), data);
        let run = json!({
            "id": run_id, "jobId": id, "attempt": ordinal, "factoryId": factory, "leaseEpoch": epoch, "startedAt": began,
        });
        self.runs.push(run.clone());
        let answer = json!({
            "job": self.job(id), "run": run, "leaseEpoch": epoch, "leaseExpiresAt": until, "leaseTtlSec": 90,
            "renewAfterSec": 30, "scoreBreakdown": {},
        });
        let body = json!({"factoryId": factory, "claimId": claim, "leaseTtlSec": 90});
        self.op(factory, ("POST", "claim", body), (200, answer))
    }

    /// A claim that is told that there is nothing.
    pub(crate) fn nothing(&mut self, factory: &str) -> &mut Self {
        self.op(factory, ("POST", "claim", json!({"factoryId": factory})), (204, Value::Null))
    }

    /// A report of a stage that the work goes on in.
    pub(crate) fn report(&mut self, factory: &str, id: &str, stage: &str) -> &mut Self {
        let rev = self.change(id, json!({"stage": stage}));
        self.job_event(id, Some(rev), "job.stage", &format!("factory:{factory}"), json!({"stage": stage}));
        self.reported(factory, id, stage)
    }

    /// A report whose effect stands by now.
    pub(crate) fn reported(&mut self, factory: &str, id: &str, stage: &str) -> &mut Self {
        let lease = self.job(id)["lease"]["leaseEpoch"].clone();
        let body = json!({"leaseEpoch": lease, "factoryId": factory, "stage": stage, "reportId": format!("{id}-{lease}-{stage}")});
        let answer = self.job(id);
        self.op(factory, ("PATCH", &format!("jobs/{id}"), body), (200, answer))
    }

    /// The last request once more; it is told that it repeats.
    pub(crate) fn again(&mut self) -> &mut Self {
        let op = self.last().clone();
        let (path, mut answer) = (op["path"].as_str().expect("a path").to_owned(), op["answer"].clone());
        let path = path.strip_prefix("/api/fleet/").expect("a path").to_owned();
        answer["repeated"] = true.into();
        let client = op["client"].as_str().expect("a client").to_owned();
        let method = op["method"].as_str().expect("a method").to_owned();
        self.op(&client, (&method, &path, op["body"].clone()), (200, answer))
    }

    /// A report that ends job and lease: done.
    pub(crate) fn ship(&mut self, factory: &str, id: &str) -> &mut Self {
        let epoch = self.epoch(id);
        let end = self.end(id, "succeeded", "released", epoch);
        let at = time(self.now() + 1);
        let rev = self.change(id, json!({"stage": "shipped", "queuedAt": null, "finishedAt": at}));
        self.job_event(id, Some(rev), "job.shipped", &format!("factory:{factory}"), json!({"end": end}));
        self.reported(factory, id, "shipped")
    }

    /// The lease runs out under work that is not delivered.
    pub(crate) fn expire(&mut self, id: &str) -> &mut Self {
        let epoch = self.epoch(id) + 1;
        let end = self.end(id, "lost", "expired", epoch);
        let attempt = self.job(id)["attempt"].as_u64().expect("a number") + 1;
        let (at, pause) = (time(self.now() + 1), self.now() + 30_001);
        let rev =
            self.change(id, json!({"stage": "queued", "attempt": attempt, "queuedAt": at, "notBefore": time(pause)}));
        self.job_event(id, Some(rev), "job.lease_expired", "coordinator", json!({"end": end}));
        let data = json!({"attempt": attempt, "notBefore": 1_795_219_200_000 + pause});
        self.job_event(id, Some(rev), "job.retry", "coordinator", data);
        self.wait(10)
    }

    /// The lease is taken for a more urgent job.
    pub(crate) fn preempt(&mut self, id: &str, by: &str) -> &mut Self {
        let epoch = self.epoch(id) + 1;
        self.preempt_under(id, by, epoch)
    }

    /// The same, with the epoch that it leaves.
    pub(crate) fn preempt_under(&mut self, id: &str, by: &str, epoch: u64) -> &mut Self {
        let end = self.end(id, "preempted", "evicted", epoch);
        let at = time(self.now() + 1);
        let rev = self.change(id, json!({"stage": "queued", "queuedAt": at}));
        self.job_event(id, Some(rev), "job.preempted", "coordinator", json!({"end": end, "forJob": by}));
        self.wait(10)
    }

    /// How the last grant was decided.
    pub(crate) fn decided(&mut self, decision: Value) -> &mut Self {
        let grant = self.events.iter_mut().rfind(|event| event["type"] == "job.leased").expect("a grant");
        grant["data"]["decision"] = decision;
        self
    }

    /// The holder gives the lease back before anything is delivered.
    pub(crate) fn release(&mut self, factory: &str, id: &str) -> &mut Self {
        let old = self.epoch(id);
        let end = self.end(id, "released", "released", old + 1);
        let at = time(self.now() + 1);
        let rev = self.change(id, json!({"stage": "queued", "queuedAt": at}));
        let data = json!({"stage": "queued", "end": end});
        self.job_event(id, Some(rev), "job.released", &format!("factory:{factory}"), data);
        let answer = self.job(id);
        self.op(factory, ("POST", &format!("jobs/{id}/lease/release"), json!({"leaseEpoch": old})), (200, answer))
    }

    /// The holder renews for 90 seconds.
    pub(crate) fn renew(&mut self, factory: &str, id: &str) -> &mut Self {
        let epoch = self.epoch(id);
        let until = time(self.now() + 90_000);
        let answer = json!({"leaseEpoch": epoch, "leaseExpiresAt": until, "leaseTtlSec": 90, "renewAfterSec": 30});
        self.op(factory, ("POST", &format!("jobs/{id}/lease/renew"), json!({"leaseEpoch": epoch})), (200, answer))
    }

    /// A report under an epoch that is over.
    pub(crate) fn stale(&mut self, factory: &str, id: &str, epoch: u64) -> &mut Self {
        let data = json!({"epoch": epoch, "factory": factory});
        self.job_event(id, None, "job.fenced", &format!("factory:{factory}"), data);
        self.refused(factory, id, epoch)
    }

    /// A report that is refused as stale and leaves no event.
    pub(crate) fn refused(&mut self, factory: &str, id: &str, epoch: u64) -> &mut Self {
        let body = json!({"leaseEpoch": epoch, "factoryId": factory, "stage": "testing"});
        let problem = json!({"code": "stale-lease", "status": 409, "leaseEpoch": self.epoch(id)});
        self.op(factory, ("PATCH", &format!("jobs/{id}"), body), (409, problem))
    }

    /// An operator puts a job back.
    pub(crate) fn requeue(&mut self, id: &str) -> &mut Self {
        let epoch = self.epoch(id) + 1;
        let held = self.job(id)["lease"]["status"] == "held";
        let mut data = json!({"epoch": epoch, "fresh": false, "blocked": false});
        if held {
            data["end"] = self.end(id, "cancelled", "evicted", epoch);
        }
        let at = time(self.now() + 1);
        let members = json!({
            "stage": "queued", "leaseEpoch": epoch, "attempt": 0, "queuedAt": at, "result": null, "notBefore": null,
            "finishedAt": null, "blockedReason": null,
        });
        let rev = self.change(id, members);
        self.job_event(id, Some(rev), "job.requeued", "operator:ada", data);
        let answer = self.job(id);
        self.op("ada", ("POST", &format!("jobs/{id}/requeue"), json!({})), (200, answer))
    }

    /// The last dependency has settled.
    pub(crate) fn ready(&mut self, id: &str) -> &mut Self {
        let at = time(self.now() + 1);
        let rev = self.change(id, json!({"stage": "queued", "queuedAt": at, "blockedReason": null}));
        self.job_event(id, Some(rev), "job.ready", "coordinator", json!({}));
        self.wait(10)
    }

    /// Somebody looks at a job.
    pub(crate) fn look(&mut self, id: &str) -> &mut Self {
        let answer = self.job(id);
        self.op("bob", ("GET", &format!("jobs/{id}"), Value::Null), (200, answer))
    }

    /// An operator closes the gate.
    pub(crate) fn pause(&mut self) -> &mut Self {
        let rev = self.gate.map_or(1, |(_, rev)| rev + 1);
        self.gate = Some((true, rev));
        self.event(None, rev, "product.paused", "operator:ada", json!({"gate": "paused"}));
        self.op("ada", ("POST", "pause", json!({})), (200, json!({"productId": "acme", "paused": true})))
    }

    /// An operator changes settings.
    pub(crate) fn set(&mut self, path: &str, data: Value) -> &mut Self {
        let (paused, rev) = self.gate.map_or((false, 1), |(paused, rev)| (paused, rev + 1));
        self.gate = Some((paused, rev));
        self.event(None, rev, "product.settings", "operator:ada", data.clone());
        self.op("ada", ("PUT", path, data.clone()), (200, data))
    }

    /// An operator opens the gate.
    pub(crate) fn resume(&mut self) -> &mut Self {
        let rev = self.gate.map_or(1, |(_, rev)| rev + 1);
        self.gate = Some((false, rev));
        self.event(None, rev, "product.resumed", "operator:ada", json!({"gate": "resumed"}));
        self.op("ada", ("POST", "resume", json!({})), (200, json!({"productId": "acme", "paused": false})))
    }
}
