//! The product's events as the demo reads them: every one in its order, and what they say of each job.

use std::collections::BTreeMap;

use serde_json::Value;
use wire::{Client, ClientError, Event, Time};

/// Events on one page.
const PAGE: u32 = 1_000;

/// A lease that was granted.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) factory: String,
    pub(super) epoch: u64,
    pub(super) run: String,
}

/// What the events say of one job.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) grants: Vec<Grant>,
    /// Leases that were alive together at one time, at most.
    pub(super) together: usize,
    live: usize,
    pub(super) checkpoints: usize,
    pub(super) fenced: usize,
    /// Its work waits for a person's eye and nobody has the lease.
    pub(super) waits_for_shipping: bool,
    pub(super) ended: bool,
    pub(super) created_at: Option<Time>,
    pub(super) last_at: Option<Time>,
}

/// All events so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) events: Vec<Event>,
    pub(super) jobs: BTreeMap<String, Told>,
}

impl Log {
    /// Reads what is new and gives it.
    pub(super) async fn read(&mut self, client: &Client) -> Result<Vec<Event>, ClientError> {
        let after = self.events.last().map_or(0, |event| event.seq);
        let news = client.events(after, PAGE).await?.data;
        for event in &news {
            if let Some(job) = &event.job_id {
                self.jobs.entry(job.clone()).or_default().hear(event);
            }
        }
        self.events.extend(news.iter().cloned());
        Ok(news)
    }

    /// What is known of a job.
    pub(super) fn of(&self, job: &str) -> Told {
        self.jobs.get(job).cloned().unwrap_or_default()
    }
}

impl Told {
    fn hear(&mut self, event: &Event) {
        self.created_at.get_or_insert(event.at);
        // What a zombie tries later is not part of the job's life.
        if event.kind != "job.fenced" {
            self.last_at = Some(event.at);
        }
        let text = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default();
        if event.data.get("end").is_some_and(Value::is_object) {
            self.live = self.live.saturating_sub(1);
        }
        match event.kind.as_str() {
            "job.leased" => {
                let epoch = event.data.get("epoch").and_then(Value::as_u64).unwrap_or_default();
                let (factory, run) = (text("factory").to_owned(), text("runId").to_owned());
                self.grants.push(Grant { factory, epoch, run });
                self.live += 1;
                self.together = self.together.max(self.live);
                self.waits_for_shipping = false;
            }
            "job.checkpoint" => self.checkpoints += 1,
            "job.fenced" => self.fenced += 1,
            "job.released" => self.waits_for_shipping = text("stage") == "review",
            "job.shipped" | "job.dead_lettered" | "job.failed" | "job.cancelled" => self.ended = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(events: &[(&str, Value)]) -> Told {
        let mut told = Told::default();
        for (seq, (kind, data)) in (1_u64..).zip(events) {
            let event = json!({"seq": seq, "jobId": "j", "type": kind, "at": "2026-11-21T00:00:00.000Z", "by": "x", "data": data});
            told.hear(&serde_json::from_value(event).unwrap());
        }
        told
    }

    fn lease(epoch: u64) -> Value {
        json!({"factory": "f", "runId": "r", "epoch": epoch, "ttlSec": 10, "attempt": 1})
    }

    #[test]
    fn leases_that_live_together_are_counted() {
        let end = json!({"end": {"result": "lost"}});
        let one = told(&[("job.leased", lease(1)), ("job.lease_expired", end), ("job.leased", lease(3))]);
        assert_eq!((one.together, one.grants.len(), one.grants[1].epoch), (1, 2, 3));
        let two = told(&[("job.leased", lease(1)), ("job.leased", lease(2))]);
        assert_eq!(two.together, 2);
    }

    #[test]
    fn only_delivered_work_waits_for_shipping() {
        let released = |stage: &str| ("job.released", json!({"stage": stage, "end": {"result": "succeeded"}}));
        assert!(told(&[("job.leased", lease(1)), released("review")]).waits_for_shipping);
        assert!(!told(&[("job.leased", lease(1)), released("queued")]).waits_for_shipping);
        assert!(told(&[("job.leased", lease(1)), ("job.shipped", json!({}))]).ended);
    }
}
