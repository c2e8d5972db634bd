//! The HTTP edge: turns requests into one question to an actor or one read of the store, and answers in JSON.
//!
//! One file per action: parse, permit, ask, respond. Every refusal is a problem document. Nothing here decides what
//! may become of a job, keeps state of its own, reads a foreign clock or blocks its thread.

mod answer;
mod body;
mod call;
mod claim;
mod factories;
mod headers;
mod jobs;
mod meter;
mod node;
mod openapi;
mod page;
mod perform;
mod preview;
mod product;
mod profiles;
mod query;
mod refusal;
mod routes;
mod serve;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use actix_web::web::{self, ServiceConfig};
use actors::Node;
use domain::Timestamp;

pub use openapi::document;
pub use serve::{CannotListen, Listen, Serving, bind};

/// What every request is answered with: the node, and who answers. A cheap clone.
#[derive(Clone)]
pub struct Edge {
    /// The node whose products are served.
    pub node: Node,
    /// When it began.
    pub started: Timestamp,
    /// The program's version.
    pub version: &'static str,
    /// Numbers the requests that bring no id of their own.
    requests: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
}

impl Edge {
    /// Makes the edge of a node, which begins now.
    pub fn new(node: Node, version: &'static str) -> Self {
        let started = node.now();
        Self { node, started, version, requests: Arc::default(), stopping: Arc::default() }
    }

    /// Says from now on that it is not ready.
    fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}

/// Configures an application with every route, for a server as well as for a simulation on one thread.
pub fn app(edge: Edge) -> impl Fn(&mut ServiceConfig) + Clone + Send {
    move |config| {
        let all = routes::table();
        let mut templates: Vec<&'static str> = all.iter().map(|route| route.template.as_str()).collect();
        templates.sort_unstable();
        templates.dedup();
        for template in templates {
            let here: Vec<_> = all.iter().filter(|route| route.template == template).collect();
            let allowed = perform::allowed(&here);
            let mut resource = web::resource(template);
            for route in here {
                let edge = edge.clone();
                let run = move |request, payload| perform::perform(route, edge.clone(), request, payload);
                resource = resource.route(web::route().guard(perform::takes(&route.method)).to(run));
            }
            let edge = edge.clone();
            let refuse = move |request| perform::not_allowed(edge.clone(), request, allowed.clone());
            config.service(resource.default_service(web::to(refuse)));
        }
        let edge = edge.clone();
        config.default_service(web::to(move |request| perform::not_found(edge.clone(), request)));
    }
}
