//! How many jobs wait, and for what. What the factories bring is worked out once for all of them, what they have against a
//! demand once for all its classes.

use std::collections::BTreeMap;

use super::{Board, SeatNo};
use crate::Timestamp;
use crate::dispatch::class::Class;
use crate::dispatch::needs::Needs;
use crate::dispatch::reason::Reason;
use crate::dispatch::supply::{Claim, Supply};
use crate::job::state::BlockedReason;

/// How many jobs wait for each reason.
pub type Waits = BTreeMap<Reason, usize>;

/// What each known factory brings at some instant.
pub(super) struct Fleet(Vec<Member>);

struct Member {
    seat: SeatNo,
    /// What is on its card.
    card: Supply,
    /// What its waiting claims bring; what is on its card where there are none.
    asked: Vec<Supply>,
}

/// What each known factory has against jobs that ask for the same, but for those that it alone is kept from.
pub(super) struct Judged(BTreeMap<SeatNo, Judgement>);

#[derive(Clone, Copy)]
struct Judgement {
    /// The first filter that rejects them.
    reason: Reason,
    /// It could run them if its engines were not at their limit.
    able: bool,
}

impl Fleet {
    /// What the factories have against jobs with these needs.
    pub(super) fn judged(&self, board: &Board, needs: &Needs) -> Judged {
        Judged(self.0.iter().map(|member| (member.seat, judgement(member, board, needs))).collect())
    }
}

fn judgement(member: &Member, board: &Board, needs: &Needs) -> Judgement {
    let rejected = member.asked.iter().map(|supply| supply.rejects(needs));
    let rejected = rejected.max_by_key(|rejected| rejected.unwrap_or(Reason::Position)).flatten();
    let reason = match rejected {
        Some(reason) => reason,
        None if !board.seats.is_well(member.seat) => Reason::FactoryHealth,
        None if board.seats.has_room(member.seat) => Reason::Position,
        None => Reason::Seats,
    };
    Judgement { reason, able: member.card.lacks(needs).is_none() }
}

impl Judged {
    /// The first filter that a factory fails at for jobs of a class, or `position` where it fails at none.
    pub(super) fn stance(&self, board: &Board, class: &Class, seat: SeatNo, now: Timestamp) -> Reason {
        let reason = self.0.get(&seat).map_or(Reason::NoFactoryEver, |judgement| judgement.reason);
        if reason > Reason::Excluded && board.excludes(class, seat, now) { Reason::Excluded } else { reason }
    }

    /// What the fleet as a whole has against jobs of a class: of the factories that could run them, the one that gets
    /// furthest in the order of precedence tells what is in the way.
    pub(super) fn reason(&self, board: &Board, class: &Class, now: Timestamp) -> Reason {
        let able = self.0.iter().filter(|(_, judgement)| judgement.able);
        able.map(|(seat, _)| self.stance(board, class, *seat, now)).max().unwrap_or(Reason::NoFactoryEver)
    }
}

impl Board {
    /// How many jobs wait for each reason, each of them counted once under the first.
    pub fn waits(&self, now: Timestamp) -> Waits {
        let mut waits = Waits::new();
        let mut add = |reason, jobs| {
            if jobs > 0 {
                *waits.entry(reason).or_default() += jobs;
            }
        };
        if self.is_paused() {
            add(Reason::ProductPaused, self.blocked.len() + self.ready() + self.delayed.len());
            return waits;
        }
        let mut blocked = self.blocked_counts;
        let early = self.blocked_until.iter().filter(|(_, at)| **at > now);
        for reason in early.clone().filter_map(|(job, _)| self.blocked.get(job)) {
            blocked[*reason as usize] -= 1;
        }
        add(Reason::NotBefore, early.count() + self.delayed.len());
        for reason in [BlockedReason::Dependencies, BlockedReason::NeedsInput, BlockedReason::DependencyFailed] {
            add(waits_for(reason), blocked[reason as usize]);
        }
        if let Some(reason) = self.shut() {
            add(reason, self.ready());
            return waits;
        }
        let fleet = self.fleet(now);
        for demand in self.index.demands() {
            let judged = fleet.judged(self, &demand.needs);
            for (_, class) in self.index.classes(demand).filter(|(_, class)| class.ready > 0) {
                add(Reason::ConcurrencyKey, class.shut);
                add(judged.reason(self, class, now), class.ready - class.shut);
            }
        }
        waits
    }

    /// No job is handed out until an operator says so.
    pub(super) fn is_paused(&self) -> bool {
        self.rules.paused || self.closing
    }

    /// What the known factories bring.
    pub(super) fn fleet(&self, now: Timestamp) -> Fleet {
        let members = self.seats.cards().map(|(seat, card)| {
            let plain = self.seats.supply(card, &Claim::plain(card.id.clone()), now);
            let claims = self.waiters.of(seat).into_iter().filter_map(|no| self.waiters.get(no));
            // Whoever waits takes what it said; whoever does not, what is on its card.
            let mut asked: Vec<Supply> = claims.map(|(claim, _)| self.seats.supply(card, claim, now)).collect();
            if asked.is_empty() {
                asked.push(plain.clone());
            }
            Member { seat, card: plain, asked }
        });
        Fleet(members.collect())
    }
}

/// The reason that a blocked job waits for.
pub(super) fn waits_for(reason: BlockedReason) -> Reason {
    match reason {
        BlockedReason::Dependencies | BlockedReason::DependencyFailed => Reason::Dependencies,
        BlockedReason::NeedsInput => Reason::NeedsInput,
    }
}
