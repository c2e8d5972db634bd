//! Commits of one incarnation: they take time, go wrong as planned, and are cut off with it. What is written when the
//! cut falls stays written; what is not never will be.

use std::time::Duration;

use actors::store::{Backend, MemoryBackend, Numbered, Pinned, Taken, Why, Written};
use async_trait::async_trait;
use checker::Moment;
use domain::ProductId;

use super::schedule::Wrong;
use super::trouble::{Cut, Going, Trouble};

/// The tables behind troubles and a cut.
pub(super) struct SimBackend {
    pub(super) inner: MemoryBackend,
    pub(super) trouble: Trouble,
    pub(super) cut: Cut,
}

/// Lets time pass in which the store may stand still.
pub(super) async fn pass(trouble: &Trouble, time: Duration) {
    trouble.moves().await;
    if !time.is_zero() {
        tokio::time::sleep(time).await;
        trouble.moves().await;
    }
}

#[async_trait]
impl Backend for SimBackend {
    async fn taken(&mut self, keys: &[(ProductId, String)]) -> Result<Vec<Taken>, Why> {
        let reading = self.trouble.read();
        if self.cut.unless(pass(&self.trouble, reading.before)).await.is_err() {
            return Err(Why::Unavailable("cut off".into()));
        }
        if reading.fails { Err(Why::Unavailable("planned".into())) } else { self.inner.taken(keys).await }
    }

    async fn write(&mut self, batch: &[Numbered]) -> Written {
        if self.cut.is_down() {
            return Written::Lost;
        }
        let going = self.trouble.commit();
        if going.wrong.is_none() {
            return self.goes(batch, going).await;
        }
        self.trouble.mark(Moment::Halted);
        let written = self.goes(batch, going).await;
        self.trouble.mark(Moment::Resumed);
        written
    }

    async fn pin(&mut self, product: &ProductId) -> Result<Pinned, Why> {
        let reading = self.trouble.read();
        if self.cut.unless(pass(&self.trouble, reading.before)).await.is_err() || self.cut.is_down() {
            return Err(Why::Unavailable("cut off".into()));
        }
        let pinned = self.inner.pin(product).await?;
        let (trouble, cut, load) = (self.trouble.clone(), self.cut.clone(), pinned.load);
        let load = async move {
            let passed = cut.unless(pass(&trouble, reading.after)).await;
            if passed.is_err() || reading.fails {
                return Err(Why::Unavailable("planned".into()));
            }
            load.await
        };
        Ok(Pinned { last_seq: pinned.last_seq, load: Box::pin(load) })
    }
}

impl SimBackend {
    /// Writes a batch as it is planned to go.
    async fn goes(&mut self, batch: &[Numbered], going: Going) -> Written {
        if self.cut.unless(pass(&self.trouble, going.before)).await.is_err() {
            self.trouble.note(|came| came.cut_unwritten += 1);
            return Written::Lost;
        }
        match going.wrong {
            Some(Wrong::Unavailable) => return Written::NotWritten(Why::Unavailable("planned".into())),
            Some(Wrong::Full) => return Written::NotWritten(Why::Full),
            Some(Wrong::LostUnwritten | Wrong::LostWritten | Wrong::Slow(_)) | None => {}
        }
        // From here on it is durable. Readers see it when the node can know of it: a database shows a commit no earlier
        // than it answers, but for the moment in which the answer goes from one thread to another.
        let cut = self.cut.unless(pass(&self.trouble, going.after)).await.is_err();
        if going.wrong == Some(Wrong::LostUnwritten) {
            self.trouble.note(|came| came.lost += 1);
            return Written::Lost;
        }
        let written = self.inner.write(batch).await;
        if cut && written == Written::Committed {
            self.trouble.note(|came| came.cut_written += 1);
            return Written::Lost;
        }
        if written == Written::Committed && self.trouble.cuts(batch) {
            self.cut.fall();
            return Written::Lost;
        }
        if going.wrong == Some(Wrong::LostWritten) {
            self.trouble.note(|came| came.lost += 1);
            return Written::Lost;
        }
        written
    }
}
