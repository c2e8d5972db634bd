//! Events say which `rev` of their record they made.

use sea_orm_migration::prelude::*;

pub(super) struct EventRev;

impl MigrationName for EventRev {
    fn name(&self) -> &'static str {
        "m20261121_000002_event_rev"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for EventRev {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("ALTER TABLE event ADD COLUMN rev INTEGER").await.map(drop)
    }
}
