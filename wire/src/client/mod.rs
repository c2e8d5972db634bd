//! Speaks to a coordinator over HTTP: one method per question, each with a time limit of its own. Owns the connection
//! and the token; repeats nothing by itself, for only its caller knows what may be repeated.

mod error;
mod factories;
mod filter;
mod jobs;
mod products;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, Url, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

pub use error::ClientError;
pub use filter::JobFilter;

const PRODUCT: HeaderName = HeaderName::from_static("x-product-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const MARKDOWN: HeaderValue = HeaderValue::from_static("text/markdown");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);
/// What a batch of a thousand jobs may take.
const BATCH_TIMEOUT: Duration = Duration::from_secs(120);
/// Over the time that a request waits on purpose.
const WAIT_MARGIN: Duration = Duration::from_secs(10);
/// Bytes of an answer, at most: a batch's jobs and then some.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// A product's coordinator, as a factory or a program sees it. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    product: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).field("product", &self.product).finish()
    }
}

impl Client {
    /// Makes a client of an API such as `http://localhost:4003/api`. The program must have installed a TLS provider.
    /// Refuses an address that is no HTTP URL, or carries a password, and a product or a token that fit in no header.
    pub fn new(api_base: &str, product: &str, token: Option<String>) -> Result<Self, ClientError> {
        let base = base_url(api_base)?;
        let mut headers = HeaderMap::new();
        let name = HeaderValue::from_str(product).map_err(|_| ClientError::unfit("the product's name"))?;
        headers.insert(PRODUCT, name);
        if let Some(token) = token {
            let bearer = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut bearer = bearer.map_err(|_| ClientError::unfit("the token"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("gigafactory/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(ClientError::transport)?;
        Ok(Self { http, base, product: product.to_owned() })
    }

    /// The product it speaks for.
    pub fn product(&self) -> &str {
        &self.product
    }

    /// The URL of a path; each part is one segment whatever it contains. Refuses parts that a URL reads as steps.
    fn url(&self, parts: &[&str]) -> Result<Url, ClientError> {
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(ClientError::unfit("the id"));
        }
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| ClientError::unfit("the address"))?.pop_if_empty().extend(parts);
        Ok(url)
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, ClientError> {
        answer(self.call(Method::GET, url, None, TIMEOUT).await?).await
    }

    async fn post<T: DeserializeOwned>(&self, parts: &[&str], body: &impl Serialize) -> Result<T, ClientError> {
        answer(self.send(Method::POST, parts, body, TIMEOUT).await?).await
    }

    async fn send(
        &self,
        method: Method,
        parts: &[&str],
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<Response, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::Protocol(error.to_string()))?;
        self.call(method, self.url(parts)?, Some((JSON, body)), timeout).await
    }

    async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<(HeaderValue, Vec<u8>)>,
        timeout: Duration,
    ) -> Result<Response, ClientError> {
        let mut request = self.http.request(method, url).timeout(timeout);
        if let Some((content_type, body)) = body {
            request = request.header(CONTENT_TYPE, content_type).body(body);
        }
        sent(request).await
    }

    /// Looks at a record together with its tag.
    async fn look<T: DeserializeOwned>(&self, parts: &[&str]) -> Result<Tagged<T>, ClientError> {
        tagged(self.call(Method::GET, self.url(parts)?, None, TIMEOUT).await?).await
    }

    /// Replaces a record, where a tag is given only if it has that one still.
    async fn put<T: Serialize + DeserializeOwned>(
        &self,
        parts: &[&str],
        record: &T,
        if_match: Option<&str>,
    ) -> Result<Tagged<T>, ClientError> {
        let body = serde_json::to_vec(record).map_err(|error| ClientError::Protocol(error.to_string()))?;
        let mut request = self.http.put(self.url(parts)?).timeout(TIMEOUT).header(CONTENT_TYPE, JSON).body(body);
        if let Some(tag) = if_match {
            request = request.header(IF_MATCH, tag);
        }
        tagged(sent(request).await?).await
    }
}

/// A record, and the tag of the revision that it was read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged<T> {
    /// The record.
    pub record: T,
    /// Its `ETag`, to be sent as `If-Match`.
    pub etag: Option<String>,
}

async fn tagged<T: DeserializeOwned>(response: Response) -> Result<Tagged<T>, ClientError> {
    let etag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(ToOwned::to_owned);
    Ok(Tagged { etag, record: answer(response).await? })
}

async fn sent(request: RequestBuilder) -> Result<Response, ClientError> {
    let response = request.send().await.map_err(ClientError::transport)?;
    if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
}

fn base_url(api_base: &str) -> Result<Url, ClientError> {
    let url = Url::parse(api_base).map_err(|_| ClientError::unfit("the address"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if plain && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(ClientError::unfit("the address")) }
}

async fn answer<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    let body = read(response).await?;
    serde_json::from_slice(&body)
        .map_err(|error| ClientError::Protocol(format!("the answer is not as agreed: {error}")))
}

async fn read(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ClientError::transport)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(ClientError::Protocol(format!("the answer is longer than {MAX_ANSWER} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whatever is no success, as a problem; one is made up from the status where the answer is none.
async fn refusal(response: Response) -> ClientError {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = match read(response).await {
        Ok(body) => body,
        Err(error) => return error,
    };
    let mut problem = serde_json::from_slice::<Problem>(&body)
        .unwrap_or_else(|_| Problem::new(Code::Unrecognised, format!("HTTP status {status}")));
    problem.status = status.as_u16();
    problem.retry_after = after;
    ClientError::Problem(Box::new(problem))
}
