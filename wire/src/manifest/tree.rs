//! Front matter as a tree that remembers where each part stands and how each number was written. Bounded in depth,
//! size and aliases; knows no key.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Options, Spanned};

use super::invalid;
use crate::problem::Problem;

/// A place in the file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    fn of(location: Location) -> Self {
        Self { line: location.line().max(1), column: location.column().max(1) }
    }
}

/// A part of the front matter and its place.
pub(super) struct At {
    pub(super) node: Node,
    pub(super) place: Place,
}

/// A key and its place.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) place: Place,
}

/// A part of the front matter.
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As it was written: a number never passes through a float.
    Number(String),
    Text(String),
    List(Vec<At>),
    Map(Vec<(Key, At)>),
}

impl Node {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// The same as JSON. A number that JSON cannot write so, such as `0x1F`, becomes a text.
    pub(super) fn to_json(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(flag) => flag.to_string(),
            Self::Number(text) if serde_json::from_str::<&RawValue>(text).is_ok() => text.clone(),
            Self::Number(text) | Self::Text(text) => quoted(text),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.node.to_json()).collect();
                format!("[{}]", items.join(","))
            }
            Self::Map(members) => {
                let member = |(key, value): &(Key, At)| format!("{}:{}", quoted(&key.name), value.node.to_json());
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// Parses front matter. Refuses broken YAML, equal keys, deep nesting and aliases that multiply. Empty front matter is
/// an empty mapping.
pub(super) fn parse(front: &str) -> Result<At, Problem> {
    let parsed: Spanned<Parsed> = serde_saphyr::from_str_with_options(front, options())
        .map_err(|error| invalid(place_of(&error), "", &said(&error)))?;
    let mut root = located(parsed, front);
    if matches!(root.node, Node::Null) {
        root.node = Node::Map(Vec::new());
    }
    Ok(root)
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            flow_nesting_limit: 16,
            max_nodes: 10_000,
            max_events: 40_000,
            max_aliases: 100,
            max_anchors: 100,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 10_000 },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn place_of(error: &Error) -> Place {
    error.location().map_or(Place::START, Place::of)
}

/// What is wrong, without the place, which is told beside it.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let place = place_of(error);
    let suffix = format!(" at line {}, column {}", place.line, place.column);
    text.strip_suffix(&suffix).unwrap_or(&text).to_owned()
}

/// A node as it comes from the parser, numbers not yet as written.
enum Parsed {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Parsed>>),
    Map(Vec<(Spanned<String>, Spanned<Parsed>)>),
}

/// Gives each node its place, and each number the text that it was written as.
fn located(parsed: Spanned<Parsed>, source: &str) -> At {
    let node = match parsed.value {
        Parsed::Null => Node::Null,
        Parsed::Bool(flag) => Node::Bool(flag),
        Parsed::Number(read) => Node::Number(written(parsed.defined, source).map_or(read, str::to_owned)),
        Parsed::Text(text) => Node::Text(text),
        Parsed::List(items) => Node::List(items.into_iter().map(|item| located(item, source)).collect()),
        Parsed::Map(members) => {
            let key = |key: Spanned<String>| Key { name: key.value, place: Place::of(key.referenced) };
            Node::Map(members.into_iter().map(|(name, value)| (key(name), located(value, source))).collect())
        }
    };
    At { node, place: Place::of(parsed.referenced) }
}

fn written(location: Location, source: &str) -> Option<&str> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let len = usize::try_from(span.byte_len()?).ok()?;
    source.get(start..start.checked_add(len)?).map(str::trim).filter(|text| !text.is_empty())
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Parsed, E> {
        Ok(Parsed::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Parsed, E> {
        Ok(Parsed::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Parsed, E> {
        Ok(Parsed::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Parsed, E> {
        Ok(Parsed::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Parsed, E> {
        Ok(Parsed::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Parsed, E> {
        Ok(Parsed::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Parsed, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Parsed::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Parsed, A::Error> {
        let mut map = Vec::new();
        while let Some(member) = members.next_entry()? {
            map.push(member);
        }
        Ok(Parsed::Map(map))
    }
}
