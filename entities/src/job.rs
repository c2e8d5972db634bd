//! `job`: the snapshot of each job, without what was asked for.

use sea_orm::entity::prelude::*;

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its stage.
    pub stage: String,
    /// +1 for each saved change.
    pub rev: i64,
    /// Its fencing token.
    pub epoch: i64,
    /// Not to be claimed before this instant, in milliseconds since 1970.
    pub wake_at: Option<i64>,
    /// When it reached a terminal stage.
    pub finished_at: Option<i64>,
    /// The `seq` of its newest event.
    pub last_seq: i64,
    /// Which edition of its spec is the current one.
    pub edition: i32,
    /// Which schema `state` is in.
    pub schema: i32,
    /// Everything else, a JSON text.
    pub state: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
