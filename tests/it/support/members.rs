//! Records as flat lists of named members: shown in full, or as what changed from one to the next.

use std::fmt::Display;

use domain::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// A member of a record.
struct Member {
    group: &'static str,
    name: &'static str,
    value: String,
    usual: &'static str,
}

/// The members of a record. Absent ones have no entry.
#[derive(Default)]
pub(crate) struct Members(Vec<Member>);

impl Members {
    /// Enters a member; an empty value counts as absent. Where it is `usual`, the full view leaves it out.
    pub(crate) fn add(
        &mut self,
        group: &'static str,
        name: &'static str,
        value: impl Into<String>,
        usual: &'static str,
    ) {
        let value = value.into();
        if !value.is_empty() {
            self.0.push(Member { group, name, value, usual });
        }
    }

    /// Every member that is not as usual, one line a group.
    pub(crate) fn full(&self) -> Vec<String> {
        let unusual = self.0.iter().filter(|member| member.value != member.usual);
        lines(unusual.map(|member| (member.group, format!("{} {}", member.name, member.value))))
    }

    /// What is different in `next`, one line a group.
    pub(crate) fn changes(&self, next: &Self) -> Vec<String> {
        let mut told = Vec::new();
        for group in self.groups(next) {
            if !next.0.iter().any(|member| member.group == group) {
                told.push((group, "gone".to_owned()));
                continue;
            }
            let is_new = !self.0.iter().any(|member| member.group == group);
            for member in next.0.iter().filter(|member| member.group == group) {
                match self.value(group, member.name) {
                    Some(old) if old == member.value => {}
                    Some(old) => told.push((group, format!("{} {old} → {}", member.name, member.value))),
                    None if is_new && member.value == member.usual => {}
                    None => told.push((group, format!("{} {}", member.name, member.value))),
                }
            }
            let gone = self.0.iter().filter(|old| old.group == group && next.value(group, old.name).is_none());
            told.extend(gone.map(|old| (group, format!("{} {} → gone", old.name, old.value))));
        }
        lines(told.into_iter())
    }

    fn value(&self, group: &str, name: &str) -> Option<&str> {
        self.0.iter().find(|member| member.group == group && member.name == name).map(|member| member.value.as_str())
    }

    fn groups(&self, next: &Self) -> Vec<&'static str> {
        let mut groups = Vec::new();
        for member in self.0.iter().chain(&next.0) {
            if !groups.contains(&member.group) {
                groups.push(member.group);
            }
        }
        groups
    }
}

/// One line a group, in the order of the groups' first members.
fn lines(told: impl Iterator<Item = (&'static str, String)>) -> Vec<String> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (group, text) in told {
        match lines.iter_mut().find(|(of, _)| *of == group) {
            Some((_, line)) => {
                line.push_str(", ");
                line.push_str(&text);
            }
            None => lines.push((group, text)),
        }
    }
    lines.into_iter().map(|(group, line)| format!("{group:<8} {line}")).collect()
}

/// An instant in seconds since the story began.
pub(crate) fn at(time: Timestamp) -> String {
    let (secs, ms) = (time.0 / 1_000, time.0 % 1_000);
    if ms == 0 { format!("{secs}s") } else { format!("{secs}.{ms:03}s") }
}

/// A value that may be absent.
pub(crate) fn maybe<T: Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A word of the wire.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_string(value).expect("every word can be written");
    if json == "null" { String::new() } else { json.trim_matches('"').to_owned() }
}

/// An id by its last digits.
pub(crate) fn short(id: Uuid) -> String {
    format!("#{:02x}", id.as_u128())
}

/// Words in a row.
pub(crate) fn list<T: Display>(values: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    if words.is_empty() { String::new() } else { format!("[{}]", words.join(" ")) }
}
