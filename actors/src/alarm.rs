//! One alarm per owner: set to the earliest of its deadlines, moved only when an earlier one comes.

use std::time::Duration;

use domain::Timestamp;
use tokio::task::AbortHandle;

/// An alarm that rings as a message.
#[derive(Default)]
pub(crate) struct Alarm {
    set: Option<(Timestamp, AbortHandle)>,
}

impl Alarm {
    /// Sets the alarm to `due`, unless it rings before that anyway. `ring` schedules the message.
    pub(crate) fn set(&mut self, due: Option<Timestamp>, now: Timestamp, ring: impl FnOnce(Duration) -> AbortHandle) {
        let Some(due) = due else { return };
        if self.set.as_ref().is_some_and(|(at, _)| *at <= due) {
            return;
        }
        if let Some((_, later)) = self.set.take() {
            later.abort();
        }
        self.set = Some((due, ring(Duration::from_millis(due.ms_since(now)))));
    }

    /// It has rung.
    pub(crate) fn rang(&mut self) {
        self.set = None;
    }
}
