//! How a profile is named: `careful` is its newest version, `careful@3` always the third one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ProfileName;
use crate::ids::BadName;

/// A profile as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wanted {
    /// Its name.
    pub name: ProfileName,
    /// The version, from 1; the newest one where absent.
    pub version: Option<u32>,
}

impl FromStr for Wanted {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let bad = || BadName { kind: "profile", form: "[a-z0-9][a-z0-9-]{0,63}(@[1-9][0-9]*)?" };
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(numbered(version).ok_or_else(bad)?)),
            None => (text, None),
        };
        Ok(Self { name: name.parse().map_err(|_| bad())?, version })
    }
}

/// A version has one spelling only.
fn numbered(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

impl TryFrom<String> for Wanted {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Wanted> for String {
    fn from(wanted: Wanted) -> Self {
        wanted.to_string()
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling_and_is_read_back() {
        for text in ["a", "careful", "0-9-", "careful@1", "careful@4294967295", &"x".repeat(64)] {
            assert_eq!(text.parse::<Wanted>().unwrap().to_string(), text);
        }
        let long = "x".repeat(65);
        for text in
            ["", "-a", "A", "a b", "a_b", "@1", "a@", "a@0", "a@01", "a@+1", "a@1@2", "a@x", "a@4294967296", &long]
        {
            assert_eq!(text.parse::<Wanted>().unwrap_err().kind, "profile", "{text:?}");
        }
    }
}
