//! Money as whole micro-USD. Text outside: parsed and written as a decimal, never through a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in micro-USD (1 USD = 1,000,000), never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub u64);

/// Text that is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a non-negative amount in USD with at most six decimals, such as \"12.50\"")]
pub struct BadAmount;

const MICROS: u64 = 1_000_000;

impl Usd {
    /// The sum; stays at the largest amount instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Usd {
    type Err = BadAmount;
    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return Err(BadAmount);
        }
        let whole: u64 = whole.parse().map_err(|_| BadAmount)?;
        let micros: u64 = format!("{part:0<6}").parse().map_err(|_| BadAmount)?;
        whole.checked_mul(MICROS).and_then(|w| w.checked_add(micros)).map(Self).ok_or(BadAmount)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / MICROS, self.0 % MICROS);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:06}").trim_end_matches('0'))
    }
}
