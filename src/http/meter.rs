//! Counts requests: by route template, method and status, with their latency. Handles are made once, so that a
//! request costs two atomic operations. Never labels by id.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram};

use crate::telemetry;

/// The statuses that get a counter of their own; the last slot is for any other.
const STATUSES: [u16; 19] =
    [200, 201, 204, 400, 401, 403, 404, 405, 408, 409, 412, 413, 422, 428, 429, 500, 503, 507, 0];

/// The counters of one route.
pub(super) struct Meter {
    method: &'static str,
    route: String,
    by_status: [OnceLock<Counter>; STATUSES.len()],
    latency: OnceLock<Histogram>,
}

impl Meter {
    pub(super) const fn new(method: &'static str, route: String) -> Self {
        Self { method, route, by_status: [const { OnceLock::new() }; STATUSES.len()], latency: OnceLock::new() }
    }

    /// Counts one answer.
    pub(super) fn record(&self, status: u16, took: Duration) {
        let slot = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        self.by_status[slot].get_or_init(|| self.counter(STATUSES[slot])).increment(1);
        self.latency.get_or_init(|| self.histogram()).record(took);
    }

    fn counter(&self, status: u16) -> Counter {
        telemetry::prometheus();
        let status = if status == 0 { "other".to_owned() } else { status.to_string() };
        metrics::counter!(
            "gigafactory_http_requests_total",
            "method" => self.method, "route" => self.route.clone(), "status" => status
        )
    }

    fn histogram(&self) -> Histogram {
        telemetry::prometheus();
        metrics::histogram!(
            "gigafactory_http_request_seconds", "method" => self.method, "route" => self.route.clone()
        )
    }
}

/// Counts members of a factory's write that this version does not know.
pub(super) fn ignored(members: u32) {
    if members > 0 {
        telemetry::prometheus();
        metrics::counter!("gigafactory_ignored_members_total").increment(members.into());
    }
}
