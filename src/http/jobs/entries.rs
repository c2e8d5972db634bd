//! The entries of a batch and what waits for what among them. Owns the order in which they are submitted; each
//! entry is settled once, by its job or by a refusal.

use std::collections::{BTreeMap, BTreeSet};

use domain::JobId;
use domain::job::Spec;
use domain::profile::{Usual, Wanted};
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::submit::{BatchRequest, BatchResult, Outcome};
use wire::{Code, Job, Problem, SubmitRequest};

use super::cycle;
use crate::http::body::{JOB, too_large};

/// A batch as it is sent, its entries not read yet: a broken one must not refuse the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    jobs: Vec<&'a RawValue>,
}

/// The entries of a batch.
#[derive(Debug, Default)]
pub(super) struct Entries {
    entries: Vec<Entry>,
    by_ref: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Entry {
    reference: Option<String>,
    /// The other entries that it names.
    waits_for: Vec<usize>,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(Box<SubmitRequest>),
    /// Handed out to be submitted.
    Taken,
    Settled(Settled),
}

/// What became of an entry.
#[derive(Debug)]
pub(super) enum Settled {
    /// The job that it made, or that had been made before, and what is to be said of it.
    Job(Box<Job>, JobId, Outcome, Vec<String>),
    /// It was refused.
    Refused(Problem),
}

impl Entries {
    /// Reads a batch. Refuses what is no list of 1 to 1,000 entries; an entry that is broken is refused alone.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let body: Body<'_> = wire::strict(bytes)?;
        if !(1..=BatchRequest::MAX).contains(&body.jobs.len()) {
            return Err(Problem::invalid("/jobs", format!("must have 1 to {} entries", BatchRequest::MAX)));
        }
        let mut all = Self { entries: body.jobs.iter().map(|raw| Entry::read(raw)).collect(), ..Self::default() };
        all.name();
        for at in 0..all.entries.len() {
            all.entries[at].waits_for = all.named_by(at);
        }
        Ok(all)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The profiles that they name.
    pub(super) fn profiles(&self) -> BTreeSet<Wanted> {
        let of = |entry: &Entry| match &entry.state {
            State::Waiting(request) => request.profiles(),
            State::Taken | State::Settled(_) => BTreeSet::new(),
        };
        self.entries.iter().flat_map(of).collect()
    }

    /// Finds the entries by their names. Refuses those that share one.
    fn name(&mut self) {
        let mut twice = BTreeSet::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(name) = &entry.reference
                && let Some(first) = self.by_ref.insert(name.clone(), at)
            {
                twice.extend([first, at]);
            }
        }
        for at in twice {
            let name = self.entries[at].reference.clone().unwrap_or_default();
            let problem = Problem::new(Code::DuplicateRef, format!("another entry has the ref `{name}` too"));
            self.refuse(at, problem.error("/ref", "is used twice"));
        }
    }

    fn named_by(&self, at: usize) -> Vec<usize> {
        let State::Waiting(request) = &self.entries[at].state else { return Vec::new() };
        let names = request.depends_on.iter().flatten().filter(|name| name.parse::<JobId>().is_err());
        names.filter_map(|name| self.by_ref.get(name).copied()).collect()
    }

    /// The specs of all entries that wait for no other one any more. Empty: every entry is settled.
    ///
    /// Refuses on the way what is unfit, what names a refused entry, and what waits for itself in a circle.
    pub(super) fn next_wave(&mut self, usual: &Usual) -> Vec<(usize, Spec)> {
        loop {
            let waiting = self.waiting();
            let ready: Vec<usize> = waiting.iter().copied().filter(|at| self.is_ready(*at)).collect();
            if ready.is_empty() {
                let Some(first) = waiting.first() else { return Vec::new() };
                self.refuse_circle(*first);
                continue;
            }
            let wave: Vec<_> = ready.into_iter().filter_map(|at| Some((at, self.take(at, usual)?))).collect();
            if !wave.is_empty() {
                return wave;
            }
        }
    }

    /// Settles an entry.
    pub(super) fn settle(&mut self, at: usize, settled: Settled) {
        self.entries[at].state = State::Settled(settled);
    }

    /// What became of every entry, in the order of the request.
    pub(super) fn results(self) -> Vec<BatchResult> {
        self.entries.into_iter().map(Entry::result).collect()
    }

