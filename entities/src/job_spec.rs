//! `job_spec`: what was asked for, one row an edition, never rewritten.

use sea_orm::entity::prelude::*;

/// An edition of a job's spec.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_spec")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// 1 at submit, +1 for each edit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub edition: i32,
    /// The product.
    pub product: String,
    /// The key it was submitted under.
    pub key: Option<String>,
    /// The hash of what it was submitted with.
    pub content_hash: Option<String>,
    /// The spec, a JSON text.
    pub spec: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
