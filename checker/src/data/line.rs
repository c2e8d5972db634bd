//! Rows as texts, the columns one after the other: for the large tables, where a value a column would cost more than
//! reading it.

use std::str::{FromStr, Split};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Between two columns. It stands in no name, and in no JSON but escaped.
const BETWEEN: char = '\u{1f}';

/// Selects these columns as one text; what is NULL is empty.
pub(super) fn line(columns: &str) -> String {
    let form = vec!["%s"; columns.split(", ").count()].join(&BETWEEN.to_string());
    format!("SELECT format('{form}', {columns})")
}

/// A row that `line` has selected.
pub(super) struct Line<'a>(Split<'a, char>);

impl<'a> Line<'a> {
    pub(super) fn of(row: &'a SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(row.try_get::<&str, _>(0)?.split(BETWEEN)))
    }

    /// The next column.
    pub(super) fn text(&mut self) -> Result<&'a str, sqlx::Error> {
        self.0.next().ok_or_else(|| sqlx::Error::Decode("a row has too few columns".into()))
    }

    /// The next column, which may be NULL.
    pub(super) fn maybe(&mut self) -> Result<Option<&'a str>, sqlx::Error> {
        Ok(Some(self.text()?).filter(|text| !text.is_empty()))
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Result<T, sqlx::Error> {
        let text = self.text()?;
        text.parse().map_err(|_| sqlx::Error::Decode(format!("`{text}` is no number").into()))
    }

    pub(super) fn maybe_number<T: FromStr>(&mut self) -> Result<Option<T>, sqlx::Error> {
        let text = self.maybe()?;
        let number =
            |text: &str| text.parse().map_err(|_| sqlx::Error::Decode(format!("`{text}` is no number").into()));
        text.map(number).transpose()
    }

    /// An id as it is shown.
    pub(super) fn id(&mut self) -> Result<Option<String>, sqlx::Error> {
        let part = |hex: &'a str, from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let shown = |hex| [part(hex, 0, 8), part(hex, 8, 12), part(hex, 12, 16), part(hex, 16, 20), part(hex, 20, 32)];
        Ok(self.maybe()?.map(|hex| shown(hex).join("-")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_columns_in_order() {
        let text = ["acme", "", "019b7a3e0000700080000000000000ab", "7", "", "{\"a\":\"%s\"}"].join("\u{1f}");
        let mut line = Line(text.split(BETWEEN));
        assert_eq!((line.text().unwrap(), line.maybe().unwrap()), ("acme", None));
        assert_eq!(line.id().unwrap().unwrap(), "019b7a3e-0000-7000-8000-0000000000ab");
        assert_eq!((line.number::<u64>().unwrap(), line.maybe_number::<u64>().unwrap()), (7, None));
        assert_eq!(line.text().unwrap(), "{\"a\":\"%s\"}");
        assert!(line.number::<u64>().is_err());
    }
}
