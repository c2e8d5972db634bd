//! Lists: jobs by what is asked of them, and events of a product or a job.

use std::sync::Arc;

use actors::store::{JobQuery, Logged, Page};
use domain::job::Job;
use domain::{JobId, ProductId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::read::{Failed, keys, select};
use super::saved::{JOB_COLUMNS, JobRow, Unreadable, number};

/// What a job has to match; a parameter that is null does not narrow. Case is ignored where it is ASCII.
const MATCHES: &str = "j.product = ?1 AND j.id < ifnull(?2, x'ffffffffffffffffffffffffffffffffff') \
    AND (?4 = '[]' OR j.stage IN (SELECT value FROM json_each(?4))) \
    AND (?5 IS NULL OR s.spec ->> '$.priority' = ?5 ->> '$') \
    AND (?6 IS NULL OR j.state ->> '$.l.h' = ?6 AND j.state ->> '$.l.s' IS NULL) \
    AND (?7 IS NULL OR ?7 IN (SELECT value FROM json_each(s.spec, '$.capabilities'))) \
    AND (?8 IS NULL OR EXISTS (SELECT 1 FROM json_each(s.spec, '$.labels') AS label \
                               WHERE label.key = ?8 AND (?9 IS NULL OR label.value = ?9))) \
    AND (?10 IS NULL OR s.spec ->> '$.trackerItemId' = ?10) \
    AND (?11 IS NULL OR instr(lower(s.spec ->> '$.title'), ?11) > 0 OR instr(lower(s.spec ->> '$.bodyMd'), ?11) > 0)";

const OF_PRODUCT: &str = "SELECT product, seq, job, factory, rev, type AS kind, at, \"by\", data FROM event \
    WHERE product = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

/// From a job's newest event back along `prev`, so that no index on the log is needed. `CROSS` keeps the planner from
/// reading the whole log.
const OF_JOB: &str = "WITH RECURSIVE back (seq) AS (\
        SELECT last_seq FROM job WHERE product = ?1 AND id = ?4 AND last_seq > ?2 \
        UNION ALL SELECT e.prev FROM back CROSS JOIN event AS e ON e.product = ?1 AND e.seq = back.seq WHERE e.prev > ?2) \
    SELECT product, e.seq, job, factory, rev, type AS kind, at, \"by\", data \
    FROM back CROSS JOIN event AS e ON e.product = ?1 AND e.seq = back.seq ORDER BY e.seq LIMIT ?3";

/// Jobs that match, newest first.
pub(super) async fn jobs(
    db: &impl ConnectionTrait,
    product: &ProductId,
    query: &JobQuery,
    page: Page<JobId>,
) -> Result<Vec<Arc<Job>>, Failed> {
    let stages: Vec<_> = query.stages.iter().map(|stage| stage.as_str()).collect();
    let unfinished = !stages.is_empty() && query.stages.iter().all(|stage| !stage.is_terminal());
    let open = if unfinished { "j.finished_at IS NULL AND" } else { "" };
    let sql = format!(
        "SELECT {JOB_COLUMNS} FROM job AS j JOIN job_spec AS s ON s.id = j.id AND s.edition = j.edition \
         WHERE {open} {MATCHES} ORDER BY j.id DESC LIMIT ?3"
    );
    let (label, value) = query.label.clone().unzip();
    let values: [Value; 11] = [
        product.as_str().into(),
        page.after.map(|id| id.0).into(),
        limit(page.limit),
        keys(&stages)?,
        query.priority.map(|priority| json!(priority).to_string()).into(),
        query.factory.as_ref().map(|id| id.as_str().to_owned()).into(),
        query.capability.clone().into(),
        label.into(),
        value.flatten().into(),
        query.tracker_item_id.clone().into(),
        query.text.as_ref().map(|text| text.to_ascii_lowercase()).into(),
    ];
    let rows = select(db, &sql, values).await?;
    rows.iter().map(|row| Ok(Arc::new(JobRow::from_query_result(row, "")?.job()?))).collect()
}

/// Events of a product (of one job, if named), in `seq` order.
pub(super) async fn events(
    db: &impl ConnectionTrait,
    product: &ProductId,
    job: Option<JobId>,
    page: Page<u64>,
) -> Result<Vec<Logged>, Failed> {
    // A number above what a column holds is above every `seq` too.
    let (of, after) = (product.as_str(), i64::try_from(page.after.unwrap_or(0)).unwrap_or(i64::MAX));
    let rows = match job {
        None => select(db, OF_PRODUCT, [of.into(), after.into(), limit(page.limit)]).await?,
        Some(job) => select(db, OF_JOB, [of.into(), after.into(), limit(page.limit), job.0.into()]).await?,
    };
    rows.iter().map(|row| Ok(EventRow::from_query_result(row, "")?.logged()?)).collect()
}

/// An event's row.
#[derive(FromQueryResult)]
struct EventRow {
    product: String,
    seq: i64,
    job: Option<Uuid>,
    factory: Option<String>,
    rev: Option<i64>,
    kind: String,
    at: i64,
    by: String,
    data: String,
}

impl EventRow {
    fn logged(self) -> Result<Logged, Unreadable> {
        Ok(Logged {
            seq: number(self.seq),
            product: self.product.try_into()?,
            job: self.job.map(JobId),
            factory: self.factory.map(TryInto::try_into).transpose()?,
            rev: self.rev.map(number),
            kind: self.kind.into(),
            at: Timestamp(self.at),
            by: self.by,
            data: self.data,
        })
    }
}

fn limit(limit: usize) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}
