//! How the database goes about a question: a list of keys is looked up key by key, however many rows there are.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};

use crate::store::SqliteStore;
use crate::store::backend::{RUNS, TAKEN};
use crate::store::connect::{Role, connect};
use crate::store::dag::NODES;
use crate::store::read::{CHILDREN, STAGES};

/// How the database goes about it, step by step.
async fn steps(db: &DatabaseConnection, sql: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
    let explained = Statement::from_sql_and_values(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"), values);
    let rows = db.query_all_raw(explained).await.unwrap();
    rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
}

#[tokio::test]
async fn a_list_of_keys_is_looked_up_key_by_key() {
    let dir = tempfile::tempdir().unwrap();
    SqliteStore::open(dir.path()).await.unwrap().close().await;
    let db = connect(&dir.path().join("gigafactory.db"), Role::Readers(1)).await.unwrap();
    for (sql, by) in [
        (STAGES, "(product=? AND id=?)"),
        (CHILDREN, "(product=? AND parent=?)"),
        (TAKEN, "(product=? AND key=?)"),
        (RUNS, "(job=? AND epoch=?)"),
    ] {
        let values = ["acme".into(), "[]".into()].into_iter().skip(usize::from(!sql.contains("?2")));
        let steps = steps(&db, sql, values).await;
        assert!(steps[0].starts_with("SCAN k VIRTUAL TABLE") && steps[1].contains(by), "{sql}:\n{}", steps.join("\n"));
    }
}

#[tokio::test]
async fn what_is_below_a_job_is_looked_up_parent_by_parent() {
    let dir = tempfile::tempdir().unwrap();
    SqliteStore::open(dir.path()).await.unwrap().close().await;
    let db = connect(&dir.path().join("gigafactory.db"), Role::Readers(1)).await.unwrap();
    let steps = steps(&db, NODES, ["acme".into(), "00".into(), 9.into()]).await;
    let by_parent = |step: &String| step.starts_with("SEARCH c ") && step.ends_with("(product=? AND parent=?)");
    assert!(steps.iter().any(by_parent), "{}", steps.join("\n"));
}
