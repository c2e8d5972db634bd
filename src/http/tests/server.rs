//! The server itself, on a real socket.
//! Only what needs one; everything else is asked without.

use std::net::SocketAddr;
use std::time::Duration;

use actors::Limits;
use actors::store::Plan;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::edge;
use crate::http::{CannotListen, Listen, bind};

/// A server that runs.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn running() -> Running {
    let edge = edge(Plan::default(), Limits::default()).await;
    let serving = bind(edge, &Listen::on("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = serving.address;
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(serving.until(async { drop(stopped.await) }));
    Running { address, stop, ended }
}

impl Running {
    /// Sends bytes and leaves the connection open.
    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Sends a request and reads all that comes back.
    async fn ask(&self, request: &str) -> String {
        read(self.send(request).await).await
    }

    /// Waits until so many claims wait.
    async fn waiting_claims(&self, claims: usize) {
        let line = format!("gigafactory_waiting_claims {claims}\n");
        for _ in 0..500 {
            if self.ask("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.contains(&line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there are never {claims} claims waiting");
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(10), self.ended).await.unwrap().unwrap().unwrap();
    }
}

async fn read(mut stream: TcpStream) -> String {
    let mut text = String::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

fn post(path: &str, body: &str) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Product-Id: acme\r\nConnection: close\r\n");
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

const WAITING: &str = r#"{"factoryId":"f1","waitSec":60}"#;

#[actix_web::test]
async fn only_loopback_will_do() {
    let edge = edge(Plan::default(), Limits::default()).await;
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let refused = bind(edge.clone(), &Listen::on(address.parse().unwrap())).err().unwrap();
        assert!(matches!(refused, CannotListen::Reachable(_)), "{refused}");
        assert!(refused.to_string().contains("no authentication"));
    }
}

#[tokio::test]
async fn it_serves_until_it_is_stopped_and_waiting_claims_are_answered() {
    let server = running().await;
    let beaten = server.ask(&post("/api/fleet/factories/heartbeat", r#"{"factoryId":"f1"}"#)).await;
    assert!(beaten.starts_with("HTTP/1.1 200 "), "{beaten}");
    let claim = server.send(&post("/api/fleet/claim", WAITING)).await;
    server.waiting_claims(1).await;
    server.end().await;
    let answered = read(claim).await;
    assert!(answered.starts_with("HTTP/1.1 503 "), "{answered}");
    assert!(answered.to_lowercase().contains("retry-after: "), "{answered}");
}

#[tokio::test]
async fn a_claim_whose_caller_has_gone_waits_no_longer() {
    let server = running().await;
    server.ask(&post("/api/fleet/factories/heartbeat", r#"{"factoryId":"f1"}"#)).await;
    let claim = server.send(&post("/api/fleet/claim", WAITING)).await;
    server.waiting_claims(1).await;
    drop(claim);
    server.waiting_claims(0).await;
    server.end().await;
}

#[tokio::test]
async fn a_body_without_a_length_is_held_to_its_limit_as_it_comes() {
    let server = running().await;
    let head =
        "POST /api/fleet/jobs HTTP/1.1\r\nHost: localhost\r\nX-Product-Id: acme\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut stream = server.send(head).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    // No end of the body is ever sent: the refusal comes before it, and may end the connection while chunks go out.
    for _ in 0..17 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut head = [0; 12];
    tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut head)).await.unwrap().unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
    drop(stream);
    server.end().await;
}
