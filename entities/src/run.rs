//! `run`: the ended runs.

use sea_orm::entity::prelude::*;

/// An ended run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: Uuid,
    /// The epoch it ran under.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    /// The product.
    pub product: String,
    /// The run, a JSON text.
    pub data: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
