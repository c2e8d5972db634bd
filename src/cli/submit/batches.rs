//! Cuts the entries of a directory into batches that the coordinator takes. Refs reach no further than their batch, so
//! what an earlier one has made is named by its id. Sends nothing.

use std::collections::{BTreeMap, VecDeque};

use wire::{BatchRequest, Code, Problem};

use super::directory::Entry;

/// Bytes of one batch, at most; the coordinator takes 16 MiB.
const MOST_BYTES: usize = 15 * 1024 * 1024;

/// The entries that are still to be sent.
#[derive(Debug)]
pub(super) struct Batches {
    left: VecDeque<Entry>,
    /// What became of those that were sent: the job's id, or none.
    settled: BTreeMap<String, Option<String>>,
    most: usize,
}

/// What is next.
#[derive(Debug, Default)]
pub(super) struct Next {
    /// To be sent together.
    pub(super) batch: Vec<Entry>,
    /// Not to be sent: one that they wait for was refused.
    pub(super) refused: Vec<(Entry, Problem)>,
}

impl Batches {
    /// All that a directory asks for, what is waited for first.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self::of(entries, BatchRequest::MAX)
    }

    fn of(entries: Vec<Entry>, most: usize) -> Self {
        Self { left: entries.into(), settled: BTreeMap::new(), most }
    }

    /// The next batch; nothing in it and nothing refused where nothing is left.
    pub(super) fn next(&mut self) -> Next {
        let (mut next, mut bytes) = (Next::default(), 0);
        while let Some(mut entry) = self.left.pop_front() {
            let lost = entry.waits_for().find(|name| self.settled.get(*name) == Some(&None)).cloned();
            if let Some(name) = lost {
                let detail = format!("{name}.md, which it depends on, was refused");
                self.settled.insert(entry.name().to_owned(), None);
                next.refused.push((entry, Problem::new(Code::UnknownDependency, detail)));
                continue;
            }
            // What cannot be measured is sent alone.
            let size = serde_json::to_vec(&entry.request).map_or(MOST_BYTES, |json| json.len());
            if !next.batch.is_empty() && (next.batch.len() == self.most || bytes + size > MOST_BYTES) {
                self.left.push_front(entry);
                break;
            }
            bytes += size;
            for name in entry.request.depends_on.iter_mut().flatten() {
                if let Some(Some(id)) = self.settled.get(name) {
                    name.clone_from(id);
                }
            }
            next.batch.push(entry);
        }
        next
    }

    /// Takes in what became of an entry that was sent.
    pub(super) fn settle(&mut self, name: &str, id: Option<&str>) {
        self.settled.insert(name.to_owned(), id.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use wire::{Manifest, SubmitRequest};

    use super::*;
    use crate::cli::submit::file::File;

    fn entry(name: &str, deps: &[&str]) -> Entry {
        let request = SubmitRequest {
            reference: Some(name.into()),
            depends_on: Some(deps.iter().map(ToString::to_string).collect()),
            ..SubmitRequest::default()
        };
        let file = File { name: format!("{name}.md"), text: String::new(), manifest: Manifest::default() };
        Entry { file, request }
    }

    fn shown(next: &Next) -> (Vec<String>, Vec<String>) {
        let sent = |entry: &Entry| {
            format!("{} [{}]", entry.name(), entry.request.depends_on.clone().unwrap_or_default().join(" "))
        };
        let refused = |(entry, problem): &(Entry, Problem)| format!("{}: {}", entry.name(), problem.detail);
        (next.batch.iter().map(sent).collect(), next.refused.iter().map(refused).collect())
    }

    #[test]
    fn what_an_earlier_batch_has_made_is_named_by_its_id() {
        let entries = vec![entry("a", &[]), entry("b", &["a"]), entry("c", &["a", "b"]), entry("d", &["c"])];
        let mut batches = Batches::of(entries, 2);
        assert_eq!(shown(&batches.next()).0, ["a []", "b [a]"]);
        batches.settle("a", Some("1"));
        batches.settle("b", Some("2"));
        assert_eq!(shown(&batches.next()), (vec!["c [1 2]".into(), "d [c]".into()], vec![]));
        batches.settle("c", Some("3"));
        assert_eq!(shown(&batches.next()), (vec![], vec![]));
    }

    #[test]
    fn what_waits_for_a_refused_one_is_not_sent_nor_what_waits_for_that() {
        let entries =
            vec![entry("a", &[]), entry("b", &[]), entry("c", &["a"]), entry("d", &["c"]), entry("e", &["b"])];
        let mut batches = Batches::of(entries, 2);
        assert_eq!(batches.next().batch.len(), 2);
        batches.settle("a", None);
        batches.settle("b", Some("2"));
        let refused = ["c: a.md, which it depends on, was refused", "d: c.md, which it depends on, was refused"];
        assert_eq!(shown(&batches.next()), (vec!["e [2]".into()], refused.map(str::to_owned).to_vec()));
    }
}
