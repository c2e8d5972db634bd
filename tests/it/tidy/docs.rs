//! Documents: each can be reached, decisions are numbered, and every switch is documented.

use std::collections::BTreeSet;

use super::none;
use super::tree::Tree;

#[test]
fn every_document_can_be_reached() {
    let tree = Tree::here();
    let (readme, map) = (tree.get("README.md"), tree.get("docs/architecture.md"));
    let reached = |path: &&String| {
        let inside = path.strip_prefix("docs/").unwrap_or_default();
        readme.contains(&format!("]({path})")) || map.contains(&format!("]({inside})"))
    };
    let documents = tree.paths().filter(|path| path.starts_with("docs/") && path.ends_with(".md"));
    let lost = documents.filter(|path| *path != "docs/architecture.md").filter(|path| !reached(path));
    none("linked from neither README.md nor docs/architecture.md", lost.cloned().collect());
    assert!(readme.contains("](docs/architecture.md)"), "README.md leads to docs/architecture.md");
}

#[test]
fn links_between_documents_lead_somewhere() {
    let tree = Tree::here();
    let mut broken = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with('/') {
                continue;
            }
            let joined = join(folder, target);
            if !tree.paths().any(|path| *path == joined || path.starts_with(&format!("{joined}/"))) {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    none("a link that leads nowhere", broken);
}

/// A relative path from a folder, both with slashes.
fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn decisions_are_numbered_without_a_gap() {
    let tree = Tree::here();
    let decisions = tree.files().filter(|(path, _)| path.starts_with("docs/adr/"));
    for (number, (path, text)) in (1..).zip(decisions) {
        let name = path.trim_start_matches("docs/adr/");
        assert!(name.starts_with(&format!("{number:03}-")), "{name} ought to be number {number:03}");
        assert!(text.starts_with(&format!("# {number:03}. ")), "{name} begins with its number and its title");
        assert!(text.lines().count() <= 60, "{name} is longer than a page");
    }
}

/// Names of environment variables in a text.
fn variables(text: &str) -> BTreeSet<&str> {
    let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let ours = |name: &&str| {
        let rest = ["AQ_", "FLEET_", "GIGAFACTORY_"].iter().find_map(|prefix| name.strip_prefix(prefix));
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    text.split(|c| !word(c)).filter(ours).collect()
}

/// A file that only test builds have, behind a cargo feature: what it reads is no matter of users.
const OF_TEST_BUILDS: &str = "src/config/faults.rs";

#[test]
fn only_test_builds_have_what_is_for_them() {
    let tree = Tree::here();
    assert!(tree.get("src/config.rs").contains("#[cfg(feature = \"faults\")]\nmod faults;\n"));
    assert!(tree.get("docs/testing.md").contains("GIGAFACTORY_FAULTS"));
    let elsewhere = |(path, text): &(&String, &String)| {
        (path.starts_with("src/") || path.contains("/src/"))
            && !path.starts_with("xtask/")
            && *path != OF_TEST_BUILDS
            && text.contains("GIGAFACTORY_FAULTS")
    };
    let paths = tree.rust().filter(elsewhere).map(|(path, _)| path.clone());
    none("the variable of test builds", paths.collect());
}

#[test]
fn every_variable_is_documented_and_every_documented_one_exists() {
    let tree = Tree::here();
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs");
    let built = |path: &str| path != OF_TEST_BUILDS && !path.starts_with("xtask/") && !is_test(path);
    let product = |path: &str| (path.starts_with("src/") || path.contains("/src/")) && built(path);
    let code = tree.rust().filter(|(path, _)| product(path)).map(|(_, text)| text.as_str());
    let code: BTreeSet<&str> = code.flat_map(variables).collect();
    let documented = variables(tree.get(".env.example"));
    let list = |names: std::collections::btree_set::Difference<&str>| names.map(|name| (*name).to_owned()).collect();
    none("in the code, not in .env.example", list(code.difference(&documented)));
    none("in .env.example, not in the code", list(documented.difference(&code)));
}
