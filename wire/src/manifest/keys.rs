//! What each key of the front matter means as a member of the request. Unknown keys are warned about, never refused.

use super::read::{Read, Wrong, flag, labels, money, one_of, seconds, text, whole, words, wrong};
use super::tree::{At, Node, Place};
use super::{Manifest, invalid};
use crate::problem::Problem;
use crate::submit::{SubmitApprovals, SubmitBudget, SubmitRequest, SubmitRetry};

/// Warnings about unknown keys, at most.
const MAX_WARNINGS: usize = 20;

/// The request as it grows, and where its members came from.
pub(super) struct Keys {
    pub(super) request: SubmitRequest,
    warnings: Vec<String>,
    /// JSON pointer of a member, and the place of its value.
    places: Vec<(String, Place)>,
}

impl Keys {
    pub(super) fn new(body: &str) -> Self {
        let request = SubmitRequest { body_md: body.to_owned(), ..SubmitRequest::default() };
        Self { request, warnings: Vec::new(), places: Vec::new() }
    }

    /// Reads every key. Refuses front matter that is no mapping, and the first value of a wrong type.
    pub(super) fn read(&mut self, root: &At) -> Result<(), Problem> {
        let Node::Map(members) = &root.node else {
            let detail = format!("the front matter must be a mapping of keys, not {}", root.node.kind());
            return Err(invalid(root.place, "", &detail));
        };
        for (key, at) in members {
            if let (Node::Map(limits), "budget") = (&at.node, key.name.as_str()) {
                for (key, at) in limits {
                    self.member(&format!("budget.{}", key.name), key.place, at)?;
                }
            } else {
                self.member(&key.name, key.place, at)?;
            }
        }
        Ok(())
    }

    /// A key without a value counts as absent.
    fn member(&mut self, key: &str, named: Place, at: &At) -> Result<(), Problem> {
        if matches!(at.node, Node::Null) {
            return Ok(());
        }
        match self.set(key, at) {
            Ok(Some(pointer)) => self.places.push((pointer.to_owned(), at.place)),
            Ok(None) => self.warn(key, named),
            Err(Wrong { place, detail }) => return Err(invalid(place, &format!("/{key}"), &detail)),
        }
        Ok(())
    }

    fn warn(&mut self, key: &str, place: Place) {
        let key: String = key.chars().take(64).collect();
        match self.warnings.len() {
            MAX_WARNINGS => self.warnings.push("there are more keys that are not known".to_owned()),
            n if n < MAX_WARNINGS => {
                self.warnings.push(format!("line {}: the key `{key}` is not known and means nothing", place.line));
            }
            _ => {}
        }
    }

    /// Sets the member that the key means and answers its pointer; nothing for a key that means none.
    fn set(&mut self, key: &str, at: &At) -> Read<Option<&'static str>> {
        let request = &mut self.request;
        let pointer = match key {
            "title" => put(&mut request.title, text(at)?, "/title"),
            "engine" => put(&mut request.engine, text(at)?, "/engine"),
            "engines" => put(&mut request.engines, words(at)?, "/engines"),
            "engine-class" => put(&mut request.engine_class, text(at)?, "/engineClass"),
            "profile" => put(&mut request.profile, text(at)?, "/profile"),
            "capabilities" => put(&mut request.capabilities, words(at)?, "/capabilities"),
            "repo" => put(&mut request.repo, text(at)?, "/repo"),
            "base" => put(&mut request.base, text(at)?, "/base"),
            "cwd" => put(&mut request.cwd, text(at)?, "/cwd"),
            "verify" => put(&mut request.verify, text(at)?, "/verify"),
            "allowed-scope" => put(&mut request.allowed_scope, words(at)?, "/allowedScope"),
            "yolo" => put(&mut request.yolo, flag(at)?, "/yolo"),
            "auto-ship" => put(&mut request.auto_ship, flag(at)?, "/autoShip"),
            "lock" => put(&mut request.concurrency_key, text(at)?, "/concurrencyKey"),
            "idempotency-key" => put(&mut request.idempotency_key, text(at)?, "/idempotencyKey"),
            "timeout" => put(&mut request.timeout_sec, seconds(at)?, "/timeoutSec"),
            "priority" => put(&mut request.priority, one_of(at, "critical, high, normal, low")?, "/priority"),
            "deps" => put(&mut request.depends_on, words(at)?, "/dependsOn"),
            "deps-mode" => put(&mut request.deps_mode, one_of(at, "all, any")?, "/depsMode"),
            "labels" => put(&mut request.labels, labels(at)?, "/labels"),
            "approvals" => put(&mut request.approvals, approvals(at)?, "/approvals"),
            "retries" => put(&mut request.retry, retries(at)?, "/retry"),
            "budget.usd" => {
                let budget = request.budget.get_or_insert_default();
                once(at, &mut budget.usd, money(at)?, "/budget/usd")?
            }
            "budget.wall" => {
                let budget: &mut SubmitBudget = request.budget.get_or_insert_default();
                once(at, &mut budget.wall_sec, seconds(at)?, "/budget/wallSec")?
            }
            "budget" => return wrong(at, "must be a mapping with `usd` and `wall`"),
            _ => return Ok(None),
        };
        Ok(Some(pointer))
    }

    /// Checks what was read against the bounds of a request and tells the first refusal at its place.
    pub(super) fn finish(self) -> Result<Manifest, Problem> {
        let refused = self.request.check().err().map(|problem| problem.errors).unwrap_or_default();
        for error in refused {
            // What stands nowhere in the front matter, such as an empty body, is refused like any request's.
            let place = self.places.iter().find(|(pointer, _)| within(&error.pointer, pointer));
            if let Some((_, place)) = place {
                return Err(invalid(*place, &error.pointer, &error.detail));
            }
        }
        Ok(Manifest { request: self.request, warnings: self.warnings })
    }
}

/// Whether a pointer names a member or a part of it.
fn within(part: &str, member: &str) -> bool {
    part.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn put<T>(member: &mut Option<T>, value: T, pointer: &'static str) -> &'static str {
    *member = Some(value);
    pointer
}

/// Sets a member that can be written in two ways. Refuses both at once.
fn once<T>(at: &At, member: &mut Option<T>, value: T, pointer: &'static str) -> Read<&'static str> {
    if member.is_some() {
        return wrong(at, "is given twice");
    }
    Ok(put(member, value, pointer))
}

fn retries(at: &At) -> Read<SubmitRetry> {
    Ok(SubmitRetry { max_attempts: Some(whole(at)?.saturating_add(1)), backoff_sec: None })
}

/// A number of reviewers, or a mapping with `required` and `reviewers`.
fn approvals(at: &At) -> Read<SubmitApprovals> {
    let Node::Map(members) = &at.node else {
        return Ok(SubmitApprovals { required: Some(whole(at)?), reviewers: None });
    };
    let mut approvals = SubmitApprovals::default();
    for (key, at) in members {
        match key.name.as_str() {
            "required" => approvals.required = Some(whole(at)?),
            "reviewers" => approvals.reviewers = Some(words(at)?),
            _ => return wrong(at, "must have no other keys than `required` and `reviewers`"),
        }
    }
    Ok(approvals)
}
