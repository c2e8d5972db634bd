//! `receipt`: what requests with an id of their own left behind, for a week.

use sea_orm::entity::prelude::*;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// The kind of request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The request's id, with whoever it is unique for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The job it was about.
    pub job: Uuid,
    /// The epoch it was accepted under.
    pub epoch: i64,
    /// The job's `rev` after it.
    pub rev: i64,
    /// A hash of its content.
    pub content_hash: String,
    /// When it was accepted, in milliseconds since 1970.
    pub at: i64,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
