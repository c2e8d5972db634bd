//! A submit with children, and their children: every job of it with an id, its parent, and its dependencies found.

use std::collections::{BTreeMap, BTreeSet};

use domain::JobId;
use domain::job::Spec;
use domain::job::spec;
use domain::profile::{Usual, Wanted};

use super::hash::content_hash;
use super::{ChildrenRequest, SubmitRequest};
use crate::problem::{Code, Problem};

/// Jobs of one request, at most.
const MOST: usize = 10_001;

/// The jobs of a request.
#[derive(Clone, Debug)]
pub struct Family {
    /// Their ids, and what is asked for, parents before their children.
    pub jobs: Vec<(JobId, Spec)>,
    /// What the request calls each of them: its `ref`, or its place.
    pub names: BTreeMap<JobId, String>,
}

/// An entry of the request, taken apart.
struct Entry {
    request: SubmitRequest,
    pointer: String,
    parent: Option<JobId>,
    has_children: bool,
    hash: Option<String>,
}

impl SubmitRequest {
    /// Makes the specs of the job and all that is below it; the job itself comes first, parents before their children.
    /// Refuses what is out of bounds, names that are used twice, and dependencies that nobody knows.
    pub fn into_family(mut self, usual: &Usual, new_id: impl FnMut() -> JobId) -> Result<Family, Problem> {
        let parent = match self.parent_id.take().map(|id| id.parse::<JobId>()) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => return Err(Problem::invalid("/parentId", "must be the id of a job")),
        };
        taken_apart(vec![(self, String::new())], parent, usual, new_id)
    }

    /// The profiles that it and all that is below it name.
    pub fn profiles(&self) -> BTreeSet<Wanted> {
        named_profiles([self])
    }
}

impl ChildrenRequest {
    /// Makes the specs of the children of a job and all that is below them, parents before their children.
    pub fn into_family(self, parent: JobId, usual: &Usual, new_id: impl FnMut() -> JobId) -> Result<Family, Problem> {
        if self.children.is_empty() {
            return Err(Problem::invalid("/children", "must not be empty"));
        }
        let children = self.children.into_iter().enumerate();
        let children = children.map(|(at, child)| (child, format!("/children/{at}"))).collect();
        taken_apart(children, Some(parent), usual, new_id)
    }

    /// The profiles that the children and all that is below them name.
    pub fn profiles(&self) -> BTreeSet<Wanted> {
        named_profiles(&self.children)
    }
}

/// A name that is none is refused with its entry.
fn named_profiles<'a>(roots: impl IntoIterator<Item = &'a SubmitRequest>) -> BTreeSet<Wanted> {
    let (mut next, mut named): (Vec<_>, _) = (roots.into_iter().collect(), BTreeSet::new());
    while let Some(request) = next.pop() {
        named.extend(request.profile.as_ref().and_then(|text| text.parse::<Wanted>().ok()));
        next.extend(request.children.iter().flatten());
    }
    named
}

fn taken_apart(
    roots: Vec<(SubmitRequest, String)>,
    parent: Option<JobId>,
    usual: &Usual,
    mut new_id: impl FnMut() -> JobId,
) -> Result<Family, Problem> {
    let mut next: Vec<_> = roots.into_iter().rev().map(|(request, pointer)| (request, pointer, parent)).collect();
    let mut entries: Vec<(JobId, Entry)> = Vec::new();
    while let Some((mut request, pointer, parent)) = next.pop() {
        if entries.len() + next.len() >= MOST {
            return Err(Problem::invalid("/children", format!("must be at most {} in all", MOST - 1)));
        }
        if request.parent_id.is_some() {
            return Err(Problem::invalid(format!("{pointer}/parentId"), "is told by the place of the child"));
        }
        let id = new_id();
        let hash = request.idempotency_key.as_ref().map(|_| content_hash(&request)).transpose();
        let hash = hash.map_err(|error| Problem::invalid(pointer.clone(), error.to_string()))?;
        let children = request.children.take().unwrap_or_default();
        let has_children = !children.is_empty();
        let children = children.into_iter().enumerate().rev();
        next.extend(children.map(|(at, child)| (child, format!("{pointer}/children/{at}"), Some(id))));
        entries.push((id, Entry { request, pointer, parent, has_children, hash }));
    }
    let by_name = named(&entries)?;
    let names = entries.iter().map(|(id, entry)| (*id, entry.name())).collect();
    let jobs = entries.into_iter().map(|(id, entry)| Ok((id, entry.spec(&by_name, usual)?)));
    Ok(Family { jobs: jobs.collect::<Result<_, Problem>>()?, names })
}

/// The entries by their names. Refuses names and keys that are used twice.
fn named(entries: &[(JobId, Entry)]) -> Result<BTreeMap<String, JobId>, Problem> {
    let (mut names, mut keys) = (BTreeMap::new(), BTreeSet::new());
    for (id, entry) in entries {
        if let Some(name) = &entry.request.reference
            && names.insert(name.clone(), *id).is_some()
        {
            let problem = Problem::new(Code::DuplicateRef, format!("another entry has the ref `{name}` too"));
            return Err(problem.error(format!("{}/ref", entry.pointer), "is used twice"));
        }
        if let Some(key) = &entry.request.idempotency_key
            && !keys.insert(key)
        {
            return Err(Problem::invalid(format!("{}/idempotencyKey", entry.pointer), "is used twice"));
        }
    }
    Ok(names)
}

impl Entry {
    fn name(&self) -> String {
        let place = || if self.pointer.is_empty() { "the job itself".to_owned() } else { self.pointer.clone() };
        self.request.reference.clone().unwrap_or_else(place)
    }

    fn spec(self, names: &BTreeMap<String, JobId>, usual: &Usual) -> Result<Spec, Problem> {
        let Self { mut request, pointer, parent, has_children, hash } = self;
        if has_children {
            if request.kind == Some(crate::Kind::Leaf) {
                return Err(Problem::invalid(format!("{pointer}/kind"), "a job with children is composite"));
            }
            request.kind = Some(crate::Kind::Composite);
        }
        let spec = request.into_spec(usual, |name| names.get(name).copied());
        let spec = spec.map_err(|problem| problem.under(&pointer))?;
        let kind = if has_children { spec::Kind::Leaf } else { spec.kind };
        Ok(Spec { parent, content_hash: hash, kind, ..spec })
    }
}
