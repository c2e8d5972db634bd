//! The profiles of a product, for whoever needs what one says. A version never changes, so one that was read once is not
//! read again; which one is the newest is asked anew each time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ProductId;
use domain::profile::{Profile, Wanted};

use crate::store::{Store, Why};

/// How many versions are kept in memory, each of at most some 100 KiB.
const MOST: usize = 64;

/// The profiles of one product. Cheap to clone; clones share what was read.
#[derive(Clone)]
pub(crate) struct Profiles {
    store: Arc<dyn Store>,
    product: ProductId,
    known: Arc<Mutex<BTreeMap<Wanted, Arc<Profile>>>>,
}

impl Profiles {
    pub(crate) fn new(store: Arc<dyn Store>, product: ProductId) -> Self {
        Self { store, product, known: Arc::default() }
    }

    /// A version of a profile; the newest where none is named.
    pub(crate) async fn find(&self, wanted: &Wanted) -> Result<Option<Arc<Profile>>, Why> {
        if let Some(known) = self.known().get(wanted) {
            return Ok(Some(known.clone()));
        }
        let found = self.store.profile(&self.product, wanted).await?;
        if let Some(profile) = &found {
            let mut known = self.known();
            if known.len() >= MOST {
                known.clear();
            }
            // Kept under its version only: whatever is the newest now will not stay it.
            known.insert(profile.pinned(), profile.clone());
        }
        Ok(found)
    }

    /// The profile that a job or a run names, if it names one that there is: before there were profiles, any word would do.
    pub(crate) async fn named(&self, profile: Option<&str>) -> Result<Option<Arc<Profile>>, Why> {
        match profile.and_then(|text| text.parse().ok()) {
            Some(wanted) => self.find(&wanted).await,
            None => Ok(None),
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Wanted, Arc<Profile>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
