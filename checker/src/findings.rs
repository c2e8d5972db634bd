//! Collects what a check finds. Owns how much is kept of it; decides nothing.

use crate::names::{Name, Names};
use crate::verdict::{Counts, RULES, SEEN, Verdict, Violation};

/// Violations of one rule that are kept.
const KEPT: u64 = 100;

/// Where something was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    pub(crate) job: Option<Name>,
    pub(crate) seq: Option<u64>,
    pub(crate) op: Option<u64>,
}

impl Place {
    pub(crate) fn job(job: Name) -> Self {
        Self { job: Some(job), ..Self::default() }
    }

    pub(crate) fn seq(self, seq: u64) -> Self {
        Self { seq: Some(seq), ..self }
    }

    pub(crate) fn op(self, op: u64) -> Self {
        Self { op: Some(op), ..self }
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    verdict: Verdict,
}

impl Findings {
    /// Notes a broken rule.
    pub(crate) fn broken(
        &mut self,
        (names, product): (&Names, Name),
        rule: &'static str,
        place: Place,
        what: impl Into<String>,
    ) {
        debug_assert!(RULES.contains(&rule), "{rule} is no rule");
        let broken = self.verdict.broken.entry(rule).or_default();
        *broken += 1;
        if *broken > KEPT {
            return;
        }
        self.verdict.violations.push(Violation {
            product: names.text(product).to_owned(),
            seq: place.seq,
            op: place.op,
            job: place.job.map(|job| names.text(job).to_owned()),
            rule,
            what: what.into(),
        });
    }

    /// Notes an interesting situation.
    pub(crate) fn seen(&mut self, name: &'static str) {
        debug_assert!(SEEN.contains(&name), "{name} is not looked out for");
        *self.verdict.seen.entry(name).or_default() += 1;
    }

    /// Takes in what was found elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        let Verdict { violations, broken, counts, seen } = other.verdict;
        for violation in violations {
            let kept = self.verdict.violations.iter().filter(|kept| kept.rule == violation.rule).count() as u64;
            if kept < KEPT {
                self.verdict.violations.push(violation);
            }
        }
        broken.into_iter().for_each(|(rule, times)| *self.verdict.broken.entry(rule).or_default() += times);
        seen.into_iter().for_each(|(name, times)| *self.verdict.seen.entry(name).or_default() += times);
        self.verdict.counts.add(counts);
    }

    pub(crate) fn counts(&mut self) -> &mut Counts {
        &mut self.verdict.counts
    }

    /// What it all comes to, in order.
    pub(crate) fn verdict(mut self) -> Verdict {
        self.verdict.violations.sort();
        self.verdict
    }
}
