//! Which jobs a verb means that does not name them: the filters of a list, as flags.

use wire::{JobFilter, Kind, Priority, Stage};

/// Filters of jobs; each one that is given narrows.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Selection {
    /// Only jobs in one of these stages.
    #[arg(long, value_delimiter = ',')]
    stage: Vec<Stage>,
    /// Only jobs of this urgency.
    #[arg(long)]
    priority: Option<Priority>,
    /// Only jobs with or without children.
    #[arg(long)]
    kind: Option<Kind>,
    /// Only jobs that this factory holds.
    #[arg(long, value_name = "ID")]
    factory: Option<String>,
    /// Only jobs that ask for this capability.
    #[arg(long)]
    capability: Option<String>,
    /// Only jobs with this label.
    #[arg(long, value_name = "KEY[=VALUE]")]
    label: Option<String>,
    /// Only children of this job.
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Only jobs made from this work item.
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// Only jobs in review that wait for this person's approval.
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
    /// Only jobs with these words in title or body.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

impl Selection {
    /// The same as a question to the coordinator.
    pub(super) fn filter(self) -> JobFilter {
        JobFilter {
            stages: self.stage,
            priority: self.priority,
            kind: self.kind,
            factory_id: self.factory,
            capability: self.capability,
            label: self.label,
            parent_id: self.parent,
            tracker_item_id: self.item,
            reviewer: self.reviewer,
            q: self.search,
            limit: None,
            after: None,
        }
    }
}
