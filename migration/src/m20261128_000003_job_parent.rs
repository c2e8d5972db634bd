//! Jobs say which other job they are a part of.

use sea_orm_migration::prelude::*;

const STATEMENTS: [&str; 2] = [
    "ALTER TABLE job ADD COLUMN parent BLOB",
    // Set once, with the job itself.
    "CREATE INDEX job_parent ON job (product, parent, id) WHERE parent IS NOT NULL",
];

pub(super) struct JobParent;

impl MigrationName for JobParent {
    fn name(&self) -> &'static str {
        "m20261128_000003_job_parent"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for JobParent {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
