//! Where a product's committed batches go: to its dispatcher, its feed and the product itself, in this order.

use std::sync::{Arc, Mutex, PoisonError};

use ractor::ActorRef;

use crate::store::{Ears, Told};
use crate::{dispatcher, feed, product};

/// The actors that hear of committed batches.
#[derive(Clone)]
pub(crate) struct Hearers {
    pub(crate) product: ActorRef<product::Msg>,
    pub(crate) dispatcher: ActorRef<dispatcher::Msg>,
    pub(crate) feed: ActorRef<feed::Msg>,
}

impl Hearers {
    /// Hands on a batch. One that has gone hears nothing: its product reloads.
    fn hand_on(&self, batch: &Arc<[Told]>) {
        let _ = self.dispatcher.cast(dispatcher::Msg::Told(batch.clone()));
        let _ = self.feed.cast(feed::Msg::Told(batch.clone()));
        let _ = self.product.cast(product::Msg::Told(batch.clone()));
    }
}

/// Keeps batches until the product is loaded, then hands them on at once.
#[derive(Default)]
pub(crate) struct Line {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hearers: Option<Hearers>,
    backlog: Vec<Arc<[Told]>>,
}

impl Line {
    /// Connects the actors and hands on what has been committed since the product was opened.
    pub(crate) fn connect(&self, hearers: Hearers) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for batch in std::mem::take(&mut state.backlog) {
            hearers.hand_on(&batch);
        }
        state.hearers = Some(hearers);
    }
}

impl Ears for Line {
    fn told(&self, batch: Arc<[Told]>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.hearers {
            Some(hearers) => hearers.hand_on(&batch),
            None => state.backlog.push(batch),
        }
    }
}
