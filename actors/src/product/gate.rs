//! The product's gate and its other settings. What closes the gate closes it in memory, waits until nothing is on offer,
//! then commits; everything else commits first.
//!
//! That holds for a lower limit of jobs in review too: offers that are under way when it is committed may still become
//! grants. Closing the gate for it would send claims away for which there is work.

use std::sync::Arc;

use domain::By;
use domain::mutant::Mutant;
use domain::product::{Command, Settings, Step, transition};
use ractor::{ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::{Msg, Owner};
use crate::answer::{NotDone, Port, answer};
use crate::store::{Change, Fault, Write};
use crate::{dispatcher, job};

/// An order to the product; it may have to wait for the dispatcher to close the gate.
pub(crate) struct GateOrder {
    command: Command,
    by: By,
    /// Refused unless the settings have this `rev`.
    if_rev: Option<u64>,
    port: Port<Arc<Settings>>,
}

impl GateOrder {
    pub(crate) fn new(command: Command, by: By, if_rev: Option<u64>, port: Port<Arc<Settings>>) -> Self {
        Self { command, by, if_rev, port }
    }

    /// The caller saw other settings.
    fn is_stale(&self, settings: &Settings) -> bool {
        self.if_rev.is_some_and(|rev| rev != settings.rev)
    }

    /// The gate is to be closed for it first.
    fn closes(&self, settings: &Settings) -> bool {
        let narrows = matches!(self.command, Command::Pause | Command::Estop);
        narrows && !self.is_stale(settings) && !transition(settings, self.command.clone()).facts.is_empty()
    }
}

impl Owner {
    /// Takes an order. They are carried out one after the other: none may undo what another waits for.
    pub(super) async fn set(&mut self, me: &ActorRef<Msg>, order: GateOrder) -> Result<(), ActorProcessingErr> {
        self.gates.push_back(order);
        if self.gates.len() == 1 {
            self.next_gate(me).await?;
        }
        Ok(())
    }

    /// Begins the first order that waits: it is committed, or asks for the gate to be closed.
    async fn next_gate(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        while let Some(order) = self.gates.front() {
            if order.closes(&self.lane.settings.get()) {
                self.tell_dispatcher(dispatcher::Msg::Close);
                return Ok(());
            }
            self.finish_gate(me).await?;
        }
        Ok(())
    }

    /// Nothing is on offer any more: the order that waited for that is committed, and the next one begins.
    pub(super) async fn gate_closed(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        self.finish_gate(me).await?;
        self.next_gate(me).await
    }

    async fn finish_gate(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        let Some(order) = self.gates.pop_front() else { return Ok(()) };
        let settings = self.lane.settings.get();
        let stale = order.is_stale(&settings);
        let GateOrder { command, by, port, .. } = order;
        if stale {
            answer(port, Err(NotDone::Precondition { rev: settings.rev }));
            return Ok(());
        }
        let ends_leases = command == Command::Estop;
        let step = transition(&settings, command);
        if step.facts.is_empty() {
            answer(port, Ok(settings));
            return Ok(());
        }
        match self.commit_gate(step, by.clone()).await? {
            Ok(settings) if ends_leases => self.evict_all(me, by, settings, port).await?,
            outcome => {
                if outcome.is_err() {
                    self.tell_dispatcher(dispatcher::Msg::Gate(self.lane.settings.get()));
                }
                answer(port, outcome);
            }
        }
        Ok(())
    }

    async fn commit_gate(&mut self, step: Step, by: By) -> Result<Result<Arc<Settings>, NotDone>, ActorProcessingErr> {
        let settings = Arc::new(step.next);
        let write = Write {
            product: self.lane.product.clone(),
            at: self.lane.now(),
            by,
            facts: step.facts.into_iter().map(Into::into).collect(),
            change: Change::Settings { settings: settings.clone() },
        };
        match self.lane.store.commit(write).await {
            Ok(_) => {
                self.lane.settings.set(settings.clone());
                Ok(Ok(settings))
            }
            Err(Fault::Lost) => Err(Box::new(job::Lost)),
            Err(fault) => Ok(Err(fault.into())),
        }
    }

    /// Ends every lease; answers when the last one has ended.
    async fn evict_all(
        &mut self,
        me: &ActorRef<Msg>,
        by: By,
        settings: Arc<Settings>,
        port: Port<Arc<Settings>>,
    ) -> Result<(), ActorProcessingErr> {
        let mut held: Vec<_> = self.leases.iter().map(|(job, _)| job).collect();
        if Mutant::EstopEvictsNobody.is_planted() {
            held.clear();
        }
        let mut endings = Vec::with_capacity(held.len());
        for id in held {
            let (port, ended) = oneshot::channel();
            self.route(me, id, job::Msg::Evict(by.clone(), port)).await?;
            endings.push(ended);
        }
        tokio::spawn(async move {
            for ended in endings {
                if !matches!(ended.await, Ok(Ok(()))) {
                    // The stop itself is committed, and perhaps some of the ends: "nothing was changed" would be wrong.
                    answer(port, Err(NotDone::OutcomeUnknown));
                    return;
                }
            }
            answer(port, Ok(settings));
        });
        Ok(())
    }
}
