//! A product's budget: counts the money of committed runs in the order of the log, and takes an operator's orders.
//! Commits before it answers; decides nothing (see `domain::budget`).

mod account;
mod news;
mod orders;
mod state;

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::answer::{BudgetView, Port};
use crate::dispatcher;
use crate::lane::{Alive, Lane};
use crate::store::Told;
pub(crate) use account::{Account, funds, held};
pub(crate) use orders::Order;
pub(crate) use state::State;

/// A product's budget's actor.
pub(crate) struct BudgetActor;

/// What it is born with.
pub(crate) struct Birth {
    pub(crate) lane: Lane,
    pub(crate) account: Account,
    pub(crate) dispatcher: ActorRef<dispatcher::Msg>,
    pub(crate) alive: Alive,
}

/// A message to a budget.
pub(crate) enum Msg {
    /// A committed batch.
    Told(Arc<[Told]>),
    /// How does it stand?
    View(Port<BudgetView>),
    /// An operator's order.
    Set(Order),
    /// The dispatcher promises no more money: nothing is on offer.
    GateClosed,
    /// Its window may be over, or the wait for a lost run.
    Tick,
    /// What could not be committed is tried again.
    Again,
}

impl Actor for BudgetActor {
    type Msg = Msg;
    type State = State;
    type Arguments = Birth;

    async fn pre_start(&self, me: ActorRef<Msg>, birth: Birth) -> Result<State, ActorProcessingErr> {
        me.cast(Msg::Tick)?;
        Ok(State::new(birth))
    }

    async fn handle(&self, me: ActorRef<Msg>, msg: Msg, state: &mut State) -> Result<(), ActorProcessingErr> {
        match msg {
            Msg::Told(batch) => state.hear(&batch),
            Msg::View(port) => state.answer(port),
            Msg::Set(order) => state.take(&me, order).await?,
            Msg::GateClosed => state.closed(&me).await?,
            Msg::Tick => state.rang(),
            Msg::Again => state.try_again(),
        }
        state.count(&me).await?;
        state.arm(&me);
        Ok(())
    }
}
