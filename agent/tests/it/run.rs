//! Whole runs with real processes and real repositories against a coordinator in memory.

use std::sync::Arc;
use std::time::Duration;

use crate::support::fleet::{Coordinator, JOB, grant};
use crate::support::{Repo, git, runs, until};
use agent::config::Config;
use agent::fleet::Refused;
use agent::journal::Journal;
use agent::lease::{Lease, Stop};
use agent::run::{Finish, Host, run};
use serde_json::{Value, json};
use tokio::time::Instant;
use wire::{Code, ReleaseResult, RunResult, Stage, VerifyResult};

/// Plays the scripted engine when a run starts this very test binary for it.
#[test]
#[ignore = "the engine's process, not a test"]
fn mock_child() {
    std::process::exit(agent::mock::main_of_process());
}

struct Bench {
    repo: Repo,
    fleet: Coordinator,
    host: Host<Coordinator>,
}

impl Bench {
    async fn new() -> Self {
        let (repo, fleet) = (Repo::new(), Coordinator::new());
        let mut config = Config::new("http://unused/api", "p".parse().unwrap(), repo.path("state"));
        let own = std::env::current_exe().unwrap().display().to_string();
        config.mock_command =
            [&own, "--exact", "run::mock_child", "--ignored", "--nocapture"].map(str::to_owned).to_vec();
        config.grace = Duration::from_millis(300);
        config.patience = Duration::ZERO;
        let engines = agent::detect::engines().await;
        let journal = Journal::new(&config.workdir);
        let host = Host { config, factory: "f".parse().unwrap(), fleet: fleet.clone(), engines, journal };
        Self { repo, fleet, host }
    }

    fn job(&self, members: Value) -> Value {
        let mut job = json!({"repo": self.repo.url()});
        job.as_object_mut().unwrap().append(&mut members.as_object().unwrap().clone());
        job
    }

    fn lease(epoch: u64) -> Arc<Lease> {
        let ttl = Duration::from_secs(90);
        Arc::new(Lease::new(JOB.parse().unwrap(), domain::Epoch(epoch), Instant::now(), ttl))
    }

    async fn run(&self, members: Value) -> Finish {
        self.run_as(members, 1, 1).await
    }

    async fn run_as(&self, members: Value, epoch: u64, attempt: u32) -> Finish {
        let grant = grant(&self.job(members), epoch, attempt);
        let finish = tokio::time::timeout(Duration::from_secs(30), run(&self.host, &grant, Self::lease(epoch)));
        finish.await.unwrap()
    }

    fn state(&self, name: &str) -> std::path::PathBuf {
        self.host.config.workdir.join(name)
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.state("journal.ndjson")).unwrap()
    }

    fn log(&self, epoch: u64) -> String {
        std::fs::read_to_string(self.state("logs").join(format!("{JOB}-{epoch}.log"))).unwrap()
    }

    fn has_result(&self) -> bool {
        !git(&self.repo.user, &["for-each-ref", "refs/heads/gigafactory"]).is_empty()
    }
}

fn mock(script: &str) -> Value {
    json!({"engines": ["mock"], "bodyMd": format!("# Task\n\n```mock\n{script}\n```\n")})
}

#[tokio::test]
async fn work_becomes_a_branch_a_review_and_a_release() {
    let bench = Bench::new().await;
    bench.repo.write("untracked", "the user's\n");
    let before = bench.repo.users_view();
    let body =
        "# Make it\n\n```sh\necho new > made\nprintf 'hello\\nyou\\n' > readme\nmkdir other; echo x > other/y\n```\n";
    let members =
        json!({"bodyMd": body, "verify": "test -f made && touch left-by-verify", "allowedScope": ["made", "readme"]});
    assert_eq!(bench.run(members).await, Finish::Reported(Stage::Review));

    assert_eq!(bench.fleet.stages(), [Stage::Building, Stage::Review]);
    let told = bench.fleet.told();
    let last = told.reports.last().unwrap();
    assert_eq!(
        (last.result, last.verify_result, last.exit),
        (Some(RunResult::Succeeded), Some(VerifyResult::Passed), Some(0))
    );
    let insights = last.insights.clone().unwrap();
    let change = (insights.files_changed, insights.lines_added, insights.lines_deleted, insights.cost_usd);
    assert_eq!(change, (Some(3), Some(3), Some(0), None));
    assert_eq!(last.reason.as_deref(), Some("outside allowedScope: other/y"));
    assert_eq!(told.releases.len(), 1);
    assert_eq!(told.releases[0].result, None);
    assert!(told.renewals >= 1, "the lease is proven before the branch is pushed");

    let branch = format!("gigafactory/{JOB}");
    assert_eq!(git(&bench.repo.user, &["show", &format!("{branch}:made")]), "new");
    assert_eq!(git(&bench.repo.user, &["ls-tree", "--name-only", &branch]), "dir\nmade\nother\nreadme");
    assert_eq!(git(&bench.repo.user, &["log", "-1", "--format=%s", &branch]), "Do it");
    git(&bench.repo.user, &["branch", "-q", "-D", &branch]);
    assert_eq!(bench.repo.users_view(), before);
    assert_eq!(std::fs::read_dir(bench.state("runs")).unwrap().count(), 0);
}

