//! A directory of markdown files whose `deps` name each other: by file name without ending, or by idempotency key.
//! Finds who is meant and an order in which what is waited for comes first. Sends nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::JobId;
use wire::{Code, Problem, SubmitRequest};

use super::file::File;
use crate::cli::failure::Failure;

/// A file of a directory as an entry of a batch.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) file: File,
    /// What it asks for; `ref` and `dependsOn` name files without their endings.
    pub(super) request: SubmitRequest,
}

impl Entry {
    /// Its name among the entries.
    pub(super) fn name(&self) -> &str {
        self.request.reference.as_deref().unwrap_or_default()
    }

    /// The other entries that it waits for.
    pub(super) fn waits_for(&self) -> impl Iterator<Item = &String> {
        self.request.depends_on.iter().flatten().filter(|name| name.parse::<JobId>().is_err())
    }
}

/// Reads the markdown files of a directory, and not those of directories in it. Refuses each one that is broken, names
/// nobody or somebody twice, or waits for itself in a circle.
pub(super) fn read(name: &str) -> Result<Vec<Entry>, Vec<Failure>> {
    let paths = paths(name).map_err(|failure| vec![failure])?;
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for path in paths {
        match File::read(&path) {
            Ok(file) => files.push(file),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { planned(name, files) } else { Err(failures) }
}

fn paths(name: &str) -> Result<Vec<String>, Failure> {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{name}: {error}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(name).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "md") && path.is_file() {
            let shown = path.display().to_string();
            let path = path.into_os_string().into_string();
            paths.push(path.map_err(|_| Failure::usage(format!("{shown}: its name is no text")))?);
        }
    }
    if paths.is_empty() {
        return Err(Failure::usage(format!("{name} has no files that end in .md")));
    }
    paths.sort_unstable();
    Ok(paths)
}

/// Makes entries of the files, those that are waited for first.
fn planned(directory: &str, files: Vec<File>) -> Result<Vec<Entry>, Vec<Failure>> {
    let mut failures = Vec::new();
    let names = Names::of(&files, &mut failures);
    let mut entries = Vec::new();
    for file in files {
        match names.entry(directory, &file) {
            Ok(request) => entries.push(Entry { file, request }),
            Err(problem) => failures.push(refused(&file, problem)),
        }
    }
    if !failures.is_empty() {
        return Err(failures);
    }
    ordered(entries).map_err(|failure| vec![failure])
}

/// The refusal of a file.
pub(super) fn refused(file: &File, problem: Problem) -> Failure {
    Failure::Manifest { file: file.name.clone(), text: file.text.clone(), problem: Box::new(problem) }
}

