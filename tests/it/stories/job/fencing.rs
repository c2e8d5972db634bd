//! Who may write, and what a repeat is.

use domain::job::command::{Fence, Prior, Release, Report};
use domain::job::{Command, RunResult, Stage};
use domain::{Epoch, Timestamp};

use crate::support::job::{after, leased, queued_job, spec};
use crate::support::order::{
    checkpoint, cost, factory, fence, lease, lease_as, reject, release, report, requeue, silent, told,
};
use crate::support::story::story;

#[test]
fn an_old_epoch_is_stale() {
    story("job", "stale_epoch", leased(spec(), Stage::Building))
        .at(60)
        .does(Command::Expire(Epoch(1)))
        .at(120)
        .does(lease_as("f1", 0x12))
        .refuses(told(report(Stage::Review)))
        .refuses(told(Report { insights: cost("0.10"), ..silent() }))
        .refuses(told(Report { checkpoint: Some(checkpoint("c1")), ..silent() }))
        .refuses(Command::Renew(fence(1)))
        .refuses(release(1, RunResult::Released))
        .refuses(told(Report { fence: fence(2), ..report(Stage::Review) }))
        .refuses(told(Report { fence: fence(4), ..report(Stage::Review) }))
        .does(told(Report { fence: fence(3), ..report(Stage::Review) }))
        .snap();
}

#[test]
fn only_the_holder_may_write() {
    let stranger = Fence { epoch: Epoch(1), factory: Some(factory("f2")) };
    let unnamed = Fence { epoch: Epoch(1), factory: None };
    story("job", "wrong_holder", leased(spec(), Stage::Building))
        .at(10)
        .refuses(told(Report { fence: stranger.clone(), ..report(Stage::Review) }))
        .refuses(Command::Renew(stranger))
        .does(told(Report { fence: unnamed, ..report(Stage::Review) }))
        .snap();
}

#[test]
fn a_repeat_while_the_lease_is_held() {
    let said = Report { insights: cost("0.10"), checkpoint: Some(checkpoint("c1")), ..report(Stage::Building) };
    let more = Report { insights: cost("0.20"), ..report(Stage::Building) };
    let less = Report { insights: cost("0.15"), ..report(Stage::Building) };
    story("job", "repeat_while_leased", queued_job())
        .at(0)
        .does(lease("f1"))
        .at(10)
        .does(told(said.clone()))
        .repeats(told(said))
        .does(told(more))
        .repeats(told(less))
        .refuses(told(report(Stage::Assigned)))
        .snap();
}

#[test]
fn a_repeat_after_the_end() {
    let end = Report { checkpoint: Some(checkpoint("c1")), ..report(Stage::Failed) };
    let news = Report { checkpoint: Some(checkpoint("c2")), ..report(Stage::Failed) };
    story("job", "repeat_after_the_end", leased(spec(), Stage::Building))
        .at(10)
        .does(told(end.clone()))
        .repeats(told(end))
        .repeats(told(news))
        .refuses(told(report(Stage::Review)))
        .snap();
}

#[test]
fn a_repeat_after_another_factory_took_over() {
    let job = after(leased(spec(), Stage::Review), [(10, reject("no", false)), (11, lease_as("f2", 0x12))]);
    let again = |stage, prior| told(Report { prior, ..report(stage) });
    story("job", "repeat_after_take_over", job)
        .at(20)
        .refuses(again(Stage::Review, Prior::None))
        .repeats(again(Stage::Review, Prior::Reached(Stage::Review)))
        .refuses(again(Stage::Testing, Prior::Reached(Stage::Review)))
        .repeats(again(Stage::Testing, Prior::Same))
        .refuses(again(Stage::Review, Prior::Other))
        .snap();
}

#[test]
fn a_repeat_by_its_id() {
    story("job", "repeat_by_report_id", leased(spec(), Stage::Testing))
        .at(10)
        .repeats(told(Report { prior: Prior::Same, ..report(Stage::Building) }))
        .refuses(told(Report { prior: Prior::Other, ..report(Stage::Testing) }))
        .at(60)
        .does(Command::Expire(Epoch(1)))
        .repeats(told(report(Stage::Testing)))
        .repeats(told(Report { prior: Prior::Same, ..report(Stage::Testing) }))
        .refuses(told(Report { prior: Prior::Unknown, ..report(Stage::Testing) }))
        .snap();
}

#[test]
fn a_plain_client_that_ships_is_never_called_stale() {
    let bare = Fence { epoch: Epoch(1), factory: None };
    let ships = told(Report { fence: bare.clone(), ..report(Stage::Shipped) });
    let gives_back = Command::Release(Release { fence: bare.clone(), result: RunResult::Released, resets_at: None });
    story("job", "plain_client", queued_job())
        .at(0)
        .does(lease("f1"))
        .at(10)
        .repeats(Command::Renew(bare.clone()))
        .does(ships.clone())
        .repeats(ships)
        .repeats(gives_back)
        .refuses(Command::Renew(bare))
        .snap();
}

#[test]
fn backward_is_refused_and_skipping_is_not() {
    story("job", "forward_only", queued_job())
        .at(0)
        .does(lease("f1"))
        .does(told(report(Stage::Testing)))
        .refuses(told(report(Stage::Review)))
        .refuses(told(report(Stage::Building)))
        .refuses(told(report(Stage::Queued)))
        .does(told(report(Stage::Shipped)))
        .refuses(requeue(true, None))
        .snap();
}

#[test]
fn an_operators_requeue_bumps_the_epoch_without_a_lease_too() {
    let job = after(leased(spec(), Stage::Building), [(5, told(Report { retryable: false, ..report(Stage::Failed) }))]);
    assert_eq!(
        (job.epoch, job.finished_at),
        (Epoch(1), Some(Timestamp(5_000))),
        "the own final report keeps the epoch"
    );
    story("job", "requeue_bumps_the_epoch", job).at(10).does(requeue(false, None)).repeats(requeue(false, None)).snap();
}
