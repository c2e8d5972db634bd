//! Waiting claims: who gets a job that becomes ready, and which job whoever gets room.

use domain::JobId;
use proptest::prelude::*;
use uuid::Uuid;

use crate::boards::{Move, Pair, agrees};
use crate::shapes::{self, CardShape, ClaimShape, FACTORIES, JobShape};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A job that becomes ready goes to whoever it fits best, and among equals to whoever waits longest.
    #[test]
    fn a_fresh_job_goes_to_the_waiting_claim_that_it_fits_best(
        cards in prop::collection::vec(shapes::card(), 1..6),
        loads in prop::collection::vec(0_u16..1_001, 3),
        waiters in prop::collection::vec(shapes::claim(), 1..8),
        job in shapes::job(),
    ) {
        let mut pair = Pair::new();
        cards.iter().for_each(|card| pair.card(card));
        for (no, permille) in (0..FACTORIES).zip(loads) {
            pair.play(Move::Load { factory: no, permille })?;
        }
        for shape in waiters {
            pair.play(Move::Wait(shape))?;
        }
        let job = JobShape { pause_ms: 0, dependents: 0, ..job };
        let (id, waiting) = (JobId(Uuid::from_u128(7)), pair.waiters.clone());
        pair.submit(&job);
        let fits = waiting.iter().filter_map(|(no, claim)| Some((pair.rival.fit(claim, id, pair.now)?, std::cmp::Reverse(*no))));
        let best = fits.max().map(|(score, _)| score);
        let served = pair.board.serve_waiters(pair.now, |_| false);
        prop_assert_eq!(served.len(), usize::from(best.is_some()));
        if let Some((no, _)) = served.first() {
            let got = waiting.iter().find(|(waiter, _)| waiter == no).and_then(|(_, claim)| pair.rival.fit(claim, id, pair.now));
            prop_assert_eq!(got, best);
        }
    }
}

/// The first of two claims that bring the same cannot have the best job, because it failed there twice.
#[test]
fn a_job_that_is_kept_from_one_claim_is_not_passed_over_for_another_one() {
    let job = |priority, due_in, failed_on, saved_by| JobShape {
        priority,
        words: 0,
        engines: 0,
        key: None,
        pause_ms: 0,
        repo: None,
        due_in,
        cents: None,
        attempt: 0,
        saved_by,
        failed_on,
        dependents: 0,
    };
    let claim = |factory| ClaimShape { factory, words: None, weights: Vec::new() };
    let steps = vec![
        Move::Submit(job(1, Some(0), 2, None)),
        Move::Rules { paused: true, review_limit: None, cents: 0, weights: vec![] },
        Move::Submit(job(0, None, 0, None)),
        Move::Submit(job(0, None, 0, None)),
        Move::Card(CardShape { words: 3, seats: 1, engines: [(1, 0, None), (1, 0, None)], ..CardShape::plain(2) }),
        Move::Pass { ms: 1 },
        Move::Wait(claim(1)),
        Move::Submit(job(1, None, 0, Some(2))),
        Move::Wait(claim(2)),
        Move::Rules { paused: false, review_limit: None, cents: 0, weights: vec![(4, 21)] },
    ];
    agrees(steps).expect("nobody is passed over");
}
