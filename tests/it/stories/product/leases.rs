//! The map of held leases: renewals, heartbeats, deadlines.

use domain::job::command::Fence;
use domain::job::{Command, Job, Spec, Stage};
use domain::product::{Beaten, Held, Leases};
use domain::{Epoch, JobId, Timestamp};
use uuid::Uuid;

use crate::support::job::{after, spec};
use crate::support::log::Log;
use crate::support::members::{at, list, short};
use crate::support::order::{factory, fence, lease};

/// A map of leases with the story of what happened to it.
struct Map {
    leases: Leases,
    log: Log,
    now: Timestamp,
}

fn map(name: &str) -> Map {
    Map { leases: Leases::default(), log: Log::new("product", name), now: Timestamp(0) }
}

fn id(no: u128) -> JobId {
    JobId(Uuid::from_u128(no))
}

/// A job that f1 leased at 0 s for 60 s.
fn leased(no: u128, spec: Spec) -> Job {
    let job = domain::job::submit(id(no), crate::support::job::product(), spec, true, Timestamp(0)).job;
    after(job, [(0, lease("f1"))])
}

fn pairs(of: &[(JobId, Epoch)]) -> String {
    list(of.iter().map(|(job, epoch)| format!("{}@{epoch}", short(job.0))))
}

impl Map {
    fn at(mut self, secs: i64) -> Self {
        self.now = Timestamp(secs * 1_000);
        self
    }

    fn knows(mut self, what: &str, job: &Job) -> Self {
        self.leases.observe(job);
        self.told(&format!("{} is {what}", short(job.id.0)), "")
    }

    fn renews(mut self, no: u128, fence: &Fence, ttl_sec: Option<u32>) -> Self {
        let renewal = self.leases.renew(id(no), fence, ttl_sec, self.now);
        let asked = ttl_sec.map(|ttl| format!(" for {ttl}s")).unwrap_or_default();
        let by = fence.factory.as_ref().map_or("whoever", |factory| factory.as_str());
        let answer = renewal.map_or_else(
            || "not held".to_owned(),
            |renewal| format!("until {}, ttl {}s", at(renewal.expires_at), renewal.ttl_sec),
        );
        self.told(&format!("{by} renews {}@{}{asked}", short(id(no).0), fence.epoch), &answer)
    }

    fn beats(mut self, name: &str, listed: &[(u128, u64)]) -> Self {
        let listed: Vec<_> = listed.iter().map(|(no, epoch)| (id(*no), Epoch(*epoch))).collect();
        let Beaten { renewed, lost, unlisted, reclaim } = self.leases.beat(&factory(name), &listed, self.now);
        let renewed: Vec<_> = renewed.into_iter().map(|(job, epoch, _)| (job, epoch)).collect();
        let parts = [("renewed", renewed), ("lost", lost), ("unlisted", unlisted), ("reclaim", reclaim)];
        let parts: Vec<_> =
            parts.iter().filter(|(_, of)| !of.is_empty()).map(|(word, of)| format!("{word} {}", pairs(of))).collect();
        self.told(&format!("{name} lists {}", pairs(&listed)), &parts.join(", "))
    }

    fn takes_due(mut self) -> Self {
        let due: Vec<_> = self.leases.take_due(self.now).into_iter().map(|(job, held)| (job, held.epoch)).collect();
        self.told("what is due", &pairs(&due))
    }

    fn spares(mut self, no: u128) -> Self {
        let spared = self.leases.spare(id(no), self.now);
        self.told(&format!("spare {}", short(id(no).0)), if spared { "one more TTL" } else { "it had that already" })
    }

    fn asks_again(mut self, no: u128, secs: u64) -> Self {
        self.leases.ask_again(id(no), Epoch(1), self.now.plus_secs(secs));
        self.told(&format!("the end of {} could not be committed; ask again in {secs}s", short(id(no).0)), "")
    }

    fn doubts(mut self, no: u128, secs: u64) -> Self {
        self.leases.doubt(id(no), Epoch(1), self.now.plus_secs(secs));
        self.told(&format!("whoever was to end {} has died; ask again in {secs}s", short(id(no).0)), "")
    }

    fn revives(mut self, heartbeat_sec: u32) -> Self {
        self.leases.revive(|_| heartbeat_sec, self.now);
        self.told(&format!("the product starts again; heartbeats every {heartbeat_sec}s"), "")
    }

    fn saves(mut self) -> Self {
        let unsaved: Vec<_> = self.leases.take_unsaved().into_iter().map(|(job, held)| (job, held.epoch)).collect();
        self.told("save renewals", &pairs(&unsaved))
    }