#[tokio::test]
async fn only_a_passed_verify_ships_by_itself() {
    for (verify, stage) in [(json!("true"), Stage::Shipped), (Value::Null, Stage::Review)] {
        let bench = Bench::new().await;
        let members = json!({"bodyMd": "echo x > x", "autoShip": true, "verify": verify});
        assert_eq!(bench.run(members).await, Finish::Reported(stage));
        assert_eq!(bench.fleet.stages().last(), Some(&stage));
        assert_eq!(bench.fleet.told().releases.len(), usize::from(stage == Stage::Review));
    }
}

#[tokio::test]
async fn work_that_lacks_approvals_stays_in_review() {
    let bench = Bench::new().await;
    // Building, the proof of the lease, review; the fourth write would ship.
    bench.fleet.refuse_at(4, Refused::No { code: Code::ApprovalsMissing, detail: "1 of 2".to_owned() });
    let members = json!({"bodyMd": "echo x > x", "autoShip": true, "verify": "true"});
    assert_eq!(bench.run(members).await, Finish::Reported(Stage::Review));
    assert_eq!(bench.fleet.stages(), [Stage::Building, Stage::Review, Stage::Shipped]);
    assert_eq!(bench.fleet.told().releases.len(), 1);
}

#[tokio::test]
async fn prose_is_never_run_as_a_script() {
    let bench = Bench::new().await;
    let members = json!({"engines": [], "bodyMd": "touch was-here"});
    assert_eq!(bench.run(members).await, Finish::Reported(Stage::Failed));
    let report = bench.fleet.told().reports.last().unwrap().clone();
    assert_eq!((report.exit, report.retryable), (None, Some(false)));
    assert!(report.reason.unwrap().contains("has no shell block"));
}

#[tokio::test]
async fn a_failure_is_reported_with_its_reason() {
    for (members, reason, exit, verified) in [
        (json!({"bodyMd": "exit 7"}), "shell exited with 7", Some(7), None),
        (
            json!({"bodyMd": "echo x > x", "verify": "exit 3"}),
            "verify exited with 3",
            Some(0),
            Some(VerifyResult::Failed),
        ),
        (
            json!({"engines": ["unheard-of"]}),
            "engine could not be run: none of the job's engines is on this host",
            None,
            None,
        ),
    ] {
        let bench = Bench::new().await;
        assert_eq!(bench.run(members).await, Finish::Reported(Stage::Failed));
        let report = bench.fleet.told().reports.last().unwrap().clone();
        assert_eq!((report.result, report.reason.as_deref()), (Some(RunResult::Failed), Some(reason)));
        assert_eq!((report.exit, report.verify_result, report.retryable), (exit, verified, None));
        assert!(!bench.has_result());
    }
}

