//! The directory, its lock and the settings of the database.

use sea_orm::ConnectionTrait;

use crate::store::connect::{Role, connect, verify};
use crate::store::{OpenError, SqliteStore};

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("deep/data");
    let first = SqliteStore::open(&data).await.unwrap();
    let refused = SqliteStore::open(&data).await.err().unwrap();
    assert!(matches!(&refused, OpenError::Served(dir) if *dir == data));
    assert!(refused.to_string().contains("another process serves"), "{refused}");
    first.close().await;
    SqliteStore::open(&data).await.unwrap().close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_into_the_directory() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    SqliteStore::open(&data).await.unwrap().close().await;
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_setting_that_did_not_take_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let db = connect(&dir.path().join("a.db"), Role::Writer).await.unwrap();
    verify(&db).await.unwrap();
    db.execute_unprepared("PRAGMA synchronous = NORMAL").await.unwrap();
    assert!(matches!(verify(&db).await, Err(OpenError::Setting { name: "synchronous", .. })));
    db.execute_unprepared("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF").await.unwrap();
    assert!(matches!(verify(&db).await, Err(OpenError::Setting { name: "foreign_keys", .. })));
}

#[tokio::test]
async fn readers_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.db");
    let writer = connect(&file, Role::Writer).await.unwrap();
    writer.execute_unprepared("CREATE TABLE t (a)").await.unwrap();
    let readers = connect(&file, Role::Readers(2)).await.unwrap();
    assert!(readers.execute_unprepared("INSERT INTO t VALUES (1)").await.is_err());
}
