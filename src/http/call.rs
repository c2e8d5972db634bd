//! One request as an action sees it: who asks, for what, with which body. Finds the product and the job that it names
//! and takes the permit for it; never answers it.

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use actors::{Permit, Product};
use domain::profile::Wanted;
use domain::{By, FactoryId, JobId, ProductId, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use wire::{Code, Problem};

use super::{Edge, body, headers, refusal};

/// A request.
pub(super) struct Call {
    pub(super) edge: Edge,
    /// When it arrived.
    pub(super) heard: Timestamp,
    request: HttpRequest,
    payload: Payload,
}

impl Call {
    pub(super) fn new(edge: Edge, request: HttpRequest, payload: Payload) -> Self {
        Self { heard: edge.node.now(), edge, request, payload }
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    pub(super) fn path(&self) -> &str {
        self.request.path()
    }

    pub(super) fn query(&self) -> &str {
        self.request.query_string()
    }

    /// The product that it names.
    pub(super) fn product_id(&self) -> Result<ProductId, Problem> {
        headers::product(self.headers())
    }

    /// The body, within a limit.
    pub(super) async fn bytes(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let length = self.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        body::read(&mut self.payload, length, limit).await
    }

    /// The body of an operator's write: unknown members are refused, no body at all is an empty one.
    pub(super) async fn strict<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let bytes = self.bytes(body::JOB).await?;
        wire::strict(if bytes.is_empty() { b"{}" } else { &bytes })
    }

    /// The body of a factory's write: unknown members are counted.
    pub(super) async fn lenient<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let bytes = self.bytes(body::JOB).await?;
        let (read, ignored) = wire::lenient(&bytes)?;
        super::meter::ignored(ignored);
        Ok(read)
    }

    /// The body is markdown.
    pub(super) fn is_markdown(&self) -> bool {
        let given = self.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = given.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/markdown")
    }

    /// The product, if it has ever been heard of. Refuses one that is being reloaded.
    pub(super) fn known(&self, product: &ProductId) -> Result<Option<Product>, Problem> {
        self.edge.node.find(product).map_err(refusal::of)
    }

    /// The product, which comes into being with its first write.
    pub(super) async fn product(&self, product: &ProductId) -> Result<Product, Problem> {
        self.edge.node.product(product).await.map_err(refusal::of)
    }

    /// The product and the job of a route about one job. An id that is none is that of no job.
    pub(super) fn job(&self, product: &ProductId) -> Result<(Product, JobId), Problem> {
        let job = self.request.match_info().get("id").and_then(|id| id.parse().ok());
        self.known(product)?.zip(job).ok_or_else(no_such_job)
    }

    /// The product and the factory of a route about one factory.
    pub(super) fn factory(&self, product: &ProductId) -> Result<(Product, FactoryId), Problem> {
        let factory = self.request.match_info().get("id").and_then(|id| id.parse().ok());
        self.known(product)?.zip(factory).ok_or_else(|| refusal::of(actors::NotDone::UnknownFactory))
    }

    /// The profile of a route about one. A name that is none is that of no profile.
    pub(super) fn named(&self) -> Option<Wanted> {
        self.request.match_info().get("name").and_then(|name| name.parse().ok())
    }

    /// Admits the request for as long as the permit lives.
    pub(super) fn permit(&self, product: &Product) -> Result<Permit, Problem> {
        self.edge.node.permit(product).map_err(refusal::of)
    }
}

/// The one answer about a job that does not exist, or not for this caller.
pub(super) fn no_such_job() -> Problem {
    refusal::of(actors::NotDone::NotFound)
}

/// Refuses bytes that are no text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let bad = |error: std::str::Utf8Error| format!("the body is not UTF-8 (at byte {})", error.valid_up_to());
    std::str::from_utf8(bytes).map_err(|error| Problem::new(Code::InvalidRequest, bad(error)))
}

/// The operator, as long as nobody has to say who they are.
pub(super) fn operator() -> By {
    By::Operator("operator".to_owned())
}

/// The factory that a write names. The actor knows better where it names none.
pub(super) fn by_factory(named: Option<&FactoryId>) -> By {
    named.map_or(By::Coordinator, |factory| By::Factory(factory.clone()))
}

/// The body of an order that needs none.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}
