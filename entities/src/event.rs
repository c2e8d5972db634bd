//! `event`: the one log of each product, append-only.

use sea_orm::entity::prelude::*;

/// A fact, numbered.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product: String,
    /// Its number in the product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The job it is about.
    pub job: Option<Uuid>,
    /// The `seq` of that job's event before it.
    pub prev: Option<i64>,
    /// The factory it is about.
    pub factory: Option<String>,
    /// The `rev` of its record that it made; none where it changed none.
    pub rev: Option<i64>,
    /// Its type, as on the wire.
    #[sea_orm(column_name = "type")]
    pub kind: String,
    /// When it became true, in milliseconds since 1970.
    pub at: i64,
    /// Who caused it.
    pub by: String,
    /// Its data, a JSON text.
    pub data: String,
}

/// None: rows are joined by hand.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
