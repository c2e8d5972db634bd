//! A job with everything below it and everything that any of these waits for, in one statement.

use actors::store::Node;
use domain::job::spec::Kind;
use domain::{JobId, ProductId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::read::{Failed, select};
use super::saved::{json, stage};

/// `UNION` keeps each job once, so the search ends. `CROSS JOIN` makes SQLite look up the children of each job by their
/// parent; left to itself it would read those of all jobs for each. The spec is read as it was first submitted for the parent, which never
/// changes, and as it is now for the rest.
pub(super) const NODES: &str = "WITH RECURSIVE node (id) AS (\
        SELECT id FROM job WHERE product = ?1 AND id = unhex(?2, '-') \
        UNION SELECT c.id FROM node CROSS JOIN job AS c ON c.product = ?1 AND c.parent = node.id \
        UNION SELECT unhex(d.value, '-') FROM node \
            JOIN job AS j ON j.product = ?1 AND j.id = node.id \
            JOIN job_spec AS s ON s.id = j.id AND s.edition = j.edition \
            JOIN json_each(s.spec, '$.dependsOn') AS d) \
    SELECT j.id, j.stage, j.parent, s.spec ->> '$.title', s.spec ->> '$.kind', j.state ->> '$.x', s.spec -> '$.dependsOn' \
    FROM (SELECT id FROM node LIMIT ?3) AS node JOIN job AS j ON j.product = ?1 AND j.id = node.id \
    JOIN job_spec AS s ON s.id = j.id AND s.edition = j.edition ORDER BY j.id";

/// Reads at most that many jobs; none if there is no such job.
pub(super) async fn nodes(
    db: &impl ConnectionTrait,
    product: &ProductId,
    root: JobId,
    most: usize,
) -> Result<Vec<Node>, Failed> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = select(db, NODES, [product.as_str().into(), root.to_string().into(), most.into()]).await?;
    let mut nodes = Vec::with_capacity(rows.len());
    for row in rows {
        type Row = (Uuid, String, Option<Uuid>, String, Option<String>, Option<i64>, Option<String>);
        let (id, word, parent, title, kind, children, depends_on): Row = row.try_get_many_by_index()?;
        let composite = children.is_some_and(|children| children > 0) || kind.as_deref() == Some("composite");
        nodes.push(Node {
            id: JobId(id),
            title,
            kind: if composite { Kind::Composite } else { Kind::Leaf },
            stage: stage(&word)?,
            parent: parent.map(JobId),
            depends_on: depends_on.map(|text| json("spec", &text)).transpose()?.unwrap_or_default(),
        });
    }
    Ok(nodes)
}
