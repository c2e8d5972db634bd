//! Points in time on the wire: RFC 3339, written in UTC with milliseconds.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-21T10:49:00.000Z")]
pub struct Time(pub Timestamp);

/// Text that is no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time such as \"2026-11-21T10:49:00.000Z\" (RFC 3339) between the years 1 and 9999")]
pub struct BadTime;

/// 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: outside of them RFC 3339 has no words.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_300_799_999;

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl From<Time> for Timestamp {
    fn from(at: Time) -> Self {
        at.0
    }
}

impl FromStr for Time {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let ms = DateTime::parse_from_rfc3339(text).map_err(|_| BadTime)?.timestamp_millis();
        if (FIRST_MS..=LAST_MS).contains(&ms) { Ok(Self(Timestamp(ms))) } else { Err(BadTime) }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.0.clamp(FIRST_MS, LAST_MS);
        let at = DateTime::<Utc>::from_timestamp_millis(ms).ok_or(fmt::Error)?;
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_utc_with_three_decimals() {
        for (ms, text) in [(0, "1970-01-01T00:00:00.000Z"), (1_732_186_140_120, "2024-11-21T10:49:00.120Z")] {
            assert_eq!(Time(Timestamp(ms)).to_string(), text);
            assert_eq!(text.parse(), Ok(Time(Timestamp(ms))));
        }
        assert_eq!(Time(Timestamp(i64::MAX)).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Time(Timestamp(i64::MIN)).to_string(), "0001-01-01T00:00:00.000Z");
    }

    #[test]
    fn any_offset_is_read() {
        assert_eq!("1970-01-01T02:00:00+02:00".parse(), Ok(Time(Timestamp(0))));
        for bad in ["", "1970-01-01", "1970-01-01T00:00:00", "yesterday"] {
            assert_eq!(bad.parse::<Time>(), Err(BadTime), "{bad}");
        }
    }
}
