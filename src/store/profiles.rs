//! Reads profiles: one version, or the newest one of each.

use std::sync::Arc;

use actors::store::Page;
use domain::profile::{Profile, Wanted};
use domain::{ProductId, ProfileName, Timestamp};
use entities::profile;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::read::Failed;
use super::saved::{Unreadable, json};

/// The newest version of a name, in a query over its rows.
const NEWEST: &str = "version = (SELECT max(n.version) FROM profile AS n \
                      WHERE n.product = profile.product AND n.name = profile.name)";

/// The newest version of each profile, in the order of their names.
pub(super) async fn newest(
    db: &impl ConnectionTrait,
    product: &ProductId,
    page: Page<ProfileName>,
) -> Result<Vec<Arc<Profile>>, Failed> {
    let mut rows = profile::Entity::find().filter(profile::Column::Product.eq(product.as_str()));
    if let Some(after) = &page.after {
        rows = rows.filter(profile::Column::Name.gt(after.as_str()));
    }
    let rows = rows.filter(Expr::cust(NEWEST)).order_by_asc(profile::Column::Name).limit(page.limit as u64);
    rows.all(db).await?.into_iter().map(|row| read(row, product)).collect()
}

/// A version of a profile; the newest where none is named.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    product: &ProductId,
    wanted: &Wanted,
) -> Result<Option<Arc<Profile>>, Failed> {
    let mut rows = profile::Entity::find()
        .filter(profile::Column::Product.eq(product.as_str()))
        .filter(profile::Column::Name.eq(wanted.name.as_str()));
    if let Some(version) = wanted.version {
        rows = rows.filter(profile::Column::Version.eq(version));
    }
    let row = rows.order_by_desc(profile::Column::Version).one(db).await?;
    row.map(|row| read(row, product)).transpose()
}

fn read(row: profile::Model, product: &ProductId) -> Result<Arc<Profile>, Failed> {
    Ok(Arc::new(Profile {
        product: product.clone(),
        name: row.name.try_into().map_err(Unreadable::from)?,
        version: row.version.cast_unsigned(),
        snapshot: json("snapshot", &row.snapshot)?,
        created_at: Timestamp(row.created_at),
    }))
}
