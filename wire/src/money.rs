//! Money on the wire: a decimal text in USD. A number is accepted too, and read as the text that it was written as,
//! so that no amount ever passes through a float.

use std::fmt;
use std::str::FromStr;

use domain::Usd;
use domain::money::BadAmount;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An amount in USD with at most six decimals, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "12.50")]
pub struct Money(pub Usd);

impl From<Usd> for Money {
    fn from(usd: Usd) -> Self {
        Self(usd)
    }
}

impl From<Money> for Usd {
    fn from(money: Money) -> Self {
        money.0
    }
}

impl FromStr for Money {
    type Err = BadAmount;
    fn from_str(text: &str) -> Result<Self, BadAmount> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    /// Takes a JSON text or number. Works on serde_json's deserializers only.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let written = raw.get();
        if written.starts_with('"') {
            let text: String = serde_json::from_str(written).map_err(D::Error::custom)?;
            return text.parse().map_err(D::Error::custom);
        }
        written.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<u64, String> {
        serde_json::from_str::<Money>(json).map(|m| m.0.0).map_err(|e| e.to_string())
    }

    #[test]
    fn texts_and_numbers_are_read_as_text() {
        for (json, micros) in [
            ("\"2.50\"", 2_500_000),
            ("2.50", 2_500_000),
            ("0.000001", 1),
            ("0", 0),
            ("7", 7_000_000),
            // The nearest float is 9007199254740.992.
            ("9007199254740.993001", 9_007_199_254_740_993_001),
        ] {
            assert_eq!(read(json), Ok(micros), "{json}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            "-1",
            "\"-1\"",
            "1e3",
            "\"1e3\"",
            "\"NaN\"",
            "0.0000001",
            "\"\"",
            "\"1.\"",
            "null",
            "true",
            "[]",
            "{}",
            "\" 1\"",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn is_written_as_text() {
        assert_eq!(serde_json::to_string(&Money(Usd(2_500_000))).unwrap(), "\"2.5\"");
    }

    #[test]
    fn is_read_from_a_value_too() {
        assert_eq!(serde_json::from_value::<Money>(serde_json::json!("1.25")).unwrap(), Money(Usd(1_250_000)));
    }
}
