//! The rows of every table, one after the other, in the order in which they lie. Owns the SQL; what a row means is in
//! `decode`, what it has to agree with in the rules.

use futures::TryStreamExt;
use serde::Deserialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row};

use super::line::{Line, line};
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
    let sql = line("product, lower(hex(id)), edition, key, CASE edition WHEN 1 THEN spec END");
    let sql = format!("{sql} FROM job_spec ORDER BY id, edition");
    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(db);
    while let Some(row) = rows.try_next().await? {
        let mut line = Line::of(&row)?;
        let product = checker.names.of(line.text()?);
        let job = checker.names.of(&line.id()?.unwrap_or_default());
        let edition: u32 = line.number()?;
        let (key, json) = (line.maybe()?, line.maybe()?);
        let stored = checker.stored(product).jobs.entry(job).or_default();
        stored.editions += 1;
        if stored.editions != edition {
            let what = format!("edition {edition} of its spec where {} was due", stored.editions);
            checker.odd(product, Some(job), what);
        }
        let Some(json) = json else { continue };
        match decode::spec(json, &mut checker.names) {
            Ok(spec) => {
                let key = key.map(|key| checker.names.of(key));
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
    let columns = "product, lower(hex(id)), last_seq, edition, stage, rev, epoch, wake_at, finished_at, schema, state";
    let mut rows = sqlx::query(AssertSqlSafe(line(columns) + " FROM job")).fetch(db);
    while let Some(row) = rows.try_next().await? {
        let mut line = Line::of(&row)?;
        let product = checker.names.of(line.text()?);
        let id = checker.names.of(&line.id()?.unwrap_or_default());
        let (last_seq, edition) = (line.number()?, line.number()?);
        let read = decode::JobRow {
            id,
            stage: line.text()?,
            rev: line.number()?,
            epoch: line.number()?,
            wake_at: line.maybe_number()?,
            finished_at: line.maybe_number()?,
            schema: line.number()?,
            state: line.text()?,
        };
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
    let sql = line("product, lower(hex(job)), seq, prev, factory, rev, type, at, \"by\", data");
    let mut rows = sqlx::query(AssertSqlSafe(sql + " FROM event ORDER BY product, seq")).fetch(db);
    checker.logged = true;
    while let Some(row) = rows.try_next().await? {
        let mut line = Line::of(&row)?;
        let product = checker.names.of(line.text()?);
        let (id, seq, prev) = (line.id()?, line.number()?, line.maybe_number()?);
        if id.is_some() {
            checker.stored(product).prev.insert(seq, prev);
        }
        let members = Members {
            seq,
            job: id.as_deref(),
            factory: line.maybe()?,
            rev: line.maybe_number()?,
            kind: line.text()?,
            at: line.number()?,
            by: line.text()?,
            data: line.text()?,
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
