//! The rows of every table, one after the other, in the order in which they lie. Owns the SQL; what a row means is in
//! `decode`, what it has to agree with in the rules.

use futures::TryStreamExt;
use serde::Deserialize;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{DataError, decode};
use crate::Checker;
use crate::case::{Receipt, Stored, StoredJob};
use crate::fact::{Fact, Members};
use crate::findings::Place;
use crate::names::Name;

/// What SQLite finds wrong with the file.
pub(super) async fn integrity(db: &mut SqliteConnection) -> Result<Vec<String>, DataError> {
    let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(db).await?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

pub(super) async fn products(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    #[derive(Deserialize)]
    struct Settings {
        paused: bool,
        rev: u64,
    }
    let mut rows = sqlx::query("SELECT product, rev, settings FROM product").fetch(db);
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let (rev, json) = (number(&row, 1)?, row.try_get::<String, _>(2)?);
        match serde_json::from_str::<Settings>(&json) {
            Ok(settings) => {
                if settings.rev != rev {
                    checker.odd(
                        product,
                        None,
                        format!("the product's row has rev {rev}, its settings {}", settings.rev),
                    );
                }
                checker.evidence(product).dump.gate = Some((settings.paused, Some(rev)));
            }
            Err(why) => checker.unreadable(product, Place::default(), &why.into()),
        }
        checker.findings.counts().records += 1;
    }
    Ok(())
}

pub(super) async fn factories(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    let mut rows = sqlx::query("SELECT product, rev, data FROM factory").fetch(db);
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let (rev, json) = (number(&row, 1)?, row.try_get::<String, _>(2)?);
        match decode::factory(&json, rev, &mut checker.names) {
            Ok(factory) => checker.evidence(product).dump.factories.push(factory),
            Err(why) => checker.unreadable(product, Place::default(), &why),
        }
        checker.findings.counts().records += 1;
    }
    Ok(())
}

/// The first edition of each spec says what was submitted; of the others only their number matters.
pub(super) async fn specs(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    let sql = "SELECT product, id, edition, CASE edition WHEN 1 THEN spec END, key FROM job_spec ORDER BY id, edition";
    let mut rows = sqlx::query(sql).fetch(db);
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let job = job(checker, &row, 1)?;
        let edition = u32::try_from(number(&row, 2)?).unwrap_or(u32::MAX);
        let stored = checker.stored(product).jobs.entry(job).or_default();
        stored.editions += 1;
        if stored.editions != edition {
            let what = format!("edition {edition} of its spec where {} was due", stored.editions);
            checker.odd(product, Some(job), what);
        }
        let Some(json) = row.try_get::<Option<String>, _>(3)? else { continue };
        match decode::spec(&json, &mut checker.names) {
            Ok(spec) => {
                let key = row.try_get::<Option<String>, _>(4)?.map(|key| checker.names.of(&key));
                if key != spec.key {
                    checker.odd(product, Some(job), "its key is not the one of its spec");
                }
                checker.evidence(product).specs.insert(job, spec);
            }
            Err(why) => checker.unreadable(product, Place::job(job), &why),
        }
    }
    Ok(())
}

pub(super) async fn jobs(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    let sql = "SELECT product, id, stage, rev, epoch, wake_at, finished_at, last_seq, edition, schema, state FROM job";
    let mut rows = sqlx::query(sql).fetch(db);
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let id = job(checker, &row, 1)?;
        let (stage, state): (String, String) = (row.try_get(2)?, row.try_get(10)?);
        let read = decode::JobRow {
            id,
            stage: &stage,
            rev: number(&row, 3)?,
            epoch: number(&row, 4)?,
            wake_at: row.try_get(5)?,
            finished_at: row.try_get(6)?,
            schema: row.try_get(9)?,
            state: &state,
        };
        let (last_seq, edition) = (number(&row, 7)?, u32::try_from(number(&row, 8)?).unwrap_or(u32::MAX));
        let stored = checker.stored(product).jobs.entry(id).or_default();
        *stored = StoredJob { last_seq, edition, ..*stored };
        match decode::job(&read, &mut checker.names) {
            Ok(shown) => checker.evidence(product).dump.jobs.push(shown),
            Err(why) => checker.unreadable(product, Place::job(id), &why),
        }
        checker.findings.counts().records += 1;
    }
    Ok(())
}

