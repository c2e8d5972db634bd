//! Which jobs to list.

use reqwest::Url;

use crate::word::{Kind, Priority, Stage};

/// Narrows a list of jobs; each member that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Any of these stages; all where empty.
    pub stages: Vec<Stage>,
    /// The urgency.
    pub priority: Option<Priority>,
    /// With or without children.
    pub kind: Option<Kind>,
    /// The factory that holds it.
    pub factory_id: Option<String>,
    /// A capability that it asks for.
    pub capability: Option<String>,
    /// A label, as `key` or `key=value`.
    pub label: Option<String>,
    /// The work item it was made from.
    pub tracker_item_id: Option<String>,
    /// Words in its title or body.
    pub q: Option<String>,
    /// Jobs on one page.
    pub limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
}

impl JobFilter {
    pub(super) fn write(&self, url: &mut Url) {
        let word = |stage: &Stage| stage.as_str();
        let stages = self.stages.iter().map(word).collect::<Vec<_>>().join(",");
        let priority = self.priority.map(|priority| match priority {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
            Priority::Critical => "critical",
        });
        let kind = self.kind.map(|kind| match kind {
            Kind::Leaf => "leaf",
            Kind::Composite => "composite",
        });
        let limit = self.limit.map(|limit| limit.to_string());
        let members = [
            ("stage", Some(stages.as_str()).filter(|stages| !stages.is_empty())),
            ("priority", priority),
            ("kind", kind),
            ("factoryId", self.factory_id.as_deref()),
            ("capability", self.capability.as_deref()),
            ("label", self.label.as_deref()),
            ("trackerItemId", self.tracker_item_id.as_deref()),
            ("q", self.q.as_deref()),
            ("limit", limit.as_deref()),
            ("after", self.after.as_deref()),
        ];
        let given = members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>();
        if !given.is_empty() {
            url.query_pairs_mut().extend_pairs(given);
        }
    }
}
