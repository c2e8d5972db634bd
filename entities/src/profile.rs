//! `profile`: the versions of the profiles, one row each, never rewritten.

use sea_orm::entity::prelude::*;

/// One version of a profile.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "profile")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// The profile's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The version, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// What it says, a JSON text.
    pub snapshot: String,
    /// When it was published, in milliseconds since 1970.
    pub created_at: i64,
    /// Who published it.
    pub by: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