    fn told(mut self, what: &str, answer: &str) -> Self {
        self.log.when(self.now, what);
        if !answer.is_empty() {
            self.log.tell("answer", &[answer.to_owned()]);
        }
        let held: Vec<_> = self.leases.iter().map(|(job, held)| shown(job, held)).collect();
        self.log.tell("held", &held);
        self.log.tell("next due", &[self.leases.next_due().map_or_else(|| "never".to_owned(), at)]);
        self
    }

    fn snap(self) {
        self.log.snap();
    }
}

fn shown(job: JobId, held: &Held) -> String {
    let limit = held.limit_at.map(|limit| format!(", limit at {}", at(limit))).unwrap_or_default();
    format!(
        "{}@{} by {} until {}, ttl {}s, renewals {}{limit}",
        short(job.0),
        held.epoch,
        held.holder,
        at(held.expires_at),
        held.ttl_sec,
        held.renewals
    )
}

#[test]
fn a_renewal_counts_from_when_it_was_heard() {
    map("renew")
        .knows("leased", &leased(1, spec()))
        .at(30)
        .renews(1, &fence(1), None)
        .at(20)
        .renews(1, &fence(1), None)
        .at(40)
        .renews(1, &fence(1), Some(120))
        .renews(1, &fence(1), Some(30))
        .renews(1, &fence(2), None)
        .renews(1, &Fence { epoch: Epoch(1), factory: Some(factory("f2")) }, None)
        .renews(1, &Fence { epoch: Epoch(1), factory: None }, None)
        .renews(2, &fence(1), None)
        .saves()
        .saves()
        .snap();
}

#[test]
fn heartbeats_renew_what_they_list_and_the_second_that_does_not_takes_back() {
    map("heartbeats")
        .knows("leased", &leased(1, spec()))
        .knows("leased", &leased(2, spec()))
        .at(10)
        .beats("f1", &[(1, 1), (2, 1)])
        .at(20)
        .beats("f1", &[(1, 1), (3, 1)])
        .at(30)
        .beats("f1", &[(1, 1), (2, 1)])
        .at(40)
        .beats("f1", &[(1, 1)])
        .beats("f2", &[(1, 1)])
        .at(50)
        .beats("f1", &[(1, 1)])
        .at(60)
        .beats("f1", &[(1, 1), (2, 1)])
        .knows("released", &after(leased(2, spec()), [(60, Command::Reclaim(Epoch(1)))]))
        .snap();
}

#[test]
fn what_is_due_comes_in_order_and_its_end_is_final_for_renewals() {
    let limited = Spec { timeout_sec: Some(10), ..spec() };
    map("due")
        .knows("leased", &leased(1, spec()))
        .knows("leased", &leased(2, limited))
        .at(30)
        .renews(1, &fence(1), None)
        .at(39)
        .takes_due()
        .at(40)
        .takes_due()
        .renews(2, &fence(1), None)
        .asks_again(2, 5)
        .at(44)
        .takes_due()
        .at(45)
        .takes_due()
        .at(90)
        .takes_due()
        .takes_due()
        .knows("lost", &after(leased(1, spec()), [(60, Command::Expire(Epoch(1)))]))
        .snap();
}

#[test]
fn a_report_moves_the_limit_and_keeps_the_renewals() {
    let limited = Spec { timeout_sec: Some(10), ..spec() };
    let report = crate::support::order::told(crate::support::order::report(Stage::Review));
    map("limit_ends_with_delivery")
        .knows("leased", &leased(1, limited.clone()))
        .at(20)
        .renews(1, &fence(1), None)
        .knows("in review", &after(leased(1, limited), [(20, report)]))
        .snap();
}

#[test]
fn the_brake_spares_once() {
    map("spare_once")
        .knows("leased", &leased(1, spec()))
        .at(60)
        .takes_due()
        .spares(1)
        .at(120)
        .takes_due()
        .spares(1)
        .snap();
}

#[test]
fn a_renewal_earns_another_spare() {
    map("spare_after_a_renewal")
        .knows("leased", &leased(1, spec()))
        .at(60)
        .takes_due()
        .spares(1)
        .at(70)
        .renews(1, &fence(1), None)
        .at(130)
        .takes_due()
        .spares(1)
        .snap();
}

#[test]
fn after_a_start_a_lease_lives_three_heartbeats_or_its_ttl() {
    map("revive")
        .knows("leased", &leased(1, spec()))
        .at(50)
        .revives(10)
        .at(100)
        .revives(10)
        .at(200)
        .revives(300)
        .at(210)
        .revives(1)
        .snap();
}

#[test]
fn a_lease_whose_end_may_be_on_its_way_is_not_renewed() {
    map("in_doubt")
        .knows("leased", &leased(1, spec()))
        .at(60)
        .takes_due()
        .doubts(1, 1)
        .renews(1, &fence(1), None)
        .beats("f1", &[(1, 1)])
        .at(61)
        .takes_due()
        .knows("still held", &leased(1, spec()))
        .renews(1, &fence(1), None)
        .snap();
}
