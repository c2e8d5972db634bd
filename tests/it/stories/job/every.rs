//! Every order that a job can be given, with every variation that matters to where it leads.

use domain::Epoch;
use domain::job::command::{Adopt, Fence, Outcome, Prior, Report};
use domain::job::{Command, Job, RunResult, Spec, Stage};

use crate::support::order::{
    answer, approve, asks, cancel, checkpoint, cost, edit, factory, fence, lease_as, limited, preempt, reject, release,
    report, requeue, result, silent, told,
};

/// Every order, with the second at which it is given.
pub(super) fn orders(job: &Job) -> Vec<(i64, Command)> {
    let epoch = job.lease.as_ref().map_or(1, |lease| lease.epoch.0);
    let mut orders = vec![(10, lease_as("f2", 0x12)), (3_600, lease_as("f2", 0x12))];
    orders.extend(reports(epoch).into_iter().map(|report| (10, told(report))));
    orders.extend(by_factory(epoch).into_iter().map(|order| (10, order)));
    orders.extend(by_coordinator(epoch));
    orders.extend(by_operator(&job.spec).into_iter().map(|order| (10, order)));
    for (_, order) in &mut orders {
        if let Command::Report(report) = order
            && report.fence.epoch == Epoch(1)
        {
            report.fence.epoch = Epoch(epoch);
        }
    }
    orders
}

fn reports(epoch: u64) -> Vec<Report> {
    let mut reports: Vec<Report> = Stage::ALL.into_iter().map(report).collect();
    reports.push(asks("Why?"));
    reports.extend(RESULTS.into_iter().map(result));
    reports.extend([
        Report { result: Some(RunResult::NeedsInput), ..asks("Why?") },
        Report { result: Some(RunResult::Failed), ..report(Stage::Shipped) },
        Report { result: Some(RunResult::NoChanges), ..report(Stage::Shipped) },
        Report { result: Some(RunResult::NoChanges), ..report(Stage::Building) },
        Report { result: Some(RunResult::NoChanges), ..report(Stage::Testing) },
        Report { result: Some(RunResult::Quota), ..report(Stage::Failed) },
        Report { retryable: false, ..report(Stage::Failed) },
        silent(),
        Report { insights: cost("0.40"), ..silent() },
        Report { insights: cost("1.11"), ..silent() },
        Report { insights: cost("1.11"), ..report(Stage::Review) },
        Report { checkpoint: Some(checkpoint("c2")), ..silent() },
        Report { checkpoint: Some(checkpoint("c2")), ..report(Stage::Review) },
        Report { fence: Fence { epoch: Epoch(1), factory: None }, ..report(Stage::Testing) },
        Report { fence: Fence { epoch: Epoch(epoch), factory: Some(factory("f2")) }, ..report(Stage::Testing) },
        Report { fence: fence(0), ..report(Stage::Testing) },
        Report { prior: Prior::Unknown, ..report(Stage::Review) },
        Report { prior: Prior::Same, ..report(Stage::Building) },
        Report { prior: Prior::Other, ..report(Stage::Building) },
        Report { prior: Prior::Reached(Stage::Review), ..report(Stage::Review) },
    ]);
    reports
}

const RESULTS: [RunResult; 11] = [
    RunResult::Succeeded,
    RunResult::NoChanges,
    RunResult::Failed,
    RunResult::TimedOut,
    RunResult::OverBudget,
    RunResult::NeedsInput,
    RunResult::Quota,
    RunResult::Lost,
    RunResult::Cancelled,
    RunResult::Preempted,
    RunResult::Released,
];

fn by_factory(epoch: u64) -> Vec<Command> {
    let stranger = Fence { epoch: Epoch(epoch), factory: Some(factory("f2")) };
    vec![
        release(epoch, RunResult::Released),
        release(epoch, RunResult::Quota),
        limited(epoch, 600),
        release(epoch, RunResult::Preempted),
        release(epoch, RunResult::Failed),
        release(0, RunResult::Released),
        Command::Renew(fence(epoch)),
        Command::Renew(stranger),
    ]
}

fn by_coordinator(epoch: u64) -> Vec<(i64, Command)> {
    let epoch = Epoch(epoch);
    vec![
        (60, Command::Expire(epoch)),
        (60, Command::Expire(Epoch(0))),
        (60, Command::Reclaim(epoch)),
        (659, Command::Limit(epoch)),
        (660, Command::Limit(epoch)),
        (990, Command::Limit(epoch)),
        (10, preempt(epoch.0)),
        (10, preempt(0)),
        (10, Command::Evict),
        (10, Command::DependenciesMet),
        (10, Command::DependencyFailed),
        (10, Command::ChildrenOpen),
        (10, Command::ChildrenMet(Outcome::Shipped)),
        (10, Command::ChildrenMet(Outcome::Settled)),
        (10, Command::Adopt(Adopt { children: 2, ended: Vec::new(), fence: None })),
        (10, Command::Adopt(Adopt { children: 2, ended: Vec::new(), fence: Some(Fence { epoch, factory: None }) })),
    ]
}

fn by_operator(spec: &Spec) -> Vec<Command> {
    let titled = Spec { title: "Mend the door".into(), ..spec.clone() };
    let told = Spec { body_md: "# Mend the door".into(), ..spec.clone() };
    vec![
        Command::Ship,
        reject("too loud", false),
        reject("too loud", true),
        approve("bob"),
        answer("The left one"),
        requeue(false, None),
        requeue(true, Some("from scratch")),
        cancel(),
        edit(titled, &["title"]),
        edit(told, &["bodyMd"]),
        edit(spec.clone(), &[]),
    ]
}
