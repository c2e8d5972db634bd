//! Where requests leave and answers arrive: each is written into the history. Knows nothing of what is asked.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use checker::{Call, Recorder};
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn number(&self, pointer: &str) -> u64 {
        self.body.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
    }
}

/// Sends requests to one life of a coordinator. Cheap to clone; clones write the same history.
#[derive(Clone)]
pub(crate) struct Desk {
    client: reqwest::Client,
    address: String,
    pub(crate) recorder: Recorder,
    /// What had no answer: asked again in the next life.
    unanswered: Arc<Mutex<Vec<Call>>>,
}

/// How long an answer may take; waiting claims wait less.
const PATIENCE: Duration = Duration::from_secs(20);
/// How far the coordinator's clock may be from ours, in milliseconds: it is another process, and rounds by itself. A
/// request began no later and ended no sooner than is written down.
const SKEW_MS: i64 = 5;

impl Desk {
    pub(crate) fn new() -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { client, address: String::new(), recorder: Recorder::default(), unanswered: Arc::default() }
    }

    /// The same history at another address.
    pub(crate) fn at(&self, address: &str) -> Self {
        // Connections of the life before are of no use any more.
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { client, address: address.to_owned(), ..self.clone() }
    }

    /// Asks and writes it down. None: no answer came, and nobody knows what became of it.
    pub(crate) async fn ask(&self, call: Call) -> Option<Reply> {
        let open = self.recorder.invoke(now_ms() - SKEW_MS, call.clone());
        match self.send(&call).await {
            Some((status, text)) => {
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                self.recorder.settle(open, now_ms() + SKEW_MS, status, text);
                Some(Reply { status, body })
            }
            None => {
                if call.method != "GET" {
                    self.unanswered.lock().unwrap().push(call);
                }
                None
            }
        }
    }

    /// Reads without writing it down: evidence is no part of the history. Refuses anything but 200.
    pub(crate) async fn read(&self, product: &str, path: &str) -> String {
        let call = Call { product: product.to_owned(), method: "GET".into(), path: path.to_owned(), ..Call::default() };
        match self.send(&call).await {
            Some((200, text)) => text,
            other => panic!("GET {path}: {other:?}"),
        }
    }

    /// The status of a route that is about no product.
    pub(crate) async fn status(&self, path: &str) -> u16 {
        let call = Call { method: "GET".into(), path: path.to_owned(), ..Call::default() };
        self.send(&call).await.unwrap().0
    }

    /// Takes what had no answer.
    pub(crate) fn take_unanswered(&self) -> Vec<Call> {
        std::mem::take(&mut self.unanswered.lock().unwrap())
    }

    async fn send(&self, call: &Call) -> Option<(u16, String)> {
        let mut request = self.client.request(call.method.parse().ok()?, format!("{}{}", self.address, call.path));
        request = request.header("x-product-id", &call.product);
        if let Some(rev) = call.if_match {
            request = request.header("if-match", format!("\"{rev}\""));
        }
        if let Some(body) = &call.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.text().await.ok()?))
    }
}

pub(crate) fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
