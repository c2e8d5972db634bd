//! The schema's history: every change is a migration of its own, frozen once released.
//!
//! Imports nothing of the other crates: what a migration did must not change when they do.

use sea_orm_migration::prelude::*;

mod m20261101_000001_tables;
mod m20261121_000002_event_rev;
mod m20261128_000003_job_parent;
mod m20261128_000004_profile;

/// Brings a database to the newest schema.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261101_000001_tables::Tables),
            Box::new(m20261121_000002_event_rev::EventRev),
            Box::new(m20261128_000003_job_parent::JobParent),
            Box::new(m20261128_000004_profile::Profile),
        ]
    }
}