/// A file's name without its ending.
fn stem(file: &File) -> &str {
    Path::new(&file.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// Who is meant by which name.
struct Names {
    stems: BTreeSet<String>,
    by_key: BTreeMap<String, String>,
}

impl Names {
    /// Refuses files that share an idempotency key.
    fn of(files: &[File], failures: &mut Vec<Failure>) -> Self {
        let stems = files.iter().map(|file| stem(file).to_owned()).collect();
        let mut by_key: BTreeMap<String, String> = BTreeMap::new();
        for file in files {
            let Some(key) = &file.manifest.request.idempotency_key else { continue };
            if let Some(other) = by_key.insert(key.clone(), stem(file).to_owned()) {
                let detail = format!("its idempotency key `{key}` is that of {other}.md too");
                failures.push(refused(file, Problem::new(Code::InvalidManifest, detail)));
            }
        }
        Self { stems, by_key }
    }

    /// What a file asks for, in the names of the batch.
    fn entry(&self, directory: &str, file: &File) -> Result<SubmitRequest, Problem> {
        let mut request = file.manifest.request.clone();
        request.reference = Some(stem(file).to_owned());
        if let Some(names) = &mut request.depends_on {
            let mut seen = BTreeSet::new();
            for (at, name) in names.iter_mut().enumerate() {
                *name = self.meant(directory, name).map_err(|problem| problem.under(&format!("/dependsOn/{at}")))?;
                if !seen.insert(name.clone()) {
                    return Err(Problem::invalid(format!("/dependsOn/{at}"), format!("names `{name}` twice")));
                }
            }
        }
        request.check()?;
        Ok(request)
    }

    fn meant(&self, directory: &str, name: &str) -> Result<String, Problem> {
        let unknown = |detail: String| Problem::new(Code::UnknownDependency, detail).error("", "is not known");
        if name.parse::<JobId>().is_ok() {
            return Ok(name.to_owned());
        }
        match (self.stems.get(name), self.by_key.get(name)) {
            (Some(stem), Some(other)) if stem != other => {
                Err(unknown(format!("deps: `{name}` is the name of a file and the idempotency key of {other}.md")))
            }
            (Some(stem), _) | (None, Some(stem)) => Ok(stem.clone()),
            (None, None) => Err(unknown(format!(
                "deps: no file of {directory} has the name (without ending) or the idempotency key `{name}`"
            ))),
        }
    }
}

/// Puts those that are waited for first, otherwise by name. Refuses a circle, with its path.
fn ordered(entries: Vec<Entry>) -> Result<Vec<Entry>, Failure> {
    let mut left: BTreeMap<String, Entry> = entries.into_iter().map(|entry| (entry.name().to_owned(), entry)).collect();
    let mut open: BTreeMap<String, usize> =
        left.iter().map(|(name, entry)| (name.clone(), entry.waits_for().count())).collect();
    let mut dependents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, entry) in &left {
        entry.waits_for().for_each(|dep| dependents.entry(dep.clone()).or_default().push(name.clone()));
    }
    let mut ready: BTreeSet<String> =
        open.iter().filter(|(_, open)| **open == 0).map(|(name, _)| name.clone()).collect();
    let mut order = Vec::with_capacity(left.len());
    while let Some(name) = ready.pop_first() {
        order.extend(left.remove(&name));
        for dependent in dependents.remove(&name).unwrap_or_default() {
            let Some(open) = open.get_mut(&dependent) else { continue };
            *open -= 1;
            if *open == 0 {
                ready.insert(dependent);
            }
        }
    }
    match left.values().next() {
        None => Ok(order),
        Some(first) => Err(circle(&left, first)),
    }
}

/// The circle that one runs into which waits though nothing is left that can go first.
fn circle(left: &BTreeMap<String, Entry>, first: &Entry) -> Failure {
    let mut path: Vec<&Entry> = vec![first];
    let circle = loop {
        let last = path.last().copied().unwrap_or(first);
        let Some(next) = last.waits_for().find_map(|dep| left.get(dep)) else { break path };
        if let Some(begin) = path.iter().position(|entry| entry.name() == next.name()) {
            break path.split_off(begin);
        }
        path.push(next);
    };
    let names: Vec<&str> = circle.iter().chain(circle.first()).map(|entry| entry.name()).collect();
    let detail = format!("deps go round in a circle: {}", names.join(" → "));
    let begin = circle.first().copied().unwrap_or(first);
    refused(&begin.file, Problem::new(Code::DependencyCycle, detail).with("path", names))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a directory of these files: the names in their order with what each waits for, or what is said of it.
    fn plan(files: &[(&str, &str)]) -> Result<Vec<String>, Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        for (name, front) in files {
            std::fs::write(dir.path().join(name), format!("---\n{front}\n---\n# Do it\n")).unwrap();
        }
        std::fs::create_dir(dir.path().join("more.md")).unwrap();
        let shown = |entry: Entry| {
            format!("{} [{}]", entry.name(), entry.request.depends_on.clone().unwrap_or_default().join(" "))
        };
        let here = format!("{}/", dir.path().display());
        let said =
            |failure: Failure| failure.to_string().replace(&here, "").replace(dir.path().to_str().unwrap(), "DIR");
        match read(dir.path().to_str().unwrap()) {
            Ok(entries) => Ok(entries.into_iter().map(shown).collect()),
            Err(failures) => Err(failures.into_iter().map(said).collect()),
        }
    }

    #[test]
    fn what_is_waited_for_comes_first_by_name_or_key() {
        let id = "01890000-0000-7000-8000-000000000001";
        let files = [
            ("a.md", "deps: [c, the-key]".to_owned()),
            ("b.md", "idempotency-key: the-key\ndeps: c".to_owned()),
            ("c.md", format!("deps: [{id}]")),
            ("d.md", "title: Alone".to_owned()),
            ("e.txt", "deps: nobody".to_owned()),
        ];
        let files: Vec<_> = files.iter().map(|(name, front)| (*name, front.as_str())).collect();
        let order = [format!("c [{id}]"), "b [c]".to_owned(), "a [c b]".to_owned(), "d []".to_owned()];
        assert_eq!(plan(&files).unwrap(), order);
    }

    #[test]
    fn every_file_that_cannot_be_meant_is_named() {
        for (files, said) in [
            (
                vec![("a.md", "deps: [z]"), ("b.md", "deps: [y]")],
                vec![
                    "a.md: Unknown dependency: deps: no file of DIR has the name (without ending) or the idempotency key `z`",
                    "b.md: Unknown dependency: deps: no file of DIR has the name (without ending) or the idempotency key `y`",
                ],
            ),
            (
                vec![("a.md", "deps: [b]"), ("b.md", "deps: [c]"), ("c.md", "deps: [b]")],
                vec!["b.md: Dependency cycle: deps go round in a circle: b → c → b"],
            ),
            (vec![("a.md", "deps: a")], vec!["a.md: Dependency cycle: deps go round in a circle: a → a"]),
            (
                vec![("a.md", "deps: [b, k]"), ("b.md", "idempotency-key: k")],
                vec!["a.md: Invalid request: /dependsOn/1 names `b` twice"],
            ),
            (
                vec![("a.md", "idempotency-key: k"), ("b.md", "idempotency-key: k")],
                vec!["b.md: Invalid manifest: its idempotency key `k` is that of a.md too"],
            ),
            (
                vec![("a.md", "deps: b"), ("b.md", "title: b"), ("c.md", "idempotency-key: b")],
                vec!["a.md: Unknown dependency: deps: `b` is the name of a file and the idempotency key of c.md"],
            ),
            (
                vec![("01890000-0000-7000-8000-000000000001.md", "title: x")],
                vec!["01890000-0000-7000-8000-000000000001.md: Invalid request: /ref must not be shaped like a UUID"],
            ),
            (vec![], vec!["DIR has no files that end in .md"]),
        ] {
            assert_eq!(plan(&files).unwrap_err(), said);
        }
    }

    #[test]
    fn broken_front_matter_is_shown_at_its_place_in_its_file() {
        let said = plan(&[("a.md", "yolo: maybe"), ("b.md", "deps: [a]\nyolo: perhaps")]).unwrap_err();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("a.md: ") && said[0].contains("line 2, column 7"), "{said:?}");
        assert!(said[1].starts_with("b.md: ") && said[1].contains("line 3, column 7"), "{said:?}");
    }
}
