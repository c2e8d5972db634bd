//! What was asked for beyond the work itself: how often it is tried, after which pauses, and whose approval it needs.
//! Terms that were edited are not judged: only the first ones are known.

use std::collections::HashMap;

use super::law::Broken;
use super::state::State;
use super::word;
use crate::case::Case;
use crate::fact::{Fact, What};
use crate::names::Name;
use crate::shown::{Approvals, Retry, Spec};

/// The longest pause.
const LONGEST_MS: u64 = 3_600_000;

/// Who has approved, and which terms are known.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// The `rev` of the first edit of a job's terms.
    edited: HashMap<Name, u64>,
    /// The prints of those who have approved since the last rejection or requeue.
    approved: HashMap<Name, Vec<u64>>,
}

impl Terms {
    pub(super) fn of(case: &Case<'_>) -> Self {
        let mut edited = HashMap::new();
        for fact in case.facts.iter().filter(|fact| matches!(fact.what, What::Edited { terms: true, .. })) {
            if let (Some(job), Some(rev)) = (fact.job, fact.rev) {
                edited.entry(job).or_insert(rev);
            }
        }
        Self { edited, ..Self::default() }
    }

    /// What is wrong with an event of a job in this state; takes it in.
    pub(super) fn law(&mut self, case: &Case<'_>, job: Name, state: &State, fact: &Fact) -> Vec<Broken> {
        let spec = self.known(case, job, state);
        match &fact.what {
            What::Retried { attempt, not_before, .. } => {
                spec.map(|spec| retried(&spec.retry, *attempt, not_before - fact.at)).unwrap_or_default()
            }
            What::DeadLettered { attempt, .. } => {
                let left = spec.filter(|spec| *attempt < spec.retry.max_attempts);
                left.map(|spec| (spec.retry.max_attempts, attempt))
                    .map(|(max, attempt)| ("lifecycle", format!("dead letter after {attempt} attempts of {max}")))
                    .into_iter()
                    .collect()
            }
            What::Approved { reviewer, .. } => {
                let approved = self.approved.entry(job).or_default();
                if approved.contains(reviewer) {
                    return vec![("lifecycle", "approved once more by the same reviewer".to_owned())];
                }
                approved.push(*reviewer);
                Vec::new()
            }
            What::Rejected { .. } | What::Requeued(_) => {
                self.approved.remove(&job);
                Vec::new()
            }
            What::Shipped(_) => {
                let missing = spec.map_or(0, |spec| self.missing(job, &spec.approvals));
                if missing == 0 {
                    return Vec::new();
                }
                vec![("lifecycle", format!("{} while {missing} approvals were missing", word(fact)))]
            }
            _ => Vec::new(),
        }
    }

    /// The terms of a job in this state, if they are known.
    fn known<'a>(&self, case: &Case<'a>, job: Name, state: &State) -> Option<&'a Spec> {
        let first = self.edited.get(&job).copied().unwrap_or(u64::MAX);
        case.specs.get(&job).filter(|spec| spec.rev < first && state.rev < first)
    }

    fn missing(&self, job: Name, asked: &Approvals) -> u32 {
        let counts = |by: &&u64| asked.reviewers.is_empty() || asked.reviewers.contains(by);
        let counted = self.approved.get(&job).map_or(0, |all| all.iter().filter(counts).count());
        asked.required.saturating_sub(u32::try_from(counted).unwrap_or(u32::MAX))
    }
}

/// Another attempt: only while there is one left, and after its pause.
fn retried(retry: &Retry, attempt: u32, pause: i64) -> Vec<Broken> {
    let mut broken = Vec::new();
    if attempt >= retry.max_attempts {
        broken.push(("lifecycle", format!("another attempt after {attempt} of {}", retry.max_attempts)));
    }
    let doubled = 1_u64 << attempt.saturating_sub(1).min(32);
    let base = retry.backoff_sec.saturating_mul(1_000).saturating_mul(doubled).min(LONGEST_MS);
    let (least, most) = (base * 8 / 10, (base * 12 / 10).min(LONGEST_MS));
    if !u64::try_from(pause).is_ok_and(|pause| (least..=most).contains(&pause)) {
        broken.push(("lifecycle", format!("a pause of {pause} ms where {least} to {most} were due")));
    }
    broken
}
