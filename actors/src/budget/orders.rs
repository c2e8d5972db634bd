//! An operator's orders to a budget. What narrows it closes the gate in memory, waits until nothing is on offer, then
//! commits; everything else commits first.

use domain::budget::command::Set;
use domain::budget::{Command, PausedBy};
use domain::{By, Usd};
use ractor::{ActorProcessingErr, ActorRef};

use super::{Msg, State};
use crate::answer::{BudgetCommand, BudgetView, NotDone, Port, answer};
use crate::store::{Fault, Why};
use crate::{dispatcher, job};

/// An order to a budget.
pub(crate) struct Order {
    command: BudgetCommand,
    by: By,
    /// Refused unless the budget has this `rev`.
    if_rev: Option<u64>,
    port: Port<BudgetView>,
}

impl Order {
    pub(crate) fn new(command: BudgetCommand, by: By, if_rev: Option<u64>, port: Port<BudgetView>) -> Self {
        Self { command, by, if_rev, port }
    }
}

impl State {
    /// Takes an order. They are carried out one after the other: none may undo what another waits for.
    pub(super) async fn take(&mut self, me: &ActorRef<Msg>, order: Order) -> Result<(), ActorProcessingErr> {
        self.orders.push_back(order);
        if self.orders.len() == 1 {
            self.next(me).await?;
        }
        Ok(())
    }

    /// Nothing is on offer: the first order can be committed.
    pub(super) async fn closed(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        if let Some(order) = self.orders.pop_front() {
            self.carry_out(me, order).await?;
        }
        self.tell_dispatcher(dispatcher::Msg::ReopenFunds);
        self.next(me).await
    }

    /// Begins the first order that waits: it is committed, or asks for the gate to be closed.
    async fn next(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        while let Some(order) = self.orders.front() {
            if self.narrows(order) {
                self.tell_dispatcher(dispatcher::Msg::CloseFunds);
                return Ok(());
            }
            if let Some(order) = self.orders.pop_front() {
                self.carry_out(me, order).await?;
            }
        }
        Ok(())
    }

    /// Less can be promised after it than before.
    fn narrows(&self, order: &Order) -> bool {
        let budget = &self.account.budget;
        match order.command {
            BudgetCommand::Pause => budget.paused_by != Some(PausedBy::Operator),
            BudgetCommand::Resume => false,
            BudgetCommand::Set { ceiling, window } => {
                let lower = |ceiling: Usd| budget.ceiling.is_none_or(|before| ceiling < before);
                ceiling.is_some_and(|ceiling| lower(ceiling) || window != budget.window)
            }
        }
    }

    /// Commits an order behind everything that has been counted, and answers.
    async fn carry_out(&mut self, me: &ActorRef<Msg>, order: Order) -> Result<(), ActorProcessingErr> {
        self.count(me).await?;
        let Order { command, by, if_rev, port } = order;
        let rev = self.account.budget.rev;
        if if_rev.is_some_and(|seen| seen != rev) {
            answer(port, Err(NotDone::Precondition { rev }));
            return Ok(());
        }
        let command = match self.command(command).await {
            Ok(command) => command,
            Err(why) => {
                answer(port, Err(why.into()));
                return Ok(());
            }
        };
        let mut draft = self.account.draft();
        if let Err(refusal) = draft.act(&self.lane, &command, &by) {
            answer(port, Err(NotDone::Budget(refusal)));
            return Ok(());
        }
        match self.account.commit(&self.lane, draft).await {
            Ok(()) => self.answer(port),
            Err(Fault::Lost) => return Err(Box::new(job::Lost)),
            Err(fault) => answer(port, Err(fault.into())),
        }
        Ok(())
    }

    /// The order as the budget takes it: another kind of window begins with what was charged since its natural start.
    async fn command(&self, order: BudgetCommand) -> Result<Command, Why> {
        Ok(match order {
            BudgetCommand::Pause => Command::Pause,
            BudgetCommand::Resume => Command::Resume,
            BudgetCommand::Set { ceiling, window } if window == self.account.budget.window => {
                Command::Set(Set { ceiling, window, recount: Usd(0) })
            }
            BudgetCommand::Set { ceiling, window } => {
                let start = window.start(self.lane.now());
                let charges = self.lane.store.charges(&self.lane.product, domain::budget::Day::of(start)).await?;
                let recount = charges.iter().fold(Usd(0), |sum, charge| sum.plus(charge.since(start)));
                Command::Set(Set { ceiling, window, recount })
            }
        })
    }
}
