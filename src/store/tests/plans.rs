//! How the database goes about a question: a list of keys is looked up key by key, however many rows there are.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::store::SqliteStore;
use crate::store::backend::{RUNS, TAKEN};
use crate::store::connect::{Role, connect};
use crate::store::read::STAGES;

#[tokio::test]
async fn a_list_of_keys_is_looked_up_key_by_key() {
    let dir = tempfile::tempdir().unwrap();
    SqliteStore::open(dir.path()).await.unwrap().close().await;
    let db = connect(&dir.path().join("gigafactory.db"), Role::Readers(1)).await.unwrap();
    for (sql, by) in [(STAGES, "(product=? AND id=?)"), (TAKEN, "(product=? AND key=?)"), (RUNS, "(job=? AND epoch=?)")]
    {
        let values = ["acme".into(), "[]".into()].into_iter().skip(usize::from(!sql.contains("?2")));
        let explained = Statement::from_sql_and_values(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"), values);
        let rows = db.query_all_raw(explained).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        assert!(steps[0].starts_with("SCAN k VIRTUAL TABLE") && steps[1].contains(by), "{sql}:\n{}", steps.join("\n"));
    }
}
