//! What the process tells of itself: log lines on the standard error stream, and numbers for Prometheus.
//! Owns how they are set up, never what is said.

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What is logged unless `GIGAFACTORY_LOG` says otherwise: what we have to tell, and what troubles others. No line for
/// each request (`access`): they are too many.
const FILTER: &str = "warn,gigafactory=info,actors=info,agent=info";

/// The bounds of latencies, in seconds.
const LATENCIES: [f64; 14] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum CannotLog {
    /// The filter is not understood.
    #[error("GIGAFACTORY_LOG is not understood: {0}")]
    Filter(#[from] ParseError),
    /// The format is not known.
    #[error("GIGAFACTORY_LOG_FORMAT must be `text` or `json`, not `{0}`")]
    Format(String),
    /// It has begun already.
    #[error("logging was set up before: {0}")]
    Twice(#[from] TryInitError),
}

/// Begins to log as the environment says: `GIGAFACTORY_LOG` filters, `GIGAFACTORY_LOG_FORMAT=json` is for machines.
pub fn init() -> Result<(), CannotLog> {
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let filter = EnvFilter::try_new(given("GIGAFACTORY_LOG").as_deref().unwrap_or(FILTER))?;
    let registry = tracing_subscriber::registry().with(filter);
    let colour = std::io::stderr().is_terminal() && given("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    match given("GIGAFACTORY_LOG_FORMAT").as_deref() {
        None | Some("text") => registry.with(lines).try_init()?,
        Some("json") => registry.with(lines.json().flatten_event(true)).try_init()?,
        Some(other) => return Err(CannotLog::Format(other.to_owned())),
    }
    Ok(())
}

/// The numbers of this process. The first call makes it the place where all of them are counted.
pub fn prometheus() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&LATENCIES).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Whoever counts elsewhere keeps doing so; then these numbers stay empty.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

fn describe() {
    metrics::describe_counter!("gigafactory_http_requests_total", "Requests by method, route and status.");
    metrics::describe_counter!("gigafactory_commits_total", "Transactions that were committed.");
    metrics::describe_counter!("gigafactory_writes_total", "Writes in committed transactions.");
    metrics::describe_histogram!("gigafactory_http_request_seconds", "How long requests took, waiting included.");
    metrics::describe_counter!("gigafactory_ignored_members_total", "Members of factories' writes that are not known.");
}
