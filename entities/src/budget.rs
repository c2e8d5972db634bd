//! `budget`: each product's cost ceiling over a window, and what was spent in it.

use sea_orm::entity::prelude::*;

/// A product's budget.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "budget")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// +1 for each saved change.
    pub rev: i64,
    /// The budget, a JSON text.
    pub data: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
