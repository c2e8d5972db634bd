//! The edge over a real node and a store in memory, on one thread and without a socket.
//! Every answer is checked for what holds of all of them: a problem is one, and names the request.

mod claims;
mod document;
mod edits;
mod explain;
mod families;
mod faults;
mod lists;
mod profiles;
mod rules;
mod server;
mod settings;
mod submits;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, http::Method};
use actors::clock::{SystemClock, TimeIds};
use actors::store::{MemoryStore, Plan};
use actors::{Limits, Node, Switches, World};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::{Edge, app};

/// Sends requests to the edge.
pub(super) struct Desk {
    pub(super) edge: Edge,
    call: Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, ServiceResponse>>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts a problem of a code and shows it.
    #[track_caller]
    pub(super) fn problem(&self, status: u16, code: &str) -> &Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["traceId"], self.header("x-request-id"));
        &self.body
    }

    /// Asserts success and shows the body.
    #[track_caller]
    pub(super) fn ok(&self) -> &Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        &self.body
    }
}

/// An edge over a store that does as planned.
pub(super) async fn edge(plan: Plan, limits: Limits) -> Edge {
    let world = World {
        store: Arc::new(MemoryStore::new(plan)),
        clock: Arc::new(SystemClock::default()),
        ids: Arc::new(TimeIds),
        switches: Switches::default(),
    };
    Edge::new(Node::start(world, limits).await.unwrap(), "1.2.3")
}

pub(super) async fn desk() -> Desk {
    desk_with(Plan::default(), Limits::default()).await
}

pub(super) async fn desk_with(plan: Plan, limits: Limits) -> Desk {
    let edge = edge(plan, limits).await;
    let service = Rc::new(init_service(App::new().configure(app(edge.clone()))).await);
    let call = Box::new(move |request: TestRequest| -> LocalBoxFuture<'static, ServiceResponse> {
        let service = service.clone();
        Box::pin(async move { call_service(&*service, request.to_request()).await })
    });
    Desk { edge, call }
}

impl Desk {
    /// Sends exactly this.
    pub(super) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = TestRequest::default().method(method).uri(path).set_payload(body.to_vec());
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        let response = (self.call)(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = read_body(response).await;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, text, body }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[("x-product-id", "acme")], b"").await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[("x-product-id", "acme")], body.to_string().as_bytes()).await
    }

    pub(super) async fn patch(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let headers: Vec<_> = headers.iter().copied().chain([("x-product-id", "acme")]).collect();
        self.send("PATCH", path, &headers, body.to_string().as_bytes()).await
    }

    pub(super) async fn put(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let headers: Vec<_> = headers.iter().copied().chain([("x-product-id", "acme")]).collect();
        self.send("PUT", path, &headers, body.to_string().as_bytes()).await
    }

    /// Submits a job and gives back its path.
    pub(super) async fn job(&self, members: Value) -> String {
        let mut body = json!({"bodyMd": "# Do it\n"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let reply = self.post("/api/fleet/jobs", body).await;
        format!("/api/fleet/jobs/{}", reply.ok()["job"]["id"].as_str().unwrap())
    }

    /// Registers a factory.
    pub(super) async fn factory(&self, id: &str, members: Value) -> Reply {
        let mut body = json!({"factoryId": id, "seatLimit": 8});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let reply = self.post("/api/fleet/factories/heartbeat", body).await;
        reply.ok();
        reply
    }
}
