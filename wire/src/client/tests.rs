//! What the client sends, and how it reads what comes back, against a listener that answers one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Client, ClientError, JobFilter};
use crate::word::Stage;
use crate::{ClaimRequest, Code, Job, Report, Run, Weights, fixture};

const TOKEN: &str = "gf_secret";

/// Answers one request as told and hands back what was asked.
fn server(answer: String) -> (Client, JoinHandle<String>) {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/api/", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "the request is cut off: {head}");
        }
        let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        head + std::str::from_utf8(&body).unwrap()
    });
    (Client::new(&base, "acme", Some(TOKEN.into())).unwrap(), asked)
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn a_claim_without_work_is_no_grant() {
    let (client, asked) = server("HTTP/1.1 204 No Content\r\n\r\n".into());
    let claim = ClaimRequest { factory_id: "f1".into(), wait_sec: Some(5), ..ClaimRequest::default() };
    assert!(client.claim(&claim).await.unwrap().is_empty());
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("POST /api/fleet/claim HTTP/1.1"), "{asked}");
    assert!(asked.ends_with(r#"{"factoryId":"f1","waitSec":5}"#), "{asked}");
    let head = asked.to_lowercase();
    assert!(head.contains("x-product-id: acme") && head.contains("authorization: bearer gf_secret"), "{asked}");
}

#[tokio::test]
async fn a_claim_is_answered_by_one_grant_or_a_list() {
    let job = fixture::leased();
    let grant = serde_json::json!({
        "job": Job::from(&job), "run": Run::new(job.id, job.run.as_ref().unwrap(), None), "leaseEpoch": 1,
        "leaseExpiresAt": "1970-01-01T00:01:30.000Z", "leaseTtlSec": 90, "renewAfterSec": 30,
        "scoreBreakdown": {"age": 0.5}, "brandNew": true,
    });
    for (max, body) in [(None, grant.to_string()), (Some(2), serde_json::json!({"grants": [grant]}).to_string())] {
        let (client, asked) = server(http("200 OK", "", &body));
        let claim = ClaimRequest { factory_id: "f1".into(), max, ..ClaimRequest::default() };
        let grants = client.claim(&claim).await.unwrap();
        assert_eq!((grants.len(), grants[0].lease_epoch, grants[0].score_breakdown["age"]), (1, 1, 0.5));
        asked.join().unwrap();
    }
}

#[tokio::test]
async fn a_problem_comes_back_as_it_was_sent() {
    let body = r#"{"type":"/problems/stale-lease","code":"stale-lease","status":409,"detail":"gone","leaseEpoch":7}"#;
    let (client, asked) = server(http("409 Conflict", "", body));
    let report = Report { lease_epoch: 6, ..Report::default() };
    let error = client.report("a/../b?c", &report).await.unwrap_err();
    assert!(error.is_stale_lease() && !error.is_lease_ended() && !error.is_transient());
    assert_eq!(error.problem().unwrap().number("leaseEpoch"), Some(7));
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("PATCH /api/fleet/jobs/a%2F..%2Fb%3Fc HTTP/1.1"), "{asked}");
    assert!(asked.ends_with(r#"{"leaseEpoch":6}"#), "{asked}");
}

#[tokio::test]
async fn an_answer_that_is_no_problem_keeps_its_status() {
    let (client, asked) = server(http("503 Service Unavailable", "retry-after: 3\r\n", "<html>"));
    let error = client.job("j").await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    assert_eq!((error.problem().unwrap().status, error.problem().unwrap().code), (503, Code::Unrecognised));
    asked.join().unwrap();
}

#[tokio::test]
async fn a_filter_becomes_a_query() {
    let (client, asked) = server(http("200 OK", "", r#"{"data":[],"next":"n"}"#));
    let filter = JobFilter {
        stages: vec![Stage::Queued, Stage::DeadLetter],
        q: Some("a b&c".into()),
        limit: Some(5),
        ..JobFilter::default()
    };
    assert_eq!(client.jobs(&filter).await.unwrap().next.as_deref(), Some("n"));
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("GET /api/fleet/jobs?stage=queued%2Cdead_letter&q=a+b%26c&limit=5 HTTP/1.1"), "{asked}");
}

#[tokio::test]
async fn an_answer_of_another_shape_is_a_protocol_error() {
    let (client, asked) = server(http("200 OK", "", "{}"));
    let error = client.job("j").await.unwrap_err();
    assert!(matches!(error, ClientError::Protocol(_)) && !error.is_transient(), "{error}");
    asked.join().unwrap();
}

#[tokio::test]
async fn nobody_there_is_transient_and_the_token_is_told_to_nobody() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::new(&format!("http://{free}/api"), "acme", Some(TOKEN.into())).unwrap();
    let error = client.version().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(!format!("{client:?} {error:?} {error}").contains(TOKEN));
}

#[tokio::test]
async fn an_id_that_is_a_step_of_a_path_is_refused() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new("http://127.0.0.1:9/api", "acme", None).unwrap();
    for id in ["", ".", ".."] {
        assert_eq!(client.job(id).await.unwrap_err().to_string(), "the id cannot be used in a request");
    }
}

#[test]
fn addresses_and_tokens_that_cannot_be_used_are_refused() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for base in ["", "localhost:4003/api", "ftp://host/api", "http://user:secret@host/api", "/api"] {
        let error = Client::new(base, "acme", None).expect_err(base);
        assert!(!error.to_string().contains("secret"));
    }
    let error = Client::new("http://host/api", "acme", Some("a\nb".into())).unwrap_err();
    assert_eq!(error.to_string(), "the token cannot be used in a request");
}

#[tokio::test]
async fn a_record_is_replaced_under_the_tag_that_it_had() {
    let (client, asked) = server(http("200 OK", "etag: \"3\"\r\n", r#"{"age":1.5}"#));
    let seen = client.weights().await.unwrap();
    assert_eq!(seen.etag.as_deref(), Some("\"3\""));
    assert!(asked.join().unwrap().starts_with("GET /api/fleet/weights HTTP/1.1"));
    let (client, asked) = server(http("200 OK", "etag: \"4\"\r\n", r#"{"age":1.5}"#));
    let set = client.set_weights(&seen.record, seen.etag.as_deref()).await.unwrap();
    assert_eq!((&set.record, set.etag.as_deref()), (&seen.record, Some("\"4\"")));
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("PUT /api/fleet/weights HTTP/1.1") && asked.ends_with(r#"{"age":1.5}"#), "{asked}");
    assert!(asked.to_lowercase().contains("if-match: \"3\"\r\n"), "{asked}");
    let (client, asked) = server(http("200 OK", "", "{}"));
    assert_eq!(client.set_weights(&Weights::default(), None).await.unwrap().etag, None);
    assert!(!asked.join().unwrap().to_lowercase().contains("if-match"));
}
