//! The words of a history about parents and children.

use serde_json::{Value, json};

use super::book::{Book, time};

impl Book {
    /// A submit that makes a parent with these members, and its children, each under its key.
    pub(crate) fn family(&mut self, parent: &str, members: Value, children: &[(&str, &str)]) -> &mut Self {
        let mut members = members;
        if members.get("kind").is_none() {
            members["kind"] = "composite".into();
        }
        let job = self.created(parent, "k-p", members);
        let below = self.below(parent, children);
        let body = json!({"bodyMd": "Do it", "idempotencyKey": "k-p", "children": below});
        self.op("ada", ("POST", "jobs", body), (201, json!({"job": job, "outcome": "created", "warnings": []})))
    }

    fn below(&mut self, parent: &str, children: &[(&str, &str)]) -> Vec<Value> {
        for (id, key) in children {
            self.created(id, key, json!({"parentId": parent}));
        }
        children.iter().map(|(_, key)| json!({"bodyMd": "Do it", "idempotencyKey": key})).collect()
    }

    /// A job is given a child: by its holder, if it has one, else by an operator. `settled` is what it says that counts no
    /// more.
    pub(crate) fn adopt(&mut self, parent: &str, child: (&str, &str), settled: Option<&[&str]>) -> &mut Self {
        let mut data = json!({"children": 1});
        if let Some(settled) = settled {
            data["settled"] = json!(settled);
        }
        let epoch = self.epoch(parent);
        let held = self.job(parent)["lease"]["status"] == "held";
        let mut body = json!({});
        if held {
            data["end"] = self.end(parent, "released", "released", epoch + 1);
            body["leaseEpoch"] = epoch.into();
        }
        let members = json!({"kind": "composite", "stage": "blocked", "blockedReason": "children", "queuedAt": null});
        let rev = self.change(parent, members);
        self.job_event(parent, Some(rev), "job.children_added", "operator:ada", data);
        body["children"] = json!(self.below(parent, &[child]));
        let answer = json!({"jobs": [self.job(child.0)]});
        self.op("ada", ("POST", &format!("jobs/{parent}/children"), body), (201, answer))
    }

    /// The job fails: by its holder's report, not to be tried again.
    pub(crate) fn fail(&mut self, factory: &str, id: &str) -> &mut Self {
        let epoch = self.epoch(id);
        let end = self.end(id, "failed", "released", epoch);
        let at = time(self.now() + 1);
        let rev = self.change(id, json!({"stage": "failed", "attempt": 1, "queuedAt": null, "finishedAt": at}));
        self.job_event(id, Some(rev), "job.failed", &format!("factory:{factory}"), json!({"end": end}));
        self.reported(factory, id, "failed")
    }

    /// A child has failed, and its parent is blocked by that.
    pub(crate) fn blocked(&mut self, id: &str) -> &mut Self {
        let rev = self.change(id, json!({"blockedReason": "dependency_failed"}));
        self.job_event(id, Some(rev), "job.blocked", "coordinator", json!({"reason": "dependency_failed"}));
        self.wait(10)
    }

    /// The coordinator ships a parent whose children have settled.
    pub(crate) fn ships_by_itself(&mut self, id: &str) -> &mut Self {
        let at = time(self.now() + 1);
        let members = json!({"stage": "shipped", "blockedReason": null, "finishedAt": at});
        let rev = self.change(id, members);
        self.job_event(id, Some(rev), "job.shipped", "coordinator", json!({}));
        self.wait(10)
    }

    /// An operator cancels a job.
    pub(crate) fn cancel(&mut self, id: &str) -> &mut Self {
        self.cancelled(id, "operator:ada");
        let answer = self.job(id);
        self.op("ada", ("POST", &format!("jobs/{id}/cancel"), json!({})), (200, answer))
    }

    /// A job is cancelled that nobody holds.
    pub(crate) fn cancelled(&mut self, id: &str, by: &str) -> &mut Self {
        let at = time(self.now() + 1);
        let members = json!({"stage": "cancelled", "blockedReason": null, "queuedAt": null, "finishedAt": at});
        let rev = self.change(id, members);
        self.job_event(id, Some(rev), "job.cancelled", by, json!({}));
        self
    }
}
