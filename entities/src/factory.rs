//! `factory`: the cards of the factories.

use sea_orm::entity::prelude::*;

/// A factory's card.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "factory")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// The factory's name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// +1 for each saved change.
    pub rev: i64,
    /// The card, a JSON text.
    pub data: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
