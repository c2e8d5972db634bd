//! The coordinator as a process of its own on a data directory.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running coordinator; its drop kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) api: String,
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts a coordinator and waits until it says where it listens.
    pub(crate) fn start(data: &Path) -> Self {
        let begin = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_gigafactory"))
            .args(["up", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("GIGAFACTORY_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("no address: {line:?}"));
        Self { child, api: format!("{address}/api/fleet"), started_in: begin.elapsed() }
    }

    /// Kills it without a word (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Speaks JSON to the coordinator as the product `crash`.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    api: String,
}

impl Http {
    pub(crate) fn new(api: &str) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { client, api: api.to_owned() }
    }

    /// The status and the body; none if no answer came.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let method = method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.api)).header("x-product-id", "crash");
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// Edits a record at this `rev`; the status.
    pub(crate) async fn edit(&self, path: &str, rev: u64, body: Value) -> u16 {
        let request = self.client.patch(format!("{}{path}", self.api)).header("x-product-id", "crash");
        let request = request.header("content-type", "application/json").header("if-match", format!("\"{rev}\""));
        request.body(body.to_string()).send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await.unwrap();
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }
}