#[tokio::test]
async fn a_job_that_can_never_run_is_not_tried_again() {
    for members in
        [json!({"base": "nowhere"}), json!({"base": "--x"}), json!({"repo": "ext::id"}), json!({"cwd": "../.."})]
    {
        let bench = Bench::new().await;
        assert_eq!(bench.run(members).await, Finish::Reported(Stage::Failed));
        assert_eq!(bench.fleet.told().reports.last().unwrap().retryable, Some(false));
        assert_eq!(std::fs::read_dir(bench.state("runs")).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn nothing_changed_is_a_result_too() {
    let bench = Bench::new().await;
    assert_eq!(bench.run(json!({"bodyMd": "true"})).await, Finish::Reported(Stage::Review));
    assert_eq!(bench.fleet.told().reports.last().unwrap().result, Some(RunResult::NoChanges));
    assert!(!bench.has_result());
}

#[tokio::test]
async fn a_job_without_a_repository_is_judged_by_its_exit() {
    let bench = Bench::new().await;
    let members = json!({"repo": null, "bodyMd": "echo here > file; pwd", "cwd": "sub"});
    assert_eq!(bench.run(members).await, Finish::Reported(Stage::Review));
    let report = bench.fleet.told().reports.last().unwrap().clone();
    assert_eq!((report.result, report.verify_result), (Some(RunResult::Succeeded), Some(VerifyResult::Skipped)));
    assert!(bench.log(1).contains("/tree/sub"));
}

#[tokio::test]
async fn the_scripted_engine_tells_its_usage_and_asks() {
    let bench = Bench::new().await;
    let finish = bench.run(mock("cost 0.05\ntokens 100 20\nwrite half done\nask Which one?")).await;
    assert_eq!(finish, Finish::Reported(Stage::Blocked));
    let report = bench.fleet.told().reports.last().unwrap().clone();
    let insights = report.insights.unwrap();
    assert_eq!(report.question.as_deref(), Some("Which one?"));
    assert_eq!(
        (insights.cost_usd.map(|cost| cost.to_string()).as_deref(), insights.tokens_in),
        (Some("0.05"), Some(100))
    );
    assert_eq!(insights.engine.as_deref(), Some("mock"));
    assert!(report.checkpoint.unwrap().wip_branch.ends_with(&format!("{JOB}/1")));
}

#[tokio::test]
async fn a_later_attempt_resumes_on_another_host() {
    let first = Bench::new().await;
    let script = "append story one\ncheckpoint\nfail-until-attempt 2\nwrite end x";
    assert_eq!(first.run(mock(script)).await, Finish::Reported(Stage::Failed));
    let checkpoint = first.fleet.told().reports.last().unwrap().checkpoint.clone().unwrap();
    std::fs::rename(first.state(""), first.repo.path("gone")).unwrap();
    std::fs::create_dir(first.state("")).unwrap();

    let mut members = mock(script);
    members["checkpoint"] = serde_json::to_value(checkpoint).unwrap();
    assert_eq!(first.run_as(members, 3, 2).await, Finish::Reported(Stage::Review));
    assert_eq!(git(&first.repo.user, &["show", &format!("gigafactory/{JOB}:story")]), "one\none");
    let wip = git(&first.repo.user, &["for-each-ref", "--format=%(refname)", "refs/gigafactory"]);
    assert_eq!(wip, format!("refs/gigafactory/wip/{JOB}/1\nrefs/gigafactory/wip/{JOB}/3"));
}

#[tokio::test]
async fn limits_end_a_run() {
    let wall = json!({"bodyMd": "sleep 60", "budget": {"wallSec": 1}, "timeoutSec": 5});
    let mut cost = mock("write a b\ncost 0.05\ncost 0.01\nsleep 60");
    cost["budget"] = json!({"usd": "0.05"});
    let time = json!({"bodyMd": "sleep 60", "timeoutSec": 1});
    for (members, result) in [(wall, RunResult::OverBudget), (cost, RunResult::OverBudget), (time, RunResult::TimedOut)]
    {
        let bench = Bench::new().await;
        let began = Instant::now();
        assert_eq!(bench.run(members).await, Finish::Reported(Stage::Failed));
        assert!(began.elapsed() < Duration::from_secs(15));
        assert_eq!(bench.fleet.told().reports.last().unwrap().result, Some(result));
    }
}

#[tokio::test]
async fn a_fenced_run_is_ended_and_ships_nothing_but_keeps_its_work() {
    let mut bench = Bench::new().await;
    bench.host.config.checkpoint = Duration::from_millis(200);
    bench.fleet.fence_at(2);
    let pids = bench.repo.path("pids");
    let body = format!("echo half > half\nsleep 60 & echo $! >> '{0}'\necho $$ >> '{0}'\nwait", pids.display());
    assert_eq!(
        bench.run(json!({"bodyMd": body, "autoShip": true, "verify": "true"})).await,
        Finish::Aborted(Stop::Fenced)
    );
    for id in std::fs::read_to_string(&pids).unwrap().lines() {
        assert!(!runs(id.parse().unwrap()));
    }
    assert!(!bench.has_result());
    assert_eq!(bench.fleet.stages(), [Stage::Building, Stage::Building]);
    assert!(bench.journal().lines().last().unwrap().contains("\"event\":\"fenced-abort\""));
    let mirror = std::fs::read_dir(bench.state("mirrors")).unwrap().flatten().map(|entry| entry.path());
    let mirror = mirror.into_iter().find(|path| path.extension().is_some_and(|end| end == "git")).unwrap();
    assert_eq!(git(&mirror, &["show", &format!("refs/gigafactory/wip/{JOB}/1:half")]), "half");
}

#[tokio::test]
async fn a_lease_lost_before_the_push_leaves_no_branch() {
    let bench = Bench::new().await;
    // Building is heard; proving the lease is the second write.
    bench.fleet.fence_at(2);
    assert_eq!(bench.run(json!({"bodyMd": "echo x > x"})).await, Finish::Aborted(Stop::Fenced));
    assert!(!bench.has_result());
}

#[tokio::test]
async fn a_report_that_was_not_heard_is_repeated_under_its_id() {
    let mut bench = Bench::new().await;
    bench.host.config.patience = Duration::from_secs(20);
    let later = || Refused::Later { after: None, why: "gone".to_owned() };
    bench.fleet.refuse_at(1, later());
    bench.fleet.refuse_at(2, later());
    assert_eq!(bench.run(json!({"bodyMd": "exit 1", "repo": null})).await, Finish::Reported(Stage::Failed));
    let reports = bench.fleet.told().reports;
    let ids: Vec<_> = reports.iter().map(|report| (report.stage.unwrap(), report.report_id.clone().unwrap())).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!((ids[1].0, &ids[1].1), (Stage::Failed, &ids[2].1));
    assert_ne!(ids[0].1, ids[1].1);
}

#[tokio::test]
async fn a_preempted_run_saves_and_gives_the_lease_back() {
    let bench = Bench::new().await;
    let ready = bench.repo.path("ready");
    let grant =
        grant(&bench.job(json!({"bodyMd": format!("echo x > x; touch '{}'; sleep 60", ready.display())})), 1, 1);
    let lease = Bench::lease(1);
    let signal = async {
        until("the engine works", || ready.exists()).await;
        lease.stop(Stop::Preempted(Duration::from_secs(2)));
    };
    let (finish, ()) = tokio::join!(run(&bench.host, &grant, lease.clone()), signal);
    assert_eq!(finish, Finish::Released);
    let told = bench.fleet.told();
    assert_eq!(told.releases[0].result, Some(ReleaseResult::Preempted));
    let checkpoint = told.reports.last().unwrap().checkpoint.clone().unwrap();
    assert_eq!(git(&bench.repo.user, &["show", &format!("{}:x", checkpoint.wip_branch)]), "x");
}

#[tokio::test]
async fn an_engine_sees_no_more_than_it_needs() {
    let bench = Bench::new().await;
    bench.run(json!({"bodyMd": "env | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo $HOME; cat", "repo": null})).await;
    let log = bench.log(1);
    let wanted =
        "CI GIGAFACTORY_ATTEMPT GIGAFACTORY_JOB_ID GIGAFACTORY_RUN_ID HOME LANG NO_COLOR PATH PWD SHLVL TERM TMPDIR _ ";
    assert!(log.lines().any(|line| line == wanted), "{log}");
    assert!(log.contains("/state/runs/"), "{log}");
}

#[tokio::test]
async fn the_persona_of_the_run_goes_before_the_instructions() {
    let mut bench = Bench::new().await;
    bench.host.config.mock_command = vec!["cat".to_owned()];
    let mut grant = grant(&bench.job(json!({"engines": ["mock"], "bodyMd": "# Task\n"})), 1, 1);
    let snapshot = json!({"name": "careful", "version": 3, "persona": "You are careful.", "defaults": {}});
    grant.run.profile_snapshot = serde_json::from_value(snapshot).unwrap();
    run(&bench.host, &grant, Bench::lease(1)).await;
    let log = bench.log(1);
    let said: Vec<&str> = log.lines().filter(|line| line.contains("careful") || line.contains("# Task")).collect();
    assert!(said.len() == 2 && said[0].contains("You are careful.") && said[1].contains("# Task"), "{log}");
}
