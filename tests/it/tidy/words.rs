//! Words that have no place in the tree, or only in one.

use super::none;
use super::tree::Tree;

/// Lines of Rust outside this file that contain one of the words.
fn lines_with(tree: &Tree, here: impl Fn(&str) -> bool, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| here(path) && !path.starts_with("tests/it/tidy")) {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) && !line.trim_start().starts_with("//") {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn nothing_is_left_undone() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", "#[ignore"];
    let mut found = lines_with(&Tree::here(), |_| true, &words);
    // A process that tests start from their own binary has to look like a test that nobody runs.
    found.retain(|line| !line.ends_with("not a test\"]"));
    none("left undone", found);
}

#[test]
fn nothing_is_unsafe() {
    let words = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "#[unsafe("];
    let tree = Tree::here();
    // SQLite calls the layer below it through C; only tests have it there.
    none("unsafe", lines_with(&tree, |path| !path.starts_with("vfs/"), &words));
    let bare = |path: &str| path.starts_with("vfs/");
    assert!(!lines_with(&tree, bare, &words).is_empty(), "vfs/ is not an exception any more");
    assert!(tree.get("Cargo.toml").contains("unsafe_code = \"forbid\""));
}

#[test]
fn a_lint_is_silenced_only_for_a_reason() {
    let tree = Tree::here();
    let mut silent = Vec::new();
    for (path, text) in tree.rust() {
        for (at, _) in text.match_indices("[allow(").chain(text.match_indices("[expect(")) {
            let attribute = text[at..].split(")]").next().unwrap_or_default();
            if !attribute.contains("reason") && !path.starts_with("tests/it/tidy") {
                silent.push(format!("{path}: {attribute}"));
            }
        }
    }
    none("silenced without a reason", silent);
}

/// Roads that a simulation runs: their time is tokio's and the clock's that is handed in, and nothing blocks.
fn is_simulated(path: &str) -> bool {
    let test = path.contains("/tests/") || path.contains("/benches/") || path.ends_with("tests.rs");
    ["actors/", "domain/", "src/http/"].iter().any(|road| path.starts_with(road)) && !test
}

#[test]
fn simulated_roads_neither_block_nor_read_a_foreign_clock() {
    let tree = Tree::here();
    let blocking = ["spawn_blocking", "block_in_place", "web::block", "tokio::fs", "std::fs", "thread::sleep"];
    none("blocks a lane", lines_with(&tree, is_simulated, &blocking));
    let clocks = ["SystemTime", "Utc::now", "Local::now", "now_v7", "new_v4"];
    let foreign = |path: &str| is_simulated(path) && path != "actors/src/clock.rs";
    none("a clock or an id that was not handed in", lines_with(&tree, foreign, &clocks));
    let instants = lines_with(&tree, foreign, &["Instant"]);
    let of_std = |line: &String| line.contains("std::time") || line.contains("chrono");
    none("an instant that is not tokio's", instants.into_iter().filter(of_std).collect());
}

#[test]
fn nothing_names_a_machine_or_a_registry() {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];
    let hosts = [
        concat!("crates", ".io"),
        concat!("npmjs", ".org"),
        concat!("npmjs", ".com"),
        concat!("pypi", ".org"),
        concat!("deb.", "debian"),
    ];
    let begins = |text: &str, at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_.-}".contains(c));
    let mut found = Vec::new();
    for (path, text) in Tree::here().files().filter(|(path, _)| !path.ends_with(".lock")) {
        for folder in folders {
            // Ada lives in examples only.
            let somebody = |at: usize| !text[at + folder.len()..].starts_with("ada");
            if text.match_indices(folder).any(|(at, _)| begins(text, at) && somebody(at)) {
                found.push(format!("{path}: {folder}"));
            }
        }
        let named = hosts.iter().filter(|host| text.contains(*host));
        found.extend(named.map(|host| format!("{path}: {host}")));
    }
    none("a place that only one machine has", found);
}
