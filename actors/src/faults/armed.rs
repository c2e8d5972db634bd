//! Faults of a test build: read from `POINT=ACT@N`, separated by commas; each acts once, when its point is passed for the
//! Nth time. Knows nothing of what lies around a point.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Faults, Point};

/// Every point by its name.
const NAMES: [(&str, Point); 15] = [
    ("start.locked", Point::StartLocked),
    ("start.migrated", Point::StartMigrated),
    ("start.open", Point::StartOpen),
    ("keys.read", Point::KeysRead),
    ("commit.before", Point::CommitBefore),
    ("commit.after", Point::CommitAfter),
    ("commit.told", Point::CommitTold),
    ("commit.answered", Point::CommitAnswered),
    ("open.pinned", Point::OpenPinned),
    ("open.loaded", Point::OpenLoaded),
    ("checkpoint.before", Point::CheckpointBefore),
    ("checkpoint.after", Point::CheckpointAfter),
    ("receipts.swept", Point::ReceiptsSwept),
    ("stop.before", Point::StopBefore),
    ("stop.after", Point::StopAfter),
];
/// Points where the store can be lost to the products of a batch: before it is written, and after.
const LOSABLE: [Point; 2] = [Point::CommitBefore, Point::CommitAfter];

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// The process ends as by SIGKILL: nothing unwinds, nothing is flushed.
    Abort,
    /// Nobody can say what became of the batch.
    Lose,
}

/// A fault that waits for its moment.
#[derive(Debug)]
pub(super) struct Armed {
    point: Point,
    act: Act,
    at: u64,
    passed: AtomicU64,
}

impl Armed {
    /// Counts a passing. True: this is the one.
    fn is_due(&self, point: Point, act: Act) -> bool {
        self.point == point && self.act == act && self.passed.fetch_add(1, Relaxed) + 1 == self.at
    }
}

/// Why faults cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no fault: POINT=abort@N or POINT=lose@N; {points}", points = points())]
pub struct BadFaults(String);

fn points() -> String {
    let every: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
    format!("points: {}", every.join(", "))
}

impl FromStr for Faults {
    type Err = BadFaults;

    fn from_str(text: &str) -> Result<Self, BadFaults> {
        let rules: Result<Vec<_>, _> =
            text.split(',').map(|rule| armed(rule).ok_or_else(|| BadFaults(rule.to_owned()))).collect();
        Ok(Self { armed: Arc::from(rules?) })
    }
}

fn armed(rule: &str) -> Option<Armed> {
    let (name, rest) = rule.split_once('=')?;
    let (act, at) = rest.split_once('@')?;
    let (_, point) = NAMES.iter().find(|(known, _)| *known == name)?;
    let act = match act {
        "abort" => Act::Abort,
        "lose" if LOSABLE.contains(point) => Act::Lose,
        _ => return None,
    };
    let at = at.parse().ok().filter(|at| *at > 0)?;
    Some(Armed { point: *point, act, at, passed: AtomicU64::new(0) })
}

impl Faults {
    /// Passes a place. Ends the process here if it was told to.
    pub fn pass(&self, point: Point) {
        if self.armed.iter().any(|armed| armed.is_due(point, Act::Abort)) {
            end();
        }
    }

    /// Passes a place. True: the store is lost here.
    pub(crate) fn loses(&self, point: Point) -> bool {
        self.armed.iter().any(|armed| armed.is_due(point, Act::Lose))
    }
}

/// Ends the process as a kill from outside does.
fn end() -> ! {
    #[cfg(unix)]
    // It does not return; if it could not be sent, the process ends all the same.
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_acts_once_at_its_passing() {
        let faults: Faults = "commit.after=lose@2,commit.before=lose@1".parse().unwrap();
        assert!(faults.loses(Point::CommitBefore) && !faults.loses(Point::CommitBefore));
        let again = faults.clone();
        let lost: Vec<_> = (0..4).map(|_| again.loses(Point::CommitAfter)).collect();
        assert_eq!(lost, [false, true, false, false]);
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for bad in
            ["", "commit.after", "commit.after=abort", "commit.after=abort@0", "nowhere=abort@1", "open.pinned=lose@1"]
        {
            assert!(bad.parse::<Faults>().unwrap_err().to_string().contains("commit.told"), "{bad}");
        }
    }

    #[test]
    fn every_point_has_one_name() {
        for (at, (name, point)) in NAMES.iter().enumerate() {
            assert!(NAMES[..at].iter().all(|(other, before)| other != name && before != point), "{name}");
        }
    }
}
