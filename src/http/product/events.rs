//! Lists what became true of a product.
//! Reads the log as it is stored; the data of an event is never parsed into a tree.

use actors::store::{Logged, Page};
use domain::{JobId, ProductId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::IntoParams;
use wire::{List, Problem, Time};

use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::{page, query, refusal};

/// Which part of a log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Params {
    /// How many events, 1 to 1000; 50 where absent.
    #[param(value_type = Option<u64>)]
    limit: Option<String>,
    /// The `seq` after which to begin; the beginning where absent.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
}

impl Params {
    /// The part that is asked for.
    pub(in crate::http) fn page(&self) -> Result<Page<u64>, Problem> {
        let after = self.after.as_deref().map(|text| query::parsed("after", text)).transpose()?;
        Ok(Page { after, limit: page::limit(self.limit.as_deref())? })
    }
}

/// An event as `wire::Event` has it, with its data as the text that it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factory_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rev: Option<u64>,
    #[serde(rename = "type")]
    kind: &'a str,
    at: Time,
    by: &'a str,
    data: &'a RawValue,
}

/// Lists the product's events after a `seq`, oldest first.
#[utoipa::path(
    get,
    path = "/api/fleet/events",
    operation_id = "listEvents",
    tag = "product",
    params(Params),
    responses((status = 200, description = "A page of events.", body = List<wire::Event>)),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let id = call.product_id()?;
    let params: Params = query::read(call.query())?;
    let page = params.page()?;
    let Some(product) = call.known(&id)? else { return answer(&call, &[], page) };
    let _permit = call.permit(&product)?;
    let events = read(&call, &id, None, page).await?;
    answer(&call, &events, page)
}

/// Reads a page of a log, and one event more.
pub(in crate::http) async fn read(
    call: &Call,
    product: &ProductId,
    job: Option<JobId>,
    page: Page<u64>,
) -> Result<Vec<Logged>, Problem> {
    let page = Page { limit: page.limit + 1, ..page };
    call.edge.node.store().events(product, job, page).await.map_err(|why| refusal::of(why.into()))
}

/// Answers a page of a log.
pub(in crate::http) fn answer(call: &Call, events: &[Logged], page: Page<u64>) -> Answer {
    let (events, next) = page::cut(events.iter().collect(), page.limit, |event: &&Logged| event.seq.to_string());
    page::list(call, events.into_iter().map(shown).collect(), next)
}

fn shown(event: &Logged) -> Shown<'_> {
    Shown {
        seq: event.seq,
        job_id: event.job,
        factory_id: event.factory.as_ref().map(domain::FactoryId::as_str),
        rev: event.rev,
        kind: &event.kind,
        at: event.at.into(),
        by: &event.by,
        // A fact without particulars has no data.
        data: serde_json::from_str(&event.data).unwrap_or(RawValue::NULL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn an_event_is_what_clients_read() {
        let logged = Logged {
            seq: 7,
            product: "acme".parse().unwrap(),
            job: Some("01890000-0000-7000-8000-000000000001".parse().unwrap()),
            factory: Some("f1".parse().unwrap()),
            rev: Some(2),
            kind: "job.leased".into(),
            at: Timestamp(0),
            by: "factory:f1".into(),
            data: r#"{"epoch":1}"#.into(),
        };
        let written = serde_json::to_value(shown(&logged)).unwrap();
        let read: wire::Event = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), written);
        assert_eq!(written["jobId"], "01890000-0000-7000-8000-000000000001");
        let bare = Logged { job: None, factory: None, rev: None, data: String::new(), ..logged };
        assert_eq!(serde_json::to_value(shown(&bare)).unwrap()["data"], serde_json::Value::Null);
    }
}
