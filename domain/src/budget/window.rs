//! The windows that a ceiling holds for, and the days that charges are counted by. All of it in UTC.
//!
//! Every window begins at midnight, so a sum over whole days is exact for each of them. No calendar but this one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

const DAY_MS: i64 = 86_400_000;
/// Days from 0000-03-01 to 1970-01-01.
const TO_UNIX: i64 = 719_468;
/// Days of 400 years: the calendar repeats.
const ERA: i64 = 146_097;

/// For how long a ceiling holds before spending counts anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// For ever: everything that was ever charged counts.
    #[default]
    Total,
    /// From midnight to midnight.
    Daily,
    /// From Monday 00:00.
    Weekly,
    /// From the 1st, 00:00.
    Monthly,
}

impl Window {
    /// The window's word, as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// When the window that `at` lies in began; the beginning of time for `total`.
    pub fn start(self, at: Timestamp) -> Timestamp {
        let Day(day) = Day::of(at);
        let first = match self {
            Self::Total => return Timestamp(0),
            Self::Daily => day,
            Self::Weekly => day - (day + 3).rem_euclid(7),
            Self::Monthly => {
                let (year, month, _) = Day(day).civil();
                Day::from_civil(year, month, 1).0
            }
        };
        Day(first).start()
    }

    /// When a window that began at `start` ends, and the next one begins. None: never.
    pub fn end(self, start: Timestamp) -> Option<Timestamp> {
        let Day(first) = Day::of(start);
        let next = match self {
            Self::Total => return None,
            Self::Daily => first + 1,
            Self::Weekly => first + 7,
            Self::Monthly => {
                let (year, month, _) = Day(first).civil();
                let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                Day::from_civil(year, month, 1).0
            }
        };
        Some(Day(next).start())
    }
}

/// A day in UTC, as the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i64);

impl Day {
    /// The day that an instant lies in.
    pub fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(DAY_MS))
    }

    /// Its midnight.
    pub fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_MS))
    }

    /// Year, month (1..=12) and day of the month, counted in years that begin in March: leap days come last.
    fn civil(self) -> (i64, i64, i64) {
        let shifted = self.0 + TO_UNIX;
        let era = shifted.div_euclid(ERA);
        let of_era = shifted.rem_euclid(ERA);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (era * 400 + year_of_era + i64::from(month <= 2), month, day)
    }

    fn from_civil(year: i64, month: i64, day: i64) -> Self {
        let year = year - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let from_march = (month + 9) % 12;
        let of_year = (153 * from_march + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        Self(era * ERA + of_era - TO_UNIX)
    }
}

/// A text that is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a day as YYYY-MM-DD")]
pub struct BadDay;

impl FromStr for Day {
    type Err = BadDay;
    fn from_str(text: &str) -> Result<Self, BadDay> {
        let digits = |part: &str, len: usize| {
            let fits = part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
            if fits { part.parse::<i64>().map_err(|_| BadDay) } else { Err(BadDay) }
        };
        let mut parts = text.splitn(3, '-');
        let mut next = |len| digits(parts.next().unwrap_or_default(), len);
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        let read = Self::from_civil(year, month, day);
        // The 31st of a shorter month is another day.
        if read.civil() == (year, month, day) { Ok(read) } else { Err(BadDay) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}
