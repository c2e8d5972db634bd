//! Stories of the pure core: each step prints given / when / then / events / deadline as text.
//!
//! A story drives an aggregate by its real `transition`; it decides nothing itself.

use domain::Timestamp;

use super::log::Log;
use super::members::Members;

/// An aggregate that a story can be told of.
pub(crate) trait Actor: Clone + PartialEq {
    /// What it can be told to do.
    type Order;

    /// The order in words.
    fn said(order: &Self::Order) -> String;

    /// Carries out the order. Refuses in words.
    fn obeys(&self, order: Self::Order, now: Timestamp) -> Result<Turn<Self>, String>;

    /// Every member.
    fn members(&self) -> Members;

    /// Where it stands, in one line.
    fn standing(&self) -> String;

    /// When it has to be looked at again, and why.
    fn deadline(&self) -> String;
}

/// What an order led to.
pub(crate) struct Turn<A> {
    /// The aggregate as it is now.
    pub(crate) next: A,
    /// What became true.
    pub(crate) events: Vec<String>,
    /// A record that ended with it.
    pub(crate) ended: Option<Members>,
}

/// A story under way.
pub(crate) struct Story<A> {
    log: Log,
    actor: A,
    now: Timestamp,
}

/// Begins a story of an aggregate as it is.
pub(crate) fn story<A: Actor>(aggregate: &'static str, name: &str, actor: A) -> Story<A> {
    let mut log = Log::new(aggregate, name);
    log.tell("given", &actor.members().full());
    Story { log, actor, now: Timestamp(0) }
}

impl<A: Actor> Story<A> {
    /// Sets the clock, in seconds since the story began.
    pub(crate) fn at(self, secs: i64) -> Self {
        self.at_ms(secs * 1_000)
    }

    /// Sets the clock, in milliseconds since the story began.
    pub(crate) fn at_ms(mut self, ms: i64) -> Self {
        self.now = Timestamp(ms);
        self
    }

    /// Gives an order that is carried out and has an effect.
    pub(crate) fn does(self, order: A::Order) -> Self {
        self.obeys(order, true)
    }

    /// Gives an order whose effect stands already: a yes that changes nothing.
    pub(crate) fn repeats(self, order: A::Order) -> Self {
        self.obeys(order, false)
    }

    /// Gives an order that is refused.
    pub(crate) fn refuses(mut self, order: A::Order) -> Self {
        let said = A::said(&order);
        self.begin(&said);
        match self.actor.obeys(order, self.now) {
            Ok(turn) => panic!("{said} was carried out: {:?}", turn.events),
            Err(refusal) => self.log.tell("refused", &[refusal]),
        }
        self
    }

    /// Holds the story against its snapshot.
    pub(crate) fn snap(self) {
        self.log.snap();
    }

    fn begin(&mut self, said: &str) {
        self.log.when(self.now, said);
        self.log.tell("given", &[self.actor.standing()]);
    }

    fn obeys(mut self, order: A::Order, has_effect: bool) -> Self {
        let said = A::said(&order);
        self.begin(&said);
        let turn = match self.actor.obeys(order, self.now) {
            Ok(turn) => turn,
            Err(refusal) => panic!("{said} was refused: {refusal}"),
        };
        assert_eq!(!turn.events.is_empty(), has_effect, "{said}: {:?}", turn.events);
        self.log.tell("then", &self.actor.members().changes(&turn.next.members()));
        if let Some(ended) = turn.ended {
            self.log.tell("ended", &ended.full());
        }
        self.log.tell("events", &turn.events);
        self.log.tell("deadline", &[turn.next.deadline()]);
        self.actor = turn.next;
        self
    }
}