    fn waiting(&self) -> Vec<usize> {
        let waits = |at: &usize| matches!(self.entries[*at].state, State::Waiting(_));
        (0..self.entries.len()).filter(waits).collect()
    }

    fn is_ready(&self, at: usize) -> bool {
        self.entries[at].waits_for.iter().all(|dep| matches!(self.entries[*dep].state, State::Settled(_)))
    }

    fn refuse(&mut self, at: usize, problem: Problem) {
        self.settle(at, Settled::Refused(problem));
    }

    /// Takes an entry out to be submitted, unless it has to be refused.
    fn take(&mut self, at: usize, usual: &Usual) -> Option<Spec> {
        let refused = self.entries[at].waits_for.iter().find(|dep| self.id(**dep).is_none()).copied();
        let State::Waiting(request) = std::mem::replace(&mut self.entries[at].state, State::Taken) else { return None };
        let spec = match refused {
            Some(dep) => Err(depends_on_refused(self.entries[dep].reference.as_deref().unwrap_or_default())),
            None => request.into_spec(usual, |name| self.by_ref.get(name).and_then(|dep| self.id(*dep))),
        };
        spec.map_err(|problem| self.refuse(at, problem)).ok()
    }

    /// The job that an entry made.
    fn id(&self, at: usize) -> Option<JobId> {
        match &self.entries[at].state {
            State::Settled(Settled::Job(_, id, ..)) => Some(*id),
            State::Settled(Settled::Refused(_)) | State::Waiting(_) | State::Taken => None,
        }
    }

    /// Refuses the entries of the circle that one runs into which waits though nothing is left to wait for.
    fn refuse_circle(&mut self, from: usize) {
        let mut path = vec![from];
        let circle = loop {
            let last = path.last().copied().unwrap_or(from);
            let waits = |dep: &usize| matches!(self.entries[*dep].state, State::Waiting(_));
            let Some(next) = self.entries[last].waits_for.iter().copied().find(waits) else { break path };
            if let Some(begin) = path.iter().position(|at| *at == next) {
                break path.split_off(begin);
            }
            path.push(next);
        };
        let names = circle.iter().chain(circle.first()).filter_map(|at| self.entries[*at].reference.clone());
        let names: Vec<String> = names.collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for at in circle {
            self.refuse(at, cycle(&names));
        }
    }
}

fn depends_on_refused(name: &str) -> Problem {
    let detail = format!("the entry `{name}` that it depends on was refused");
    Problem::new(Code::UnknownDependency, detail)
}

impl Entry {
    fn read(raw: &RawValue) -> Self {
        let json = raw.get();
        let read = match json.len() > JOB {
            true => Err(too_large(JOB)),
            false => wire::strict::<SubmitRequest>(json.as_bytes()),
        };
        match read {
            Ok(request) => Self {
                reference: request.reference.clone(),
                waits_for: Vec::new(),
                state: State::Waiting(Box::new(request)),
            },
            Err(problem) => Self {
                reference: name_of(json),
                waits_for: Vec::new(),
                state: State::Settled(Settled::Refused(problem)),
            },
        }
    }

    fn result(self) -> BatchResult {
        let none = BatchResult {
            reference: self.reference,
            status: 0,
            job: None,
            outcome: None,
            warnings: Vec::new(),
            problem: None,
        };
        match self.state {
            State::Settled(Settled::Job(job, _, outcome, warnings)) => {
                let status = if outcome == Outcome::Created { 201 } else { 200 };
                BatchResult { status, job: Some(*job), outcome: Some(outcome), warnings, ..none }
            }
            State::Settled(Settled::Refused(problem)) => {
                BatchResult { status: problem.status, problem: Some(problem), ..none }
            }
            State::Waiting(_) | State::Taken => {
                let problem = Problem::new(Code::OutcomeUnknown, "the entry was not carried to its end");
                BatchResult { status: problem.status, problem: Some(problem), ..none }
            }
        }
    }
}

/// The name of an entry that is otherwise broken, so that others that name it can be told.
fn name_of(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "ref")]
        reference: Option<String>,
    }
    // A list would be read as the members in order.
    let named = json.starts_with('{').then(|| serde_json::from_str::<Named>(json).ok()).flatten()?;
    named.reference.filter(|name| (1..=256).contains(&name.len()))
}
