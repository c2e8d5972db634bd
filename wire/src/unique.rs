//! Reads a mapping of texts in which no key stands twice, so that no value is dropped in silence. Knows no bounds.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A mapping that named each key once.
#[derive(Debug)]
struct Unique(BTreeMap<String, String>);

/// Reads a mapping, `null` or nothing.
pub(crate) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    Option::<Unique>::deserialize(from).map(|read| read.map(|unique| unique.0))
}

/// Reads a mapping where a member is given. Refuses `null`.
pub(crate) fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    Unique::deserialize(from).map(|unique| Some(unique.0))
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut read = BTreeMap::new();
        while let Some((key, value)) = members.next_entry::<String, String>()? {
            if read.contains_key(&key) {
                let shown: String = key.chars().take(64).collect();
                return Err(A::Error::custom(format_args!("names `{shown}` twice")));
            }
            read.insert(key, value);
        }
        Ok(Unique(read))
    }
}
