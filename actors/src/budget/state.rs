//! What a budget's actor holds, and how it counts.

use std::collections::VecDeque;
use std::time::Duration;

use domain::By;
use domain::budget::command::{Lapse, Note, Usage};
use domain::budget::{Charge, Command, Reason, RunKey};
use ractor::{ActorProcessingErr, ActorRef};

use super::account::{Account, Draft};
use super::news::{News, Of, last_seq, reserved, usage};
use super::{Birth, Msg, Order};
use crate::alarm::Alarm;
use crate::answer::{BudgetView, Port};
use crate::lane::{Alive, Lane};
use crate::store::{Fault, Told, Why};
use crate::{dispatcher, job};

/// How long to wait before what could not be read or committed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// After so many events that mean no money it is saved how far the budget has counted.
const MOST_BEHIND: u64 = 10_000;

/// A budget's actor's state.
pub(crate) struct State {
    pub(super) lane: Lane,
    pub(super) account: Account,
    pub(super) dispatcher: ActorRef<dispatcher::Msg>,
    /// What is to be counted, in the order of the log.
    news: VecDeque<News>,
    /// The last event that was heard of.
    heard: u64,
    /// How far it has counted, as that is saved.
    saved: u64,
    /// Orders that are carried out one after the other; the dispatcher may be closing its gate for the first.
    pub(super) orders: VecDeque<Order>,
    /// Something could not be read or committed: it is tried again a little later.
    stuck: bool,
    alarm: Alarm,
    _alive: Alive,
}

impl State {
    pub(super) fn new(birth: Birth) -> Self {
        let cursor = birth.account.budget.cursor;
        Self {
            lane: birth.lane,
            account: birth.account,
            dispatcher: birth.dispatcher,
            news: VecDeque::new(),
            heard: cursor,
            saved: cursor,
            orders: VecDeque::new(),
            stuck: false,
            alarm: Alarm::default(),
            _alive: birth.alive,
        }
    }

    /// Takes note of what a committed batch says of money.
    pub(super) fn hear(&mut self, batch: &[Told]) {
        self.news.extend(batch.iter().filter_map(News::of));
        self.heard = batch.iter().filter_map(last_seq).next_back().unwrap_or(self.heard).max(self.heard);
    }

    /// Counts what it has heard, and what time has brought. An error ends the product's incarnation.
    pub(super) async fn count(&mut self, me: &ActorRef<Msg>) -> Result<(), ActorProcessingErr> {
        while !self.stuck {
            match self.counted().await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(Fault::Lost) => return Err(Box::new(job::Lost)),
                Err(fault) => {
                    tracing::warn!(product = %self.lane.product, %fault, "the budget could not be counted");
                    self.stuck = true;
                    me.send_after(AGAIN, || Msg::Again);
                }
            }
        }
        Ok(())
    }

    /// Counts some of it. False: nothing is left to be counted.
    async fn counted(&mut self) -> Result<bool, Fault> {
        let mut draft = self.account.draft();
        let mut taken = 0;
        for news in &self.news {
            if draft.is_full() {
                break;
            }
            taken += 1;
            if let Some(note) = self.note(&draft, news).await? {
                // Money that was spent is never refused.
                drop(draft.act(&self.lane, &Command::Note(Box::new(note)), &By::Coordinator));
            }
        }
        if taken == self.news.len() {
            draft.budget = draft.budget.counted(self.heard);
            self.fall_due(&mut draft).await?;
            if draft.is_empty() && draft.budget.cursor >= self.saved + MOST_BEHIND {
                draft.save(&self.lane);
            }
        }
        let (cursor, changes) = (draft.budget.cursor, !draft.is_empty());
        self.account.commit(&self.lane, draft).await?;
        self.news.drain(..taken);
        if changes {
            self.saved = cursor;
        }
        Ok(changes || !self.news.is_empty())
    }

    /// What time has brought: the window's end, or the end of the wait for a lost run.
    async fn fall_due(&self, draft: &mut Draft) -> Result<(), Why> {
        let Some((_, reason)) = draft.budget.deadline().filter(|(at, _)| *at <= self.lane.now()) else { return Ok(()) };
        let command = match reason {
            Reason::Turn => Command::Turn,
            Reason::Lapse(run) => Command::Lapse(Lapse { run, prior: self.charge(draft, run).await? }),
        };
        // Neither is ever refused.
        drop(draft.act(&self.lane, &command, &By::Coordinator));
        Ok(())
    }

    /// What there is to be counted. None: nothing, for the run is not known.
    async fn note(&self, draft: &Draft, news: &News) -> Result<Option<Note>, Why> {
        Ok(match &news.of {
            Of::Run(job_id, run) => {
                let prior = self.account.prior(draft, RunKey { job_id: *job_id, epoch: run.epoch });
                Some(Note { seq: news.seq, usage: usage(*job_id, run), prior })
            }
            Of::Late(job_id, epoch) => {
                let run = self.lane.store.run(&self.lane.product, *job_id, *epoch).await?;
                let prior = self.charge(draft, RunKey { job_id: *job_id, epoch: *epoch }).await?;
                run.map(|run| Note { seq: news.seq, usage: Usage::late(*job_id, &run, reserved(&run)), prior })
            }
        })
    }

    /// What a run has been charged.
    async fn charge(&self, draft: &Draft, run: RunKey) -> Result<Option<Charge>, Why> {
        match self.account.prior(draft, run) {
            Some(charge) => Ok(Some(charge)),
            None => self.lane.store.charge(&self.lane.product, run.job_id, run.epoch).await,
        }
    }

    pub(super) fn try_again(&mut self) {
        self.stuck = false;
    }

    pub(super) fn rang(&mut self) {
        self.alarm.rang();
    }

    /// Sets the alarm to what time brings next.
    pub(super) fn arm(&mut self, me: &ActorRef<Msg>) {
        let due = self.account.budget.deadline().map(|(at, _)| at).filter(|_| !self.stuck);
        let ring = |pause| me.send_after(pause, || Msg::Tick).abort_handle();
        self.alarm.set(due, self.lane.now(), ring);
    }

    /// Answers with the budget as it stands; the dispatcher adds what is promised.
    pub(super) fn answer(&self, port: Port<BudgetView>) {
        self.tell_dispatcher(dispatcher::Msg::Funded(self.account.budget.clone(), port));
    }

    /// Tells the dispatcher. One that has gone takes this actor with it.
    pub(super) fn tell_dispatcher(&self, msg: dispatcher::Msg) {
        let _ = self.dispatcher.cast(msg);
    }
}
