//! Imports go one way: which crate may name which, and which folder may name the tables.

use super::none;
use super::tree::Tree;

/// Each crate and the crates of this workspace that it may depend on.
const MAY_NAME: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("actors", &["domain"]),
    ("entities", &[]),
    ("migration", &[]),
    ("wire", &["domain"]),
    ("agent", &["domain", "wire"]),
    ("checker", &[]),
    ("vfs", &[]),
    ("xtask", &[]),
];

/// Libraries that belong to one side of the house.
const EDGES: [&str; 4] = ["actix-web", "sea-orm", "sea-orm-migration", "reqwest"];

/// The names in a table of a manifest.
fn table<'a>(manifest: &'a str, table: &str) -> Vec<&'a str> {
    let head = format!("[{table}]");
    let lines = manifest.lines().skip_while(|line| line.trim() != head).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.trim().is_empty());
    let name = |line: &'a str| line.split(['.', ' ', '=']).next().unwrap_or_default();
    lines.map(name).filter(|name| !name.starts_with('#')).collect()
}

fn manifest(tree: &Tree, member: &str) -> String {
    tree.get(&format!("{member}/Cargo.toml")).to_owned()
}

#[test]
fn a_table_of_a_manifest_is_read() {
    let text = "[a]\nx = 1\n[dependencies]\n# why\nserde.workspace = true\nuuid = { version = \"1\" }\n\n[b]\ny = 2\n";
    assert_eq!(table(text, "dependencies"), ["serde", "uuid"]);
}

#[test]
fn every_member_is_known_and_inherits_the_lints() {
    let tree = Tree::here();
    let root = tree.get("Cargo.toml");
    let known: Vec<_> = MAY_NAME.iter().map(|(member, _)| *member).collect();
    let line = root.lines().find(|line| line.starts_with("members = ")).unwrap_or_default();
    let members: Vec<_> = line.split('"').skip(1).step_by(2).collect();
    assert_eq!(members, known, "the table above names every member of the workspace");
    for member in members {
        let manifest = manifest(&tree, member);
        // The layer below SQLite cannot do without unsafe code.
        let own = member == "vfs" && manifest.contains("undocumented_unsafe_blocks = \"warn\"");
        assert!(own || manifest.contains("[lints]\nworkspace = true"), "{member} goes without the workspace's lints");
    }
    assert!(!table(root, "dependencies").contains(&"vfs"), "vfs/ is for tests only");
    assert!(root.contains("[lints]\nworkspace = true"), "the root package goes without the workspace's lints");
}

#[test]
fn the_core_is_pure() {
    assert_eq!(table(&manifest(&Tree::here(), "domain"), "dependencies"), ["serde", "thiserror", "uuid"]);
}

#[test]
fn imports_go_one_way() {
    let tree = Tree::here();
    let mut wrong = Vec::new();
    for (member, may) in MAY_NAME {
        let manifest = manifest(&tree, member);
        for name in table(&manifest, "dependencies").into_iter().chain(table(&manifest, "dev-dependencies")) {
            if MAY_NAME.iter().any(|(other, _)| *other == name) && !may.contains(&name) {
                wrong.push(format!("{member} names {name}"));
            }
        }
    }
    none("imports against the direction", wrong);
}

#[test]
fn the_database_and_the_network_stay_at_the_edges() {
    let tree = Tree::here();
    let edge = |member: &str, name: &str| match name {
        "sea-orm" => member == "entities",
        "sea-orm-migration" => member == "migration",
        "reqwest" => member == "wire",
        _ => false,
    };
    let mut wrong = Vec::new();
    for (member, _) in MAY_NAME {
        for name in table(&manifest(&tree, member), "dependencies") {
            if EDGES.contains(&name) && !edge(member, name) {
                wrong.push(format!("{member} names {name}"));
            }
        }
    }
    none("a library away from its edge", wrong);
}

#[test]
fn only_the_store_knows_the_tables() {
    let tree = Tree::here();
    let mut wrong = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| path.starts_with("src/") && !path.starts_with("src/store/")) {
        let names = ["entities::", "migration::", "sea_orm"];
        wrong.extend(names.iter().filter(|name| text.contains(*name)).map(|name| format!("{path} names {name}")));
    }
    none("the tables are known outside src/store", wrong);
}
