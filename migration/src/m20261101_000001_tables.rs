//! The first schema: jobs and their specs, runs, events, receipts, factories, products.
//!
//! No index lies on a column that changes at every transition; the partial ones of `job` change when a job finishes.

use sea_orm_migration::prelude::*;

pub(super) struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "m20261101_000001_tables"
    }
}

const UP: &str = r#"
CREATE TABLE job_spec (
    id BLOB NOT NULL,
    edition INTEGER NOT NULL,
    product TEXT NOT NULL,
    key TEXT,
    content_hash TEXT,
    spec TEXT NOT NULL,
    PRIMARY KEY (id, edition)
);
CREATE UNIQUE INDEX job_spec_key ON job_spec (product, key) WHERE key IS NOT NULL AND edition = 1;

CREATE TABLE job (
    id BLOB NOT NULL,
    product TEXT NOT NULL,
    stage TEXT NOT NULL,
    rev INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    wake_at INTEGER,
    finished_at INTEGER,
    last_seq INTEGER NOT NULL,
    edition INTEGER NOT NULL,
    schema INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (product, id)
);
CREATE INDEX job_open ON job (product, id) WHERE finished_at IS NULL;
CREATE INDEX job_done ON job (product, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE run (
    job BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    product TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (job, epoch)
) WITHOUT ROWID;

CREATE TABLE event (
    product TEXT NOT NULL,
    seq INTEGER NOT NULL,
    job BLOB,
    prev INTEGER,
    factory TEXT,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (product, seq)
) WITHOUT ROWID;

CREATE TABLE receipt (
    product TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    job BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    content_hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (product, kind, key)
) WITHOUT ROWID;
CREATE INDEX receipt_report ON receipt (job) WHERE kind = 'report';
CREATE INDEX receipt_at ON receipt (at);

CREATE TABLE factory (
    product TEXT NOT NULL,
    id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (product, id)
) WITHOUT ROWID;

CREATE TABLE product (
    product TEXT NOT NULL PRIMARY KEY,
    rev INTEGER NOT NULL,
    settings TEXT NOT NULL
) WITHOUT ROWID;
"#;

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }
}
