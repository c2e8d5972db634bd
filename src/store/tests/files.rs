//! The directory, its lock and the settings of the database.

use sea_orm::ConnectionTrait;

use crate::store::connect::{Role, connect, verify};
use crate::store::lock::Lock;
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
    let file = dir.path().join("a.db");
    let db = connect(&file, Role::Writer).await.unwrap();
    verify(&db, &file).await.unwrap();
    db.execute_unprepared("PRAGMA synchronous = NORMAL").await.unwrap();
    assert!(matches!(verify(&db, &file).await, Err(OpenError::Setting { name: "synchronous", .. })));
    db.execute_unprepared("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF").await.unwrap();
    assert!(matches!(verify(&db, &file).await, Err(OpenError::Setting { name: "foreign_keys", .. })));
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

#[cfg(unix)]
#[test]
fn files_that_were_removed_or_replaced_are_missed() {
    let dir = tempfile::tempdir().unwrap();
    let (data, aside) = (dir.path().join("data"), dir.path().join("aside"));
    let lock = Lock::take(&data).unwrap();
    let (database, locked) = (data.join("gigafactory.db"), data.join("gigafactory.lock"));
    std::fs::write(&database, "").unwrap();
    let files = lock.watch(&database).unwrap();
    assert_eq!(files.lost(), None);
    for path in [&database, &locked] {
        std::fs::rename(path, &aside).unwrap();
        assert_eq!(files.lost(), Some(path.as_path()), "removed");
        std::fs::write(path, "").unwrap();
        assert_eq!(files.lost(), Some(path.as_path()), "replaced");
        std::fs::rename(&aside, path).unwrap();
        assert_eq!(files.lost(), None);
    }
    std::fs::rename(&data, &aside).unwrap();
    assert_eq!(files.lost(), Some(locked.as_path()));
    std::fs::write(&data, "no directory").unwrap();
    assert_eq!(files.lost(), Some(locked.as_path()));
}

/// Names the directory to the process that loses it: the test starts itself once more.
#[cfg(unix)]
const LOSES: &str = "TEST_LOSES_ITS_DIRECTORY";

#[cfg(unix)]
#[tokio::test]
async fn a_process_ends_with_its_directory() {
    if let Some(data) = std::env::var_os(LOSES) {
        let _store = SqliteStore::open(data.as_ref()).await.unwrap();
        std::fs::remove_dir_all(data).unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let name = "store::tests::files::a_process_ends_with_its_directory";
    let mut again = tokio::process::Command::new(std::env::current_exe().unwrap());
    let ended = again.args([name, "--exact", "--quiet"]).env(LOSES, dir.path().join("data")).output().await.unwrap();
    assert_eq!(ended.status.code(), Some(74), "{ended:?}");
}
