//! The load: clients that submit, claim, report, repeat and leave leases lying about, until the coordinator is gone.

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::server::Http;

/// Submits under keys of its own, and each of them twice. Ends when no answer comes.
pub(crate) async fn submitter(http: Http, ledger: Ledger, me: usize, round: usize) {
    for n in 0.. {
        let key = format!("{round}-{me}-{n}");
        let body = json!({"title": format!("job {key}"), "bodyMd": "do it", "idempotencyKey": key, "retry": {"maxAttempts": 20, "backoffSec": 0}});
        for again in [false, true] {
            let Some((status, answer)) = http.call("POST", "/jobs", Some(body.clone())).await else { return };
            if status >= 500 {
                break;
            }
            assert_eq!(status, if again { 200 } else { 201 }, "{answer}");
            ledger.submitted(&key, text(&answer, "/job/id"), number(&answer, "/job/rev"));
        }
    }
}

/// Claims and ships, reports twice now and then, and now and then leaves its lease to run out.
pub(crate) async fn worker(http: Http, ledger: Ledger, me: usize, round: usize) {
    let factory = format!("f{me}");
    let beat = json!({"factoryId": factory, "seatLimit": 1_000});
    match http.call("POST", "/factories/heartbeat", Some(beat)).await {
        Some((status, answer)) => assert_eq!(status, 200, "heartbeat: {answer}"),
        None => return,
    }
    for n in 0.. {
        let claim = json!({"factoryId": factory, "claimId": format!("{round}-{n}"), "leaseTtlSec": 10});
        let Some((status, grant)) = http.call("POST", "/claim", Some(claim)).await else { return };
        match status {
            200 => {}
            204 | 503 => {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                continue;
            }
            _ => panic!("claim: {status} {grant}"),
        }
        let (job, epoch) = (text(&grant, "/job/id").to_owned(), number(&grant, "/leaseEpoch"));
        ledger.granted(&job, epoch, &factory, number(&grant, "/job/rev"));
        if (n + me).is_multiple_of(7) {
            continue;
        }
        for stage in ["building", "shipped"] {
            let report = json!({"leaseEpoch": epoch, "factoryId": factory, "stage": stage});
            for again in [false, true] {
                if again && !n.is_multiple_of(3) {
                    break;
                }
                let path = format!("/jobs/{job}");
                let Some((status, answer)) = http.call("PATCH", &path, Some(report.clone())).await else { return };
                if status >= 500 {
                    break;
                }
                assert_eq!(status, 200, "{stage} of {job} e{epoch}: {answer}");
                ledger.seen(&job, number(&answer, "/rev"));
                if stage == "shipped" {
                    assert_eq!(text(&answer, "/stage"), "shipped");
                    ledger.shipped(&job, epoch, number(&answer, "/rev"));
                }
            }
        }
    }
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

pub(crate) fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}
