//! The product's gate. What narrows closes it in memory, waits until nothing is on offer, then commits; what widens
//! commits first.

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

/// An order that waits for the dispatcher to close the gate.
pub(super) struct GateOrder {
    command: Command,
    by: By,
    port: Port<Arc<Settings>>,
}

impl Owner {
    /// Takes an order for the gate. They are carried out one after the other: none may undo what another waits for.
    pub(super) async fn set_gate(
        &mut self,
        me: &ActorRef<Msg>,
        command: Command,
        by: By,
        port: Port<Arc<Settings>>,
    ) -> Result<(), ActorProcessingErr> {
        self.gates.push_back(GateOrder { command, by, port });
        if self.gates.len() == 1 {
            self.next_gate(me).await?;
        }
        Ok(())
    }

    /// Begins the first order that waits: what widens is committed, what narrows asks for the gate to be closed.
    async fn next_gate(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        while let Some(order) = self.gates.front() {
            let changes = !transition(&self.settings, order.command).facts.is_empty();
            if changes && order.command != Command::Resume {
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
        let Some(GateOrder { command, by, port }) = self.gates.pop_front() else { return Ok(()) };
        let step = transition(&self.settings, command);
        if step.facts.is_empty() {
            answer(port, Ok(self.settings.clone()));
            return Ok(());
        }
        match self.commit_gate(step, by.clone()).await? {
            Ok(settings) if command == Command::Estop => self.evict_all(me, by, settings, port).await?,
            outcome => {
                if outcome.is_err() {
                    self.tell_dispatcher(dispatcher::Msg::Gate(self.settings.clone()));
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
                self.settings = settings.clone();
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
