//! Budgets, and what each run was charged.

use sea_orm_migration::prelude::*;

const STATEMENTS: [&str; 4] = [
    "CREATE TABLE budget (product TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE charge (product TEXT NOT NULL, job BLOB NOT NULL, epoch INTEGER NOT NULL, last_day INTEGER NOT NULL, \
     settled INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (product, job, epoch)) WITHOUT ROWID",
    "CREATE INDEX charge_day ON charge (product, last_day)",
    // Few runs are not settled.
    "CREATE INDEX charge_open ON charge (product) WHERE settled = 0",
];

pub(super) struct Budgets;

impl MigrationName for Budgets {
    fn name(&self) -> &'static str {
        "m20261128_000005_budget"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Budgets {
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
