//! Which jobs to list.

use reqwest::Url;

use crate::actions::Selector;
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
    /// The job that they are children of.
    pub parent_id: Option<String>,
    /// The work item it was made from.
    pub tracker_item_id: Option<String>,
    /// Somebody whose approval it waits for, in `review`.
    pub reviewer: Option<String>,
    /// Words in its title or body.
    pub q: Option<String>,
    /// Jobs on one page.
    pub limit: Option<u32>,
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
}

impl JobFilter {
    /// The same jobs, wherever a page begins and however long it is.
    pub fn selector(&self) -> Selector {
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
        Selector {
            stage: Some(stages).filter(|stages| !stages.is_empty()),
            priority: priority.map(Into::into),
            kind: kind.map(Into::into),
            factory_id: self.factory_id.clone(),
            capability: self.capability.clone(),
            label: self.label.clone(),
            parent_id: self.parent_id.clone(),
            tracker_item_id: self.tracker_item_id.clone(),
            reviewer: self.reviewer.clone(),
            q: self.q.clone(),
        }
    }

    pub(super) fn write(&self, url: &mut Url) {
        let Selector { stage, priority, kind, factory_id, capability, label, parent_id, tracker_item_id, reviewer, q } =
            self.selector();
        let members = [
            ("stage", stage),
            ("priority", priority),
            ("kind", kind),
            ("factoryId", factory_id),
            ("capability", capability),
            ("label", label),
            ("parentId", parent_id),
            ("trackerItemId", tracker_item_id),
            ("reviewer", reviewer),
            ("q", q),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("after", self.after.clone()),
        ];
        let given = members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>();
        if !given.is_empty() {
            url.query_pairs_mut().extend_pairs(given);
        }
    }
}
