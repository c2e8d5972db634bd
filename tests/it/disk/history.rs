//! What was handed to the store and what it answered, in terms of how much had reached the disk by then; and what may
//! and must be found in a database after that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use actors::store::{Committed, Fault, Logged, Write};
use domain::{JobId, ProductId};

/// What the store said of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing, or that it does not know.
    Unknown,
    /// It is there, up to this `seq`; said when so much had reached the disk.
    Committed { last_seq: u64, at: usize },
    /// It is surely not there.
    Refused,
}

/// A write, and how much had reached the disk when it was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) write: Arc<Write>,
    pub(crate) at: usize,
    pub(crate) answer: Answer,
}

/// Everything that was handed to a store, and what clients were shown. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct History {
    sent: Arc<Mutex<Vec<Sent>>>,
    shown: Arc<Mutex<Vec<(usize, JobId, u64)>>>,
}

impl History {
    pub(crate) fn send(&self, write: Write, at: usize) -> usize {
        let mut sent = self.sent.lock().unwrap();
        sent.push(Sent { write: Arc::new(write), at, answer: Answer::Unknown });
        sent.len() - 1
    }

    pub(crate) fn settle(&self, number: usize, answer: &Result<Committed, Fault>, at: usize) {
        let answer = match answer {
            Ok(committed) => Answer::Committed { last_seq: committed.last_seq, at },
            Err(Fault::KeyTaken { .. } | Fault::NotWritten(_)) => Answer::Refused,
            Err(Fault::Lost) => Answer::Unknown,
        };
        self.sent.lock().unwrap()[number].answer = answer;
    }

    /// A client was shown a job at this `rev`.
    pub(crate) fn show(&self, job: JobId, rev: u64, at: usize) {
        self.shown.lock().unwrap().push((at, job, rev));
    }

    /// The highest `rev` of each job that any client was shown by then.
    pub(crate) fn shown(&self, by: usize) -> BTreeMap<JobId, u64> {
        let mut shown = BTreeMap::new();
        for (_, job, rev) in self.shown.lock().unwrap().iter().filter(|(at, ..)| *at <= by) {
            let highest = shown.entry(*job).or_insert(0);
            *highest = (*rev).max(*highest);
        }
        shown
    }

    pub(crate) fn sent(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap()
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.sent().iter().filter(|sent| matches!(sent.answer, Answer::Committed { .. })).count()
    }

    /// How many events each product must have at the least when so much has reached the disk.
    pub(crate) fn owed(&self, by: usize) -> BTreeMap<ProductId, u64> {
        let mut owed = BTreeMap::new();
        for sent in self.sent().iter() {
            if let Answer::Committed { last_seq, at } = sent.answer
                && at <= by
            {
                let most = owed.entry(sent.write.product.clone()).or_insert(0);
                *most = last_seq.max(*most);
            }
        }
        owed
    }

    /// The writes that these events of a product come from, in order, and how much had reached the disk when the last
    /// of them was handed over. Refuses a log with a gap, with half of a write, and with anything that was refused or
    /// never sent.
    pub(crate) fn behind(&self, product: &ProductId, events: &[Logged]) -> Result<(Vec<Arc<Write>>, usize), String> {
        let all = self.sent();
        let (mut certain, mut doubtful) = (BTreeMap::new(), Vec::new());
        for sent in all.iter().filter(|sent| sent.write.product == *product && !sent.write.facts.is_empty()) {
            match sent.answer {
                Answer::Committed { last_seq, .. } => {
                    certain.insert(last_seq + 1 - sent.write.facts.len() as u64, sent);
                }
                Answer::Unknown => doubtful.push(sent),
                Answer::Refused => {}
            }
        }
        let (mut writes, mut last, mut at) = (Vec::new(), 0, 0);
        while let Some(event) = events.get(at) {
            let seq = at as u64 + 1;
            if event.seq != seq {
                return Err(format!("{product}: seq {} where {seq} ought to be", event.seq));
            }
            let sent = match certain.get(&seq) {
                Some(sent) => *sent,
                None => {
                    let found = doubtful.iter().position(|sent| came_from(&events[at..], &sent.write));
                    let found =
                        found.ok_or_else(|| format!("{product}: seq {seq} was refused, or never sent: {event:?}"))?;
                    doubtful.remove(found)
                }
            };
            last = last.max(sent.at);
            at += sent.write.facts.len();
            if at > events.len() {
                return Err(format!("{product}: half of a write at seq {seq}"));
            }
            writes.push(sent.write.clone());
        }
        Ok((writes, last))
    }
}

fn came_from(events: &[Logged], write: &Write) -> bool {
    let mut pairs = write.facts.iter().zip(events);
    write.facts.len() <= events.len()
        && pairs.all(|(fact, event)| {
            fact.kind() == &*event.kind && write.at == event.at && write.job_id() == event.job && {
                serde_json::to_string(fact).is_ok_and(|data| data == event.data)
            }
        })
}