pub(super) async fn runs(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    let mut rows = sqlx::query("SELECT product, job, epoch, data FROM run").fetch(db);
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let job = job(checker, &row, 1)?;
        let (epoch, json) = (number(&row, 2)?, row.try_get::<String, _>(3)?);
        match decode::run(job, &json, &mut checker.names) {
            Ok(run) => {
                if run.epoch != epoch || run.ended_at.is_none() {
                    checker.odd(
                        product,
                        Some(job),
                        format!("the run under {epoch} says epoch {}, or no end", run.epoch),
                    );
                }
                checker.evidence(product).dump.runs.push(run);
            }
            Err(why) => checker.unreadable(product, Place::job(job), &why),
        }
        checker.findings.counts().records += 1;
    }
    Ok(())
}

pub(super) async fn receipts(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    let mut rows = sqlx::query("SELECT product, kind, key, job, epoch, rev, at FROM receipt").fetch(db);
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let (kind, key): (String, String) = (row.try_get(1)?, row.try_get(2)?);
        let job = job(checker, &row, 3)?;
        let Some((of, id)) = key.split_once('/') else {
            checker.odd(product, Some(job), format!("the receipt {key} names nobody"));
            continue;
        };
        let receipt = Receipt {
            of: checker.names.of(of),
            id: checker.names.of(id),
            claim: kind == "claim",
            job,
            epoch: number(&row, 4)?,
            rev: number(&row, 5)?,
            at: row.try_get(6)?,
        };
        checker.stored(product).receipts.push(receipt);
        checker.findings.counts().records += 1;
    }
    Ok(())
}

pub(super) async fn events(checker: &mut Checker, db: &mut SqliteConnection) -> Result<(), DataError> {
    let sql = "SELECT product, job, seq, prev, factory, rev, type, at, \"by\", data FROM event ORDER BY product, seq";
    let mut rows = sqlx::query(sql).fetch(db);
    checker.logged = true;
    while let Some(row) = rows.try_next().await? {
        let product = product(checker, &row)?;
        let id: Option<Vec<u8>> = row.try_get(1)?;
        let id = id.map(|bytes| uuid(&bytes));
        let seq = number(&row, 2)?;
        let (factory, kind): (Option<String>, String) = (row.try_get(4)?, row.try_get(6)?);
        let (by, data): (String, String) = (row.try_get(8)?, row.try_get(9)?);
        if id.is_some() {
            let prev = row.try_get::<Option<i64>, _>(3)?.map(i64::unsigned_abs);
            checker.stored(product).prev.insert(seq, prev);
        }
        let members = Members {
            seq,
            job: id.as_deref(),
            factory: factory.as_deref(),
            rev: row.try_get::<Option<i64>, _>(5)?.map(i64::unsigned_abs),
            kind: &kind,
            at: row.try_get(7)?,
            by: &by,
            data: &data,
        };
        match Fact::of(&members, &mut checker.names) {
            Ok(fact) => checker.evidence(product).facts.push(fact),
            Err(why) => checker.unreadable(product, Place::default().seq(seq), &why),
        }
    }
    Ok(())
}

/// A row's product, which is always its first column.
fn product(checker: &mut Checker, row: &SqliteRow) -> Result<Name, sqlx::Error> {
    Ok(checker.names.of(row.try_get::<&str, _>(0)?))
}

fn job(checker: &mut Checker, row: &SqliteRow, column: usize) -> Result<Name, sqlx::Error> {
    Ok(checker.names.of(&uuid(row.try_get::<&[u8], _>(column)?)))
}

/// A column that is never negative.
fn number(row: &SqliteRow, column: usize) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}

/// An id as it is shown.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

impl Checker {
    /// What is kept of a product's data directory.
    fn stored(&mut self, product: Name) -> &mut Stored {
        self.evidence(product).dump.stored.get_or_insert_default()
    }

    /// Notes that rows do not agree with each other.
    fn odd(&mut self, product: Name, job: Option<Name>, what: impl Into<String>) {
        let place = Place { job, ..Place::default() };
        self.findings.broken((&self.names, product), "data", place, what);
    }
}
