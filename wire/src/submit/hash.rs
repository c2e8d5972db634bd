//! Recognises a repeated submit: one hash over the members given, however they were written.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::SubmitRequest;

/// Hashes the members given, without the key and the entry's own name. SHA-256 in hex over JSON with sorted keys.
pub(super) fn content_hash(request: &SubmitRequest) -> Result<String, serde_json::Error> {
    let mut members = serde_json::to_value(request)?;
    if let Value::Object(members) = &mut members {
        members.remove("idempotencyKey");
        members.remove("ref");
    }
    let mut text = String::new();
    write_sorted(&mut text, &members);
    let digest = Sha256::digest(text.as_bytes());
    Ok(digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Writes keys in order whatever order the map itself keeps.
fn write_sorted(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| key.as_str());
            let member = |out: &mut String, (key, value): (&String, &Value)| {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_sorted(out, value);
            };
            write_list(out, ['{', '}'], members, member);
        }
        Value::Array(items) => write_list(out, ['[', ']'], items, write_sorted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

fn write_list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T),
) {
    out.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use crate::body::strict;
    use crate::submit::SubmitRequest;

    fn hash(json: &str) -> String {
        let request: SubmitRequest = strict(json.as_bytes()).unwrap();
        super::content_hash(&request).unwrap()
    }

    #[test]
    fn order_spelling_key_and_ref_do_not_matter() {
        let one = hash(r#"{"bodyMd":"x","priority":"high","labels":{"b":"1","a":"2"},"budget":{"usd":"2.50"}}"#);
        let two = hash(
            r#"{"idempotencyKey":"k","ref":"r","budget":{"usd":2.5},"labels":{"a":"2","b":"1"},"priority":"high","bodyMd":"x"}"#,
        );
        assert_eq!(one, two);
        assert_eq!(one.len(), 64);
    }

    #[test]
    fn content_matters() {
        let base = hash(r#"{"bodyMd":"x"}"#);
        assert_eq!(base, "1672af3207107eb9d09acf85428c782d73bf68e112ca4fdfb35fd8ae9aeab619");
        for other in [r#"{"bodyMd":"y"}"#, r#"{"bodyMd":"x","yolo":false}"#, r#"{"bodyMd":"x","engines":["a"]}"#] {
            assert_ne!(hash(other), base, "{other}");
        }
        assert_ne!(hash(r#"{"bodyMd":"x","engines":["a","b"]}"#), hash(r#"{"bodyMd":"x","engines":["b","a"]}"#));
    }
}
