//! Which jobs a list shows: reads the filters of a query string.
//! Makes the question to the store; never reads it.

use actors::store::JobQuery;
use domain::JobId;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Kind, Priority, Problem, Stage};

use crate::http::{page, query};

/// The kind of list that a cursor belongs to.
const KIND: &str = "job";
const MAX_TEXT: usize = 256;

/// Filters of jobs; each one that is given narrows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// How many jobs, 1 to 1000; 50 where absent.
    #[param(value_type = Option<u64>)]
    limit: Option<String>,
    /// Where to go on: `next` of the page before.
    after: Option<String>,
    /// One stage, or several with commas between.
    stage: Option<String>,
    /// How urgent they are.
    #[param(value_type = Option<Priority>)]
    priority: Option<String>,
    /// With or without children.
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    /// The factory that holds them.
    factory_id: Option<String>,
    /// A capability that they ask for.
    capability: Option<String>,
    /// A label: `key` or `key=value`.
    label: Option<String>,
    /// The job that they are children of.
    parent_id: Option<String>,
    /// The work item that they were made from.
    tracker_item_id: Option<String>,
    /// Text in their title or body.
    q: Option<String>,
}

impl Filter {
    /// How many jobs.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        page::limit(self.limit.as_deref())
    }

    /// The last job of the page before.
    pub(super) fn after(&self) -> Result<Option<JobId>, Problem> {
        let Some(cursor) = &self.after else { return Ok(None) };
        query::parsed("after", &page::opened(KIND, cursor)?).map(Some)
    }

    /// The question to the store; none where no job can match, since no job has children yet.
    pub(super) fn query(&self) -> Result<Option<JobQuery>, Problem> {
        let kind = self.kind.as_deref().map(|text| query::word::<Kind>("kind", text)).transpose()?;
        let parent = self.parent_id.as_deref().map(|id| query::parsed::<JobId>("parentId", id)).transpose()?;
        let priority = self.priority.as_deref().map(|text| query::word::<Priority>("priority", text)).transpose()?;
        let query = JobQuery {
            stages: self.stages()?,
            priority: priority.map(Into::into),
            factory: self.factory_id.as_deref().map(|id| query::parsed("factoryId", id)).transpose()?,
            capability: text("capability", self.capability.as_deref())?,
            label: text("label", self.label.as_deref())?.map(label),
            tracker_item_id: text("trackerItemId", self.tracker_item_id.as_deref())?,
            text: text("q", self.q.as_deref())?,
        };
        Ok((parent.is_none() && kind != Some(Kind::Composite)).then_some(query))
    }

    fn stages(&self) -> Result<Vec<domain::job::Stage>, Problem> {
        let words = self.stage.iter().flat_map(|stages| stages.split(','));
        words.map(|text| query::word::<Stage>("stage", text).map(Into::into)).collect()
    }
}

/// The word for a place in a list of jobs.
pub(super) fn cursor(job: &str) -> String {
    page::cursor(KIND, job)
}

/// A filter that is given says something, within bounds.
fn text(name: &str, given: Option<&str>) -> Result<Option<String>, Problem> {
    match given {
        None => Ok(None),
        Some(text) if (1..=MAX_TEXT).contains(&text.len()) => Ok(Some(text.to_owned())),
        Some(_) => Err(query::refused(name, &format!("must have 1 to {MAX_TEXT} bytes"))),
    }
}

fn label(given: String) -> (String, Option<String>) {
    match given.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (given, None),
    }
}
