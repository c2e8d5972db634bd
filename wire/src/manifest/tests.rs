//! Which files become a request, and where the others are wrong.

use super::Manifest;
use crate::problem::Code;
use crate::word::{DepsMode, Priority};

const FULL: &str = "---
title: Größe ändern
engines: [claude, codex]
engine-class: big
profile: careful@3
capabilities:
  - os:linux
  - tool:git
repo: git@example.org:a/b.git
base: 1.10
cwd: crates/a
verify: cargo test
allowed-scope: src/**, docs/**
yolo: true
auto-ship: false
lock: db
idempotency-key: k-1
timeout: 30m
priority: high
deps: [first, second]
deps-mode: any
retries: 2
budget.usd: 2.50
budget.wall: 2h
approvals:
  required: 1
  reviewers: [ann, bob]
labels:
  team: core
  urgent:
colours:
  - blue
---

# Body

---
text
";

fn parse(text: &str) -> Manifest {
    Manifest::parse(text).unwrap_or_else(|problem| panic!("{text}\n{problem}"))
}

#[test]
fn every_key_means_its_member() {
    let Manifest { request, warnings } = parse(FULL);
    let json = serde_json::to_value(&request).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "title": "Größe ändern", "bodyMd": "\n# Body\n\n---\ntext\n", "engines": ["claude", "codex"],
            "engineClass": "big", "profile": "careful@3", "capabilities": ["os:linux", "tool:git"],
            "repo": "git@example.org:a/b.git", "base": "1.10", "cwd": "crates/a", "verify": "cargo test",
            "allowedScope": ["src/**", "docs/**"], "yolo": true, "autoShip": false, "concurrencyKey": "db",
            "idempotencyKey": "k-1", "timeoutSec": 1800, "priority": "high", "dependsOn": ["first", "second"],
            "depsMode": "any", "retry": {"maxAttempts": 3}, "budget": {"usd": "2.5", "wallSec": 7200},
            "approvals": {"required": 1, "reviewers": ["ann", "bob"]}, "labels": {"team": "core", "urgent": ""},
        })
    );
    assert_eq!((request.priority, request.deps_mode), (Some(Priority::High), Some(DepsMode::Any)));
    assert_eq!(warnings, ["line 31: the key `colours` is not known and means nothing"]);
}

#[test]
fn the_snapshot_keeps_the_whole_front_matter() {
    let text = "---\nbudget.usd: 2.50\nx: {deep: [1, 0x1F, null, yes]}\ntitle:\n---\nbody";
    let request = parse(text).request;
    assert_eq!(
        request.manifest_json.as_deref(),
        Some(r#"{"budget.usd":2.50,"x":{"deep":[1,"0x1F",null,"yes"]},"title":null}"#)
    );
    let spec = request.into_spec(&domain::profile::Usual::default(), |_| None).unwrap();
    assert_eq!(spec.title, "body");
    assert!(spec.manifest_json.contains("2.50"));
}

#[test]
fn money_never_passes_through_a_float() {
    for (written, micros) in
        [("2.50", 2_500_000), ("9007199254740.993001", 9_007_199_254_740_993_001), ("\"0.1\"", 100_000)]
    {
        let text = format!("---\n# ünïcode\nbudget:\n  usd: &sum {written}\n  wall: 60\n---\nx");
        for text in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), text] {
            let budget = parse(&text).request.budget.unwrap();
            assert_eq!((budget.usd.unwrap().0.0, budget.wall_sec), (micros, Some(60)), "{written}");
        }
    }
    for written in ["{usd: 2.50}", "{usd: 2.50 } # 3", "{ \"usd\" : !!float 2.50, wall: }", "\n  usd:\n    2.50"] {
        let budget = parse(&format!("---\nbudget: {written}\n---\nx")).request.budget.unwrap();
        assert_eq!(budget.usd.unwrap().0.0, 2_500_000, "{written}");
    }
    let aliased = parse("---\nx: &sum 9007199254740.993001\nbudget.usd: *sum\n---\nx").request.budget.unwrap();
    assert_eq!(aliased.usd.unwrap().0.0, 9_007_199_254_740_993_001);
}

#[test]
fn ends_of_lines_and_a_byte_order_mark_do_not_matter() {
    let plain = "---\ntitle: T\nlabels: [a=1, b]\n---\nbody\n";
    let expected = parse(plain).request;
    assert_eq!(expected.labels.as_ref().unwrap()["a"], "1");
    let marked = format!("\u{feff}{plain}");
    assert_eq!(parse(&marked).request, expected);
    let crlf = parse(&plain.replace('\n', "\r\n")).request;
    assert_eq!((crlf.title, crlf.labels, crlf.body_md.as_str()), (expected.title, expected.labels, "body\r\n"));
}

#[test]
fn a_file_without_front_matter_is_all_body() {
    for text in ["# T\n\n---\nx", "----\nx", " ---\nx", "text"] {
        let Manifest { request, warnings } = parse(text);
        assert_eq!((request.body_md.as_str(), request.manifest_json, warnings.len()), (text, None, 0));
    }
    let empty = parse("---\n---\nbody").request;
    assert_eq!((empty.body_md.as_str(), empty.manifest_json.as_deref()), ("body", Some("{}")));
}

#[test]
fn what_is_wrong_is_told_with_line_and_column() {
    for (front, line, column, pointer) in [
        ("title: [a]", 2, 8, "/title"),
        ("yolo: yes", 2, 7, "/yolo"),
        ("title: ok\nauto-ship:   1", 3, 14, "/auto-ship"),
        ("timeout: soon", 2, 10, "/timeout"),
        ("timeout: 1.5", 2, 10, "/timeout"),
        ("timeout: -5", 2, 10, "/timeout"),
        ("timeout: 0", 2, 10, "/timeoutSec"),
        ("timeout: 31d", 2, 10, "/timeoutSec"),
        ("retries: two", 2, 10, "/retries"),
        ("retries: 100", 2, 10, "/retry/maxAttempts"),
        ("retries: -1", 2, 10, "/retries"),
        ("priority: urgent", 2, 11, "/priority"),
        ("deps-mode: most", 2, 12, "/deps-mode"),
        ("budget.usd: -1", 2, 13, "/budget.usd"),
        ("budget.usd: 1e3", 2, 13, "/budget.usd"),
        ("budget.usd: 0.0000001", 2, 13, "/budget.usd"),
        ("budget:\n  wall: long", 3, 9, "/budget.wall"),
        ("budget: 5", 2, 9, "/budget"),
        ("budget.usd: 1\nbudget: {usd: 2}", 3, 15, "/budget.usd"),
        ("capabilities: {a: b}", 2, 15, "/capabilities"),
        ("capabilities:\n  - ok\n  - [x]", 4, 5, "/capabilities"),
        ("capabilities: [not ok]", 2, 15, "/capabilities/0"),
        ("labels: 5", 2, 9, "/labels"),
        ("labels:\n  a: [x]", 3, 6, "/labels"),
        ("labels: [a=1, b, a=1]", 2, 18, "/labels"),
        ("approvals: some", 2, 12, "/approvals"),
        ("approvals:\n  required: many", 3, 13, "/approvals"),
        ("approvals: {who: x}", 2, 18, "/approvals"),
        ("engine: a\nengines: [b]", 2, 9, "/engine"),
        ("base: -x", 2, 7, "/base"),
        ("cwd: ../x", 2, 6, "/cwd"),
        ("# ä\n\"t\": ö\ntitle: {é: 1}", 4, 8, "/title"),
    ] {
        for text in [format!("---\n{front}\n---\nx"), format!("\u{feff}---\n{front}\n---\nx").replace('\n', "\r\n")] {
            let problem = Manifest::parse(&text).expect_err(front);
            let found = (problem.number("line"), problem.number("column"), problem.errors[0].pointer.as_str());
            assert_eq!((problem.code, problem.status), (Code::InvalidManifest, 422));
            assert_eq!(found, (Some(line), Some(column), pointer), "{front}: {problem}");
        }
    }
}

#[test]
fn broken_yaml_is_told_with_line_and_column() {
    for (front, line, column) in [
        ("title: \"open", 3, 1),
        ("title: a\n b: c", 3, 3),
        ("a: 1\na: 2", 3, 1),
        ("- a\n- b", 2, 1),
        ("just words", 2, 1),
        ("a: *nobody", 2, 4),
        ("a: [1, 2", 2, 4),
    ] {
        let problem = Manifest::parse(&format!("---\n{front}\n---\nx")).expect_err(front);
        let found = (problem.number("line"), problem.number("column"));
        assert_eq!((problem.code, found), (Code::InvalidManifest, (Some(line), Some(column))), "{front}: {problem}");
        assert!(!problem.errors[0].detail.contains("column"), "{problem}");
    }
    let open = Manifest::parse("---\ntitle: x\n").unwrap_err();
    assert_eq!((open.number("line"), open.number("column")), (Some(1), Some(1)));
}

#[test]
fn size_depth_and_aliases_are_bounded() {
    let deep = format!("x: {}{}", "[".repeat(40), "]".repeat(40));
    let long = format!("x: {}", "y".repeat(70_000));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..10 {
        let before = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{before}]\n"));
    }
    for front in [deep, long, bomb] {
        let problem = Manifest::parse(&format!("---\n{front}\n---\nx")).unwrap_err();
        assert_eq!(problem.code, Code::InvalidManifest);
    }
}

#[test]
fn an_empty_body_is_refused_like_any_request() {
    let problem =
        parse("---\ntitle: T\n---\n \n").request.into_spec(&domain::profile::Usual::default(), |_| None).unwrap_err();
    assert_eq!((problem.code, problem.errors[0].pointer.as_str()), (Code::InvalidRequest, "/bodyMd"));
}
