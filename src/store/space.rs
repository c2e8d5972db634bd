//! Whether the disk took the last write. Knows nothing of how much of it is free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use actors::store::{Why, Written};
use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::outcome::why;

/// What the last write found. Cheap to clone; clones know the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Space(Arc<AtomicBool>);

impl Space {
    /// Takes in what became of a batch.
    pub(super) fn note(&self, written: &Written) {
        match written {
            Written::Committed => self.0.store(false, Relaxed),
            Written::NotWritten(Why::Full) => self.0.store(true, Relaxed),
            Written::NotWritten(Why::Unavailable(_)) | Written::Contradicted(_) | Written::Lost => {}
        }
    }

    /// Nothing was left when something was written last.
    pub(super) fn is_out(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// Writes a page that means nothing, by the road of every commit: nobody else may write while a node is not ready.
    pub(super) async fn look_again(&self, db: &DatabaseConnection) {
        if !self.is_out() {
            return;
        }
        match db.execute_unprepared("PRAGMA user_version = 0").await {
            Ok(_) => self.0.store(false, Relaxed),
            // Ends the process if the disk lost a write.
            Err(error) => drop(why(&error)),
        }
    }
}
