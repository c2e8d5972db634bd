//! A report of the lease's holder.
//! Makes it recognisable when it is repeated; what it means is for the job to decide.

use std::fmt::Write as _;
use std::io;

use actors::ReportOrder;
use domain::ProductId;
use domain::job::command::Prior;
use sha2::{Digest, Sha256};
use wire::{Code, Problem, Report};

use crate::http::answer::{Answer, done};
use crate::http::call::{Call, by_factory};
use crate::http::{meter, refusal};

/// Takes a report.
pub(super) async fn take(call: &Call, product: &ProductId, mut report: Report) -> Answer {
    let (product, job) = call.job(product)?;
    meter::ignored(report.ignored);
    let report_id = report.report_id.take();
    let content_hash = match &report_id {
        Some(_) => content_hash(&report)?,
        None => String::new(),
    };
    let report = report.into_command(Prior::None)?;
    let by = by_factory(report.fence.factory.as_ref());
    let _permit = call.permit(&product)?;
    let order = ReportOrder { report, report_id, content_hash, by };
    let outcome = product.report(job, order).await.map_err(refusal::of)?;
    done(&product, &outcome)
}

/// Tells a repeated report from another one under the same id: SHA-256 in hex over its members, however they were
/// written. The members stand in the order of the type, absent ones are left out.
fn content_hash(report: &Report) -> Result<String, Problem> {
    struct Hashing(Sha256);
    impl io::Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hashing = Hashing(Sha256::new());
    let unfit = |error: serde_json::Error| Problem::new(Code::InvalidRequest, error.to_string());
    serde_json::to_writer(&mut hashing, report).map_err(unfit)?;
    let digest = hashing.0.finalize();
    Ok(digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Patch, parse_patch};

    fn hash(json: &str) -> String {
        let Patch::Report(mut report) = parse_patch(json.as_bytes()).unwrap() else { panic!("no report: {json}") };
        report.report_id = None;
        content_hash(&report).unwrap()
    }

    #[test]
    fn order_spelling_and_the_id_do_not_matter() {
        let one = hash(r#"{"leaseEpoch":1,"stage":"review","insights":{"costUsd":"0.50","turns":2},"reportId":"a"}"#);
        let two =
            hash(r#"{"reportId":"b","insights":{"turns":2,"costUsd":0.5},"stage":"review","leaseEpoch":1,"x":1}"#);
        assert_eq!(one, two);
        assert_ne!(one, hash(r#"{"leaseEpoch":1,"stage":"review","insights":{"costUsd":"0.51","turns":2}}"#));
    }

    #[test]
    fn a_hash_outlives_the_version_that_made_it() {
        // Receipts are kept for days: a member that moves or is renamed would make repeats look like other reports.
        let all = r#"{"leaseEpoch":1,"factoryId":"f","stage":"failed","checkpoint":{"wipBranch":"b","wipBase":"1",
            "wipCommit":"2","note":"n"},"insights":{"model":"m","tokensIn":1,"costUsd":"1"},"result":"failed","exit":1,
            "verifyResult":"failed","retryable":false,"reason":"r","question":"q"}"#;
        assert_eq!(hash(all), "09e1bb386d376c6759a9ecdb6a170abffd92d569756bd325d4ddfee0fc929997");
    }
}
