//! Writes the evidence of a small coordinator: requests with their answers, the log, the records at the end.
//! Decides nothing: who tells it that something was accepted is believed.

use std::collections::BTreeMap;

use checker::{Checker, Verdict};
use serde_json::{Value, json};

/// The product of every history.
pub(crate) const PRODUCT: &str = "acme";
/// 2026-11-21T00:00:00.000Z.
const T0: i64 = 1_795_219_200_000;

/// The evidence while it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub(crate) lines: Vec<Value>,
    pub(crate) events: Vec<Value>,
    pub(crate) jobs: BTreeMap<String, Value>,
    pub(crate) runs: Vec<Value>,
    pub(crate) factories: BTreeMap<String, Value>,
    pub(crate) gate: Option<(bool, u64)>,
    /// Every request and every event is in it.
    pub(crate) complete: bool,
    stamp: u64,
    /// Milliseconds since the beginning.
    now: i64,
}

/// A point in time as it is written; within the first day.
pub(crate) fn time(ms: i64) -> String {
    let (secs, ms) = (ms / 1_000, ms % 1_000);
    format!("2026-11-21T{:02}:{:02}:{:02}.{ms:03}Z", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// The id of a job.
pub(crate) fn job(n: u32) -> String {
    format!("01890000-0000-7000-8000-{n:012}")
}

impl Book {
    pub(crate) fn new() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, ms: i64) -> &mut Self {
        self.now += ms;
        self
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    fn stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }

    /// Something happened to the coordinator.
    pub(crate) fn mark(&mut self, mark: &str) -> &mut Self {
        let stamp = self.stamp();
        self.lines.push(json!({"mark": {"mark": mark, "stamp": stamp, "at": T0 + self.now}}));
        self
    }

    /// A request and its answer. What it changed happened a millisecond after it began.
    pub(crate) fn op(&mut self, client: &str, request: (&str, &str, Value), answer: (u16, Value)) -> &mut Self {
        let (method, path, body) = request;
        let (invoked, returned) = (self.stamp(), self.stamp());
        let mut op = json!({
            "client": client, "product": PRODUCT, "invoked": invoked, "returned": returned, "at": T0 + self.now,
            "until": T0 + self.now + 2, "method": method, "path": format!("/api/fleet/{path}"), "status": answer.0,
        });
        if !body.is_null() {
            op["body"] = body;
        }
        if !answer.1.is_null() {
            op["answer"] = answer.1;
        }
        self.lines.push(json!({"op": op}));
        self.now += 10;
        self
    }

    /// The last request.
    pub(crate) fn last(&mut self) -> &mut Value {
        self.lines.iter_mut().rev().find_map(|line| line.get_mut("op")).expect("a request")
    }

    /// Takes the answer of the last request away.
    pub(crate) fn unanswered(&mut self) -> &mut Self {
        let op = self.last().as_object_mut().expect("an object");
        for member in ["returned", "until", "status", "answer"] {
            op.remove(member);
        }
        self
    }

    /// An event of a job that makes this `rev`.
    pub(crate) fn job_event(&mut self, id: &str, rev: Option<u64>, kind: &str, by: &str, data: Value) -> &mut Self {
        let mut event = json!({
            "product": PRODUCT, "seq": self.events.len() + 1, "jobId": id, "type": kind, "at": time(self.now + 1),
            "by": by, "data": data,
        });
        if let Some(rev) = rev {
            event["rev"] = rev.into();
        }
        self.events.push(event);
        self
    }

    /// An event of a factory or, without one, of the product.
    pub(crate) fn event(&mut self, factory: Option<&str>, rev: u64, kind: &str, by: &str, data: Value) -> &mut Self {
        let mut event = json!({
            "product": PRODUCT, "seq": self.events.len() + 1, "rev": rev, "type": kind, "at": time(self.now + 1),
            "by": by, "data": data,
        });
        if let Some(factory) = factory {
            event["factoryId"] = factory.into();
        }
        self.events.push(event);
        self
    }

    /// The job as it stands.
    pub(crate) fn job(&self, id: &str) -> Value {
        self.jobs.get(id).cloned().expect("a job")
    }

    pub(crate) fn epoch(&self, id: &str) -> u64 {
        self.job(id)["leaseEpoch"].as_u64().expect("an epoch")
    }

    /// Changes a job: its `rev` moves on, and the members that are given.
    pub(crate) fn change(&mut self, id: &str, members: Value) -> u64 {
        let at = time(self.now + 1);
        let job = self.jobs.get_mut(id).expect("a job");
        let rev = job["rev"].as_u64().expect("a rev") + 1;
        job["rev"] = rev.into();
        job["updatedAt"] = at.into();
        for (name, value) in members.as_object().expect("members") {
            if value.is_null() {
                job.as_object_mut().expect("an object").remove(name);
            } else {
                job[name] = value.clone();
            }
        }
        rev
    }

    /// Ends the lease of a job: its status, its epoch, and its run.
    pub(crate) fn end(&mut self, id: &str, outcome: &str, status: &str, epoch: u64) -> Value {
        let at = time(self.now + 1);
        let job = self.jobs.get_mut(id).expect("a job");
        job["lease"]["status"] = status.into();
        job["lease"].as_object_mut().expect("a lease").remove("expiresAt");
        job["leaseEpoch"] = epoch.into();
        job["result"] = outcome.into();
        let run = self.runs.iter_mut().rfind(|run| run["jobId"] == *id).expect("a run");
        run["result"] = outcome.into();
        run["endedAt"] = at.into();
        json!({"result": outcome, "lease": status, "epoch": epoch})
    }

    /// Holds all of it against the rules.
    pub(crate) fn verdict(&self) -> Verdict {
        let mut checker = Checker::default();
        if self.complete {
            checker = checker.complete();
        }
        for line in &self.lines {
            checker.line_text(&line.to_string()).expect("a line");
        }
        for event in self.events.iter().rev() {
            checker.event_text(&event.to_string()).expect("an event");
        }
        for record in self.records() {
            checker.record_text(&record.to_string()).expect("a record");
        }
        checker.verdict()
    }

    fn records(&self) -> Vec<Value> {
        let of = |member: &str, value: &Value| json!({"product": PRODUCT, member: value});
        let jobs = self.jobs.values().map(|job| of("job", job));
        let runs = self.runs.iter().filter(|run| run.get("endedAt").is_some()).map(|run| of("run", run));
        let factories = self.factories.values().map(|factory| of("factory", factory));
        let gate = self.gate.map(|(paused, rev)| of("state", &json!({"paused": paused, "rev": rev})));
        jobs.chain(runs).chain(factories).chain(gate).collect()
    }
}
