//! Writes a history down while it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;

use crate::evidence::{Line, Mark, Moment, Op};

/// A request that is about to be sent.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Who asks.
    pub client: String,
    /// The product that is asked for.
    pub product: String,
    /// `GET`, `POST`, `PATCH`, …
    pub method: String,
    /// The path with its query, from `/api` on.
    pub path: String,
    /// The `rev` of `If-Match`.
    pub if_match: Option<u64>,
    /// The body. What is no JSON is not recorded.
    pub body: Option<String>,
}

/// A request that has no answer yet.
#[derive(Debug)]
#[must_use]
pub struct Open(usize);

/// Writes a history down. Cheap to clone; clones write the same one.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    stamp: u64,
    lines: Vec<Line>,
}

impl Inner {
    fn next(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }
}

impl Recorder {
    /// Writes down that a request begins at `at`, milliseconds of the coordinator's clock.
    pub fn invoke(&self, at: i64, call: Call) -> Open {
        let mut inner = self.lock();
        let op = Op {
            client: call.client,
            product: call.product,
            invoked: inner.next(),
            returned: None,
            at,
            until: None,
            sent: 1,
            method: call.method,
            path: call.path,
            if_match: call.if_match,
            body: call.body.and_then(raw),
            status: None,
            answer: None,
        };
        inner.lines.push(Line::Op(Box::new(op)));
        Open(inner.lines.len() - 1)
    }

    /// Writes down the answer to a request. One that never comes leaves it open.
    pub fn settle(&self, open: Open, until: i64, status: u16, answer: String) {
        let mut inner = self.lock();
        let returned = inner.next();
        if let Some(Line::Op(op)) = inner.lines.get_mut(open.0) {
            op.returned = Some(returned);
            op.until = Some(until);
            op.status = Some(status);
            op.answer = raw(answer);
        }
    }

    /// Writes down that a request was delivered once more.
    pub fn again(&self, open: &Open) {
        if let Some(Line::Op(op)) = self.lock().lines.get_mut(open.0) {
            op.sent += 1;
        }
    }

    /// Writes down what happened to the coordinator at `at`, milliseconds of its clock.
    pub fn mark(&self, mark: Moment, at: i64) {
        let mut inner = self.lock();
        let stamp = inner.next();
        inner.lines.push(Line::Mark(Mark { mark, stamp, at, preemption: None }));
    }

    /// Writes down that the coordinator serves from `at` on, and whether urgent jobs may evict others there.
    pub fn started(&self, at: i64, preemption: bool) {
        let mut inner = self.lock();
        let stamp = inner.next();
        inner.lines.push(Line::Mark(Mark { mark: Moment::Started, stamp, at, preemption: Some(preemption) }));
    }

    /// Takes what is written so far, in the order in which it began. No request may be open.
    pub fn take(&self) -> Vec<Line> {
        std::mem::take(&mut self.lock().lines)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn raw(text: String) -> Option<Box<RawValue>> {
    RawValue::from_string(text).ok()
}
