//! Reads JSON bodies: strictly, or leniently for what factories write. Every refusal names the member by JSON pointer,
//! or the line and column where the text is no JSON. Never looks at what the members mean.

use serde::Deserialize;
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment, Track};

use crate::problem::{Code, Problem};

mod exact;

use exact::Exact;

/// Objects and lists within each other, at most.
pub const MAX_DEPTH: usize = 32;

/// Reads a body whose members must all be known (the type denies unknown ones).
/// Refuses text that is no UTF-8, no JSON, or nested too deeply, and members of the wrong type: a list is no object.
pub fn strict<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, Problem> {
    let text = checked(body)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(Exact(&mut json), &mut track);
    let read = T::deserialize(tracked).map_err(|error| refused(&error, &track.path()))?;
    json.end().map_err(|error| syntax(&error))?;
    Ok(read)
}

/// Reads what a factory writes: unknown members, nested ones too, are read over and counted.
/// Refuses text that is no UTF-8, no JSON, or nested too deeply, and known members of the wrong type: a list is no
/// object.
pub fn lenient<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<(T, u32), Problem> {
    let text = checked(body)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let mut ignored = 0;
    let tracked = serde_path_to_error::Deserializer::new(Exact(&mut json), &mut track);
    let read = serde_ignored::deserialize(tracked, |_| ignored += 1);
    let read = read.map_err(|error| refused(&error, &track.path()))?;
    json.end().map_err(|error| syntax(&error))?;
    Ok((read, ignored))
}

