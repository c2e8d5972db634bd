//! Profiles: one row a version.

use sea_orm_migration::prelude::*;

const UP: &str = r#"
CREATE TABLE profile (
    product TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (product, name, version)
);
"#;

pub(super) struct Profile;

impl MigrationName for Profile {
    fn name(&self) -> &'static str {
        "m20261128_000004_profile"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Profile {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }
}
