//! Reads one value of the front matter as the type that its key asks for. The refusal is a sentence's end, such as
//! "must be a list of words, not a number".

use std::collections::BTreeMap;
use std::str::FromStr;

use super::tree::{At, Node, Place};
use crate::Money;

/// A value of the wrong type, and where it stands.
pub(super) struct Wrong {
    pub(super) place: Place,
    pub(super) detail: String,
}

pub(super) type Read<T> = Result<T, Wrong>;

pub(super) fn wrong<T>(at: &At, detail: impl Into<String>) -> Read<T> {
    Err(Wrong { place: at.place, detail: detail.into() })
}

fn not<T>(at: &At, wanted: &str) -> Read<T> {
    wrong(at, format!("must be {wanted}, not {}", at.node.kind()))
}

/// A text; a number or a flag counts as the text that it was written as.
pub(super) fn text(at: &At) -> Read<String> {
    match &at.node {
        Node::Text(text) | Node::Number(text) => Ok(text.clone()),
        Node::Bool(flag) => Ok(flag.to_string()),
        Node::Null | Node::List(_) | Node::Map(_) => not(at, "a text"),
    }
}

pub(super) fn flag(at: &At) -> Read<bool> {
    match &at.node {
        Node::Bool(flag) => Ok(*flag),
        Node::Text(text) => wrong(at, format!("must be true or false, not `{}`", shortened(text))),
        Node::Null | Node::Number(_) | Node::List(_) | Node::Map(_) => not(at, "true or false"),
    }
}

pub(super) fn whole(at: &At) -> Read<u32> {
    match &at.node {
        Node::Number(number) => number.parse().or_else(|_| {
            wrong(at, format!("must be a whole number from 0 to {}, not {}", u32::MAX, shortened(number)))
        }),
        Node::Null | Node::Bool(_) | Node::Text(_) | Node::List(_) | Node::Map(_) => not(at, "a whole number"),
    }
}

/// Seconds: a whole number of them, or one with a unit (`s`, `m`, `h`, `d`).
pub(super) fn seconds(at: &At) -> Read<u64> {
    let wanted = "must be a number of seconds, or one with a unit such as 30m (s, m, h, d)";
    let text = match &at.node {
        Node::Number(text) | Node::Text(text) => text.trim(),
        Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => return wrong(at, wanted),
    };
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let unit = units.into_iter().find_map(|(unit, secs)| Some((text.strip_suffix(unit)?, secs)));
    let (number, secs) = unit.unwrap_or((text, 1));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let total = number.parse::<u64>().ok().filter(|_| digits).and_then(|number| number.checked_mul(secs));
    total.map_or_else(|| wrong(at, wanted), Ok)
}

pub(super) fn money(at: &At) -> Read<Money> {
    let parsed = match &at.node {
        Node::Number(text) | Node::Text(text) => text.parse().ok(),
        Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => None,
    };
    parsed.map_or_else(|| wrong(at, domain::money::BadAmount.to_string()), Ok)
}

/// A list of texts, or one text with commas.
pub(super) fn words(at: &At) -> Read<Vec<String>> {
    match &at.node {
        Node::List(items) => items.iter().map(text).collect(),
        Node::Text(words) => {
            Ok(words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
        }
        Node::Number(_) | Node::Bool(_) => Ok(vec![text(at)?]),
        Node::Null | Node::Map(_) => not(at, "a list of words"),
    }
}

/// One word of a closed set.
pub(super) fn one_of<T: FromStr>(at: &At, wanted: &str) -> Read<T> {
    let word = text(at)?;
    word.parse().or_else(|_| wrong(at, format!("must be one of {wanted}, not `{}`", shortened(&word))))
}

/// A mapping of texts, or a list of `key=value` and `key`.
pub(super) fn labels(at: &At) -> Read<BTreeMap<String, String>> {
    match &at.node {
        Node::Map(members) => members
            .iter()
            .map(|(key, value)| {
                let said = if matches!(value.node, Node::Null) { String::new() } else { text(value)? };
                Ok((key.name.clone(), said))
            })
            .collect(),
        Node::List(items) => items.iter().try_fold(BTreeMap::new(), |mut read, item| {
            let (key, value) = label(item)?;
            if read.contains_key(&key) {
                return wrong(item, format!("names `{}` twice", shortened(&key)));
            }
            read.insert(key, value);
            Ok(read)
        }),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => not(at, "a mapping, or a list of `key=value`"),
    }
}

fn label(at: &At) -> Read<(String, String)> {
    let text = text(at)?;
    let (key, value) = text.split_once('=').unwrap_or((&text, ""));
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