fn checked(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Problem::invalid("", format!("the body is not UTF-8 (at byte {})", error.valid_up_to())))?;
    if depth(text) > MAX_DEPTH {
        return Err(Problem::invalid("", format!("the body is nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(text)
}

/// How deeply a text nests objects and lists, whether or not it is JSON otherwise.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn refused(error: &serde_json::Error, path: &Path) -> Problem {
    match error.classify() {
        Category::Data => {
            let detail = without_position(error);
            let mut pointer = pointer(path);
            if let Some(member) = missing(&detail) {
                pointer.push('/');
                pointer.push_str(&escaped(member));
                return Problem::invalid(pointer, "is missing");
            }
            Problem::invalid(pointer, in_words(detail))
        }
        Category::Syntax | Category::Eof | Category::Io => syntax(error),
    }
}

fn syntax(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let detail = format!("the body is not JSON: {} at line {line}, column {column}", without_position(error));
    Problem::new(Code::InvalidRequest, detail).with("line", line).with("column", column)
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// Names bounds instead of the types that have them.
fn in_words(detail: String) -> String {
    let bounds = [("u8", u64::from(u8::MAX)), ("u16", u16::MAX.into()), ("u32", u32::MAX.into()), ("u64", u64::MAX)];
    let of_type = |(name, most): &(&str, u64)| {
        let rest = detail.strip_suffix(name)?.strip_suffix("expected ")?;
        Some(format!("{rest}expected a whole number from 0 to {most}"))
    };
    bounds.iter().find_map(of_type).unwrap_or(detail)
}

fn missing(detail: &str) -> Option<&str> {
    detail.strip_prefix("missing field `")?.strip_suffix('`')
}

fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |mut pointer, segment| {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        pointer
    })
}

/// One part of a JSON pointer (RFC 6901).
pub(crate) fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submit::{BatchRequest, SubmitRequest};
    use crate::{Cancel, ClaimRequest, Heartbeat, Release, Renew, ShipRequest};

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(default)]
        list: Vec<Inner>,
    }
    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "n/m")]
        n: Option<u8>,
    }

    fn refusal(body: &str) -> (String, String) {
        let problem = strict::<SubmitRequest>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.code, Code::InvalidRequest);
        let error = problem.errors.first().expect(&problem.detail);
        (error.pointer.clone(), error.detail.clone())
    }

    #[test]
    fn members_are_named_by_pointer() {
        for (body, pointer, says) in [
            (r#"{"bodyMd":"x","stage":"queued"}"#, "/stage", "unknown field `stage`"),
            (r#"{"bodyMd":"x","budget":{"eur":"1"}}"#, "/budget/eur", "unknown field `eur`"),
            (r#"{"bodyMd":"x","retry":{"maxAttempts":"3"}}"#, "/retry/maxAttempts", "invalid type"),
            (r#"{"bodyMd":"x","capabilities":["a",1]}"#, "/capabilities/1", "invalid type"),
            (r#"{"bodyMd":"x","priority":"urgent"}"#, "/priority", "unknown variant `urgent`"),
            (r#"{"bodyMd":"x","budget":{"usd":-1}}"#, "/budget/usd", "must be a non-negative amount"),
            (r#"{"bodyMd":"x","dueAt":"soon"}"#, "/dueAt", "must be a time"),
            (r#"{"title":"x"}"#, "/bodyMd", "is missing"),
            (r#"[]"#, "", "invalid type: sequence, expected an object"),
            (r#"{"bodyMd":1}"#, "/bodyMd", "invalid type"),
        ] {
            let (at, detail) = refusal(body);
            assert_eq!(at, pointer, "{body}: {detail}");
            assert!(detail.starts_with(says), "{body}: {detail}");
            assert!(!detail.contains("line"), "{detail}");
        }
    }

    #[test]
    fn a_list_is_no_object_and_an_object_no_word() {
        for (body, pointer) in [
            (r#" ["t","x"]"#, ""),
            (r#"{"bodyMd":"x","retry":[3,1]}"#, "/retry"),
            (r#"{"bodyMd":"x","budget":["1",2]}"#, "/budget"),
            (r#"{"bodyMd":"x","approvals":[1,[]]}"#, "/approvals"),
            (r#"{"bodyMd":"x","priority":{"high":null}}"#, "/priority"),
            (r#"{"bodyMd":"x","depsMode":["all"]}"#, "/depsMode"),
            (r#"{"bodyMd":"x","labels":[["a","b"]]}"#, "/labels"),
            (r#"{"bodyMd":"x","labels":{"a":"1","b":"2","a":"1"}}"#, "/labels"),
        ] {
            assert_eq!(refusal(body).0, pointer, "{body}");
        }
        assert_eq!(strict::<BatchRequest>(br#"{"jobs":[["x"]]}"#).unwrap_err().errors[0].pointer, "/jobs/0");
        assert_eq!(strict::<BatchRequest>(br#"[[{"bodyMd":"x"}]]"#).unwrap_err().errors[0].pointer, "");
        assert_eq!(strict::<Cancel>(br#"["x"]"#).unwrap_err().errors[0].pointer, "");
        assert_eq!(strict::<ShipRequest>(b"[]").unwrap_err().errors[0].pointer, "");
        assert!(strict::<Cancel>(br#"{"reason":null}"#).is_ok());
    }

    #[test]
    fn a_factory_sends_objects_too() {
        fn refused<'de, T: Deserialize<'de> + std::fmt::Debug>(body: &'de str) -> String {
            lenient::<T>(body.as_bytes()).unwrap_err().errors[0].pointer.clone()
        }
        assert_eq!(refused::<Heartbeat>(r#"["f1"]"#), "");
        for (member, pointer) in [
            (r#""engines":[["shell",null,null,"available"]]"#, "/engines/0"),
            (r#""leases":[["01890000-0000-7000-8000-000000000001",1]]"#, "/leases/0"),
            (r#""descriptor":["linux"]"#, "/descriptor"),
            (r#""health":{"ok":null}"#, "/health"),
            (r#""health":null,"load":[]"#, "/load"),
        ] {
            assert_eq!(refused::<Heartbeat>(&format!("{{\"factoryId\":\"f1\",{member}}}")), pointer, "{member}");
        }
        assert_eq!(refused::<ClaimRequest>(r#"["f1"]"#), "");
        assert_eq!(refused::<Renew>("[1]"), "");
        assert_eq!(refused::<Release>("[1]"), "");
        assert_eq!(refused::<Release>(r#"{"leaseEpoch":1,"result":{"quota":null}}"#), "/result");
    }

    #[test]
    fn syntax_is_refused_with_line_and_column() {
        for (body, line, column) in [("{\"bodyMd\":\n  oops}", 2, 3), ("{\"bodyMd\":\"x\"} {", 1, 16), ("", 1, 0)] {
            let problem = strict::<SubmitRequest>(body.as_bytes()).unwrap_err();
            assert_eq!(
                (problem.status, problem.number("line"), problem.number("column")),
                (400, Some(line), Some(column)),
                "{body}"
            );
        }
    }

    #[test]
    fn numbers_are_refused_with_their_bounds() {
        for (member, found) in [("-1", "integer `-1`"), ("1e20", "floating point `1e+20`"), ("\"3\"", "string \"3\"")] {
            let problem = strict::<crate::Settings>(format!("{{\"reviewLimit\":{member}}}").as_bytes()).unwrap_err();
            let detail = &problem.errors[0].detail;
            assert!(detail.contains(found), "{detail}");
            assert!(detail.ends_with("expected a whole number from 0 to 4294967295"), "{detail}");
        }
    }

    #[test]
    fn depth_is_bounded_before_parsing() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(depth(&nested(32)), 32);
        assert_eq!(depth(r#"{"a":"[[[\"[[","b":[1]}"#), 2);
        let says = |n: usize| strict::<serde_json::Value>(nested(n).as_bytes());
        assert!(says(32).is_ok());
        assert!(says(33).unwrap_err().detail.contains("deeper than 32"));
        assert!(says(200_000).unwrap_err().detail.contains("deeper than 32"));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        let problem = lenient::<Outer>(b"{\"x\":\"\xff\"}").unwrap_err();
        assert!(problem.detail.contains("not UTF-8 (at byte 6)"), "{}", problem.detail);
    }

    #[test]
    fn unknown_members_of_a_factory_are_counted() {
        let (read, ignored) = lenient::<Outer>(br#"{"list":[{"n/m":1,"new":{"a":1}}],"newer":2}"#).unwrap();
        assert_eq!((read.list[0].n, ignored), (Some(1), 2));
        let problem = lenient::<Outer>(br#"{"list":[{"n/m":"x"}]}"#).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/list/0/n~1m");
    }
}
