//! Budgets and charges, against the store in memory.

use std::sync::Arc;

use actors::store::{Change, Store, Write};
use domain::budget::command::{Note, Set, Usage};
use domain::budget::{Budget, Charge, Command, Day, RunKey, Window, transition};
use domain::job::{RunResult, Stage};
use domain::{By, Epoch, Usd};
use serde_json::json;

use super::support::{Pair, T0, id, lease_to, product, report, spec};

/// A budget that runs commands, and what it charged last.
struct Book {
    budget: Budget,
    charge: Option<Charge>,
}

impl Book {
    async fn does(&mut self, pair: &mut Pair, command: Command) {
        let step = transition(&self.budget, &command, T0.plus_secs(60)).unwrap();
        assert!(!step.facts.is_empty());
        self.budget = step.next;
        self.charge.clone_from(&step.charge);
        let change = Change::Budget { budget: Arc::new(self.budget.clone()), charge: step.charge.map(Box::new) };
        let facts = step.facts.into_iter().map(Into::into).collect();
        let write = Write { product: product("p1"), at: T0.plus_secs(60), by: By::Coordinator, facts, change };
        pair.commit(write).await.unwrap();
    }

    async fn note(&mut self, pair: &mut Pair, (n, seq): (u16, u64), cost: u64, result: Option<RunResult>) {
        let run = RunKey { job_id: id(n), epoch: Epoch(1) };
        let engine = Some("claude".to_owned());
        let usage = Usage { run, engine, reserved: Usd(2_000_000), cost: Some(Usd(cost)), result };
        let prior = self.charge.clone().filter(|charge| charge.run() == run);
        self.does(pair, Command::Note(Box::new(Note { seq: Some(seq), usage, prior }))).await;
    }
}

#[tokio::test]
async fn budgets_and_charges_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(dir.path()).await;
    pair.agree(&[]).await;
    for n in 1..=3 {
        pair.submit(n, spec(json!({"budget": {"usd": 2_000_000}})), true).await;
        pair.does(n, lease_to("mac-1", n), None).await;
    }
    let mut book = Book { budget: Budget::new(product("p1")).counted(2), charge: None };
    let set = Set { ceiling: Some(Usd(5_000_000)), window: Window::Daily, recount: Usd(0) };
    book.does(&mut pair, Command::Set(set)).await;
    pair.agree(&[]).await;
    book.note(&mut pair, (1, 4), 500_000, None).await;
    book.note(&mut pair, (1, 5), 750_000, None).await;
    book.note(&mut pair, (2, 6), 1_000_000, Some(RunResult::Succeeded)).await;
    pair.agree(&[]).await;
    let ledger = pair.sqlite.ledger(&product("p1")).await.unwrap();
    assert_eq!(ledger.budget.as_ref(), Some(&book.budget));
    assert!(ledger.since.is_some() && !ledger.uncounted.is_empty(), "{ledger:?}");
    assert_eq!(ledger.charges.len(), 1, "{ledger:?}");
    pair.does(2, domain::job::Command::Report(Box::new(report(1, Stage::Shipped))), None).await;
    book.note(&mut pair, (3, 400), 1, Some(RunResult::Lost)).await;
    pair.agree(&[]).await;
    let ledger = pair.sqlite.ledger(&product("p1")).await.unwrap();
    assert_eq!((ledger.since, &ledger.uncounted[..]), (None, &[][..]), "everything is counted");
    let open: Vec<_> = ledger.charges.iter().map(|charge| charge.job_id).collect();
    assert_eq!(open, [id(1), id(3)], "what is settled is history");
    let today = Day::of(T0.plus_secs(60));
    for (since, count) in [(Day(0), 3), (today, 3), (Day(today.0 + 1), 0)] {
        assert_eq!(pair.sqlite.charges(&product("p1"), since).await.unwrap().len(), count);
    }
    assert_eq!(pair.sqlite.charges(&product("p2"), Day(0)).await.unwrap(), []);
}
