//! `charge`: what each run was charged, by day.

use sea_orm::entity::prelude::*;

/// The charge of a run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "charge")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: Uuid,
    /// The epoch of the run's lease.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    /// The last day on which something was charged, in days since 1970.
    pub last_day: i64,
    /// The run has ended and reserves nothing.
    pub settled: bool,
    /// The charge, a JSON text.
    pub data: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
