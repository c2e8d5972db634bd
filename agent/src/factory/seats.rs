//! Which leases this factory works under right now. A seat is freed however its run ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Epoch, JobId};
use wire::LeaseRef;

use crate::lease::Lease;

type Held = BTreeMap<(JobId, Epoch), Arc<Lease>>;

/// The leases of all runs that go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats {
    held: Arc<Mutex<Held>>,
}

/// A seat that is taken until this is dropped.
pub(crate) struct Seat {
    seats: Seats,
    key: (JobId, Epoch),
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.locked().remove(&self.key);
    }
}

impl Seats {
    fn locked(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat. Refuses a lease that has one already.
    pub(crate) fn take(&self, lease: Arc<Lease>) -> Option<Seat> {
        let key = (lease.job, lease.epoch);
        let mut held = self.locked();
        if held.contains_key(&key) {
            return None;
        }
        held.insert(key, lease);
        drop(held);
        Some(Seat { seats: self.clone(), key })
    }

    /// Every lease.
    pub(crate) fn all(&self) -> Vec<Arc<Lease>> {
        self.locked().values().cloned().collect()
    }

    /// Every lease as a heartbeat lists it.
    pub(crate) fn listed(&self) -> Vec<LeaseRef> {
        let held = self.locked();
        held.keys().map(|(job, epoch)| LeaseRef { job_id: job.to_string(), lease_epoch: epoch.0 }).collect()
    }

    /// The lease of this job under this epoch; under any, where none is named.
    pub(crate) fn find(&self, job: &str, epoch: Option<u64>) -> Option<Arc<Lease>> {
        let job: JobId = job.parse().ok()?;
        let held = self.locked();
        let mut fitting = held.iter().filter(|((id, its), _)| *id == job && epoch.is_none_or(|epoch| its.0 == epoch));
        fitting.next().map(|(_, lease)| lease.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_seat_is_taken_once_and_freed_when_dropped() {
        let (seats, id) = (Seats::default(), "01890000-0000-7000-8000-000000000001");
        let lease = || Arc::new(Lease::new(id.parse().unwrap(), Epoch(2), Instant::now(), Duration::from_secs(9)));
        let seat = seats.take(lease()).unwrap();
        assert!(seats.take(lease()).is_none());
        assert_eq!(seats.listed(), [LeaseRef { job_id: id.to_owned(), lease_epoch: 2 }]);
        assert!(
            seats.find(id, Some(2)).is_some() && seats.find(id, None).is_some() && seats.find(id, Some(1)).is_none()
        );
        drop(seat);
        assert!(seats.all().is_empty());
    }
}
