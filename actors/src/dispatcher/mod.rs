//! The product's dispatcher: asks the board (see `domain::dispatch`) and carries what it says to jobs and claims.
//!
//! Saves nothing: the board is derived from what is committed. Frees nothing by time: a lost offer is asked about.

mod claims;
mod dependencies;
mod msg;
mod shadow;
mod state;

use domain::dispatch::{Board, Graph};
use domain::mutant::Mutant;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::answer::{Counts, FactoryView, answer};
use crate::claim::Answer;
use crate::lane::{Alive, Lane};
use crate::{answer::NotDone, job, product};
use dependencies::TELL_AGAIN;
pub(crate) use msg::{Edges, Msg, Seen};
pub(crate) use state::{State, rules};

/// A product's dispatcher.
pub(crate) struct DispatcherActor;

/// What a dispatcher is born with.
pub(crate) struct Birth {
    pub(crate) lane: Lane,
    pub(crate) product: ActorRef<product::Msg>,
    pub(crate) board: Board,
    pub(crate) graph: Graph,
    pub(crate) parked_claims: usize,
    pub(crate) alive: Alive,
}

impl Actor for DispatcherActor {
    type Msg = Msg;
    type State = State;
    type Arguments = Birth;

    async fn pre_start(&self, me: ActorRef<Msg>, birth: Birth) -> Result<State, ActorProcessingErr> {
        let state = State::new(birth);
        if !Mutant::VerdictForgotten.is_planted() {
            state.tell_open_verdicts();
        }
        me.cast(Msg::Tick)?;
        Ok(state)
    }

    async fn handle(&self, me: ActorRef<Msg>, msg: Msg, state: &mut State) -> Result<(), ActorProcessingErr> {
        match msg {
            Msg::Claim(claiming) => state.claim(claiming),
            Msg::Left(no) => state.left(no),
            Msg::Told(batch) => state.told(&me, &batch),
            Msg::OfferRefused(id, seen, claiming) => {
                state.offer_ended(id, &seen);
                state.claim(claiming);
            }
            Msg::OfferEnded(id, seen) => state.offer_ended(id, &seen),
            Msg::JobDied(id) => state.tell_job(id, job::Msg::Stand),
            Msg::Standing(id, seen) => state.stands(&me, id, &seen),
            Msg::Parked(id) => state.parked(id),
            Msg::Watch(edges, port) => {
                let circle = state.watch(&edges);
                // Who asked may have gone; its guard forgets the edges.
                let _ = port.send(circle);
            }
            Msg::Forget(edges) => state.forget(&edges),
            Msg::Read(stages) => state.read(stages),
            Msg::Stages(id, stages, children) => state.stages(id, stages, children),
            Msg::FindOrphans(parent) => state.find_orphans(&me, parent),
            Msg::Orphans(_) if Mutant::SubtreeSpared.is_planted() => {}
            Msg::Orphans(orphans) => orphans.into_iter().for_each(|id| state.tell_job(id, job::Msg::Orphaned)),
            Msg::OrphanAgain(id) => drop(me.send_after(TELL_AGAIN, move || Msg::Orphans(vec![id]))),
            Msg::AskAgain(id) => state.ask_again(&me, id),
            Msg::Verdict(id) => state.tell_verdict(id),
            Msg::LookUp(id) => state.look_up(&me, id),
            Msg::Close => state.close(None),
            Msg::CloseFactory(id) => state.close(Some(id)),
            Msg::Gate(settings) => state.board.set_rules(rules(&settings, state.lane.switches), state.lane.now()),
            Msg::Card(card) => state.board.reopen_factory(card, state.lane.now()),
            Msg::Beat(beaten, port) => answer(port, Ok(state.beaten(*beaten))),
            Msg::Viewed(view, port) => answer(port, Ok(state.seated(view))),
            Msg::Explain(id, port) => answer(port, Ok(state.board.explain(id, state.lane.now()))),
            Msg::Preview(claim, port) => {
                let seen = state.board.preview(&claim, state.lane.now());
                answer(port, seen.map_err(NotDone::from));
            }
            Msg::Count(port) => {
                let (ready, waiting_claims) = (state.board.ready(), state.board.waiting());
                let counts =
                    Counts { ready, waiting_claims, waits: state.board.waits(state.lane.now()), ..Counts::default() };
                // The product adds what it knows; one that has gone takes this actor with it.
                let _ = state.product.cast(product::Msg::Count(counts, port));
            }
            Msg::Stop => state.stop(),
            Msg::Tick => state.alarm.rang(),
        }
        state.settle();
        state.arm(&me);
        Ok(())
    }
}

impl State {
    /// Answers every waiting claim that the node is shutting down.
    fn stop(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_values();
        for claiming in waiting.chain(self.shadows.take()) {
            // Who has gone needs no answer.
            let _ = claiming.tell(Answer::Failed(NotDone::Stopping));
        }
    }

    fn seated(&self, view: FactoryView) -> FactoryView {
        FactoryView { seats_used: self.board.seats_used(&view.factory.id), ..view }
    }
}
