//! Handing the work in: the result branch, the reports, the lease. The branch is pushed only right after a write that
//! the coordinator accepted under this epoch.

use globset::{Glob, GlobSetBuilder};
use wire::{Code, Insights, Report, RunResult, Stage, VerifyResult};

use super::judge::Verdict;
use super::save::Work;
use super::space::Space;
use super::{Attempt, Finish};
use crate::fleet::{Fleet, Refused};
use crate::git::{Checkout, Diff, GitError, Snapshot};
use crate::lease::Stop;

/// How often a result branch is pushed again after someone else moved it.
const PUSHES: u32 = 3;
/// Paths that a warning names, at most.
const NAMED: usize = 10;

/// Why the result branch is not where it should be.
enum NotPushed {
    Refused(Refused),
    Git(GitError),
}

impl<F: Fleet> Attempt<'_, F> {
    /// Hands in what the verdict says.
    pub(super) async fn deliver(&self, space: &Space, work: Work, verdict: Verdict) -> Finish {
        match verdict.result {
            RunResult::Succeeded | RunResult::NoChanges => self.hand_in(space, work, verdict).await,
            RunResult::NeedsInput => {
                let report = Report { stage: Some(Stage::Blocked), ..self.final_report(&verdict, Some(work)) };
                self.finish(report).await
            }
            RunResult::Failed
            | RunResult::TimedOut
            | RunResult::OverBudget
            | RunResult::Quota
            | RunResult::Lost
            | RunResult::Cancelled
            | RunResult::Preempted
            | RunResult::Released => self.report_failure(verdict, Some(work)).await,
        }
    }

    /// Reports that the run did not succeed.
    pub(super) async fn report_failure(&self, verdict: Verdict, work: Option<Work>) -> Finish {
        self.log.note(verdict.reason.as_deref().unwrap_or("failed"));
        let report = Report { stage: Some(Stage::Failed), ..self.final_report(&verdict, work) };
        self.finish(report).await
    }

    async fn hand_in(&self, space: &Space, work: Work, mut verdict: Verdict) -> Finish {
        if let Some(checkout) = &space.checkout {
            let Some(snapshot) = &work.snapshot else {
                let why = work.trouble.clone().unwrap_or_else(|| "no snapshot".to_owned());
                return self.report_failure(Verdict { reason: Some(why), ..failing(verdict) }, Some(work)).await;
            };
            verdict.reason = self.measure(checkout, snapshot).await;
            if snapshot.changed {
                match self.push_result(checkout, &snapshot.tree).await {
                    Ok(()) => {}
                    Err(NotPushed::Refused(why)) => return self.refused(why),
                    Err(NotPushed::Git(why)) => {
                        let reason = Some(format!("the result branch could not be pushed: {why}"));
                        return self.report_failure(Verdict { reason, ..failing(verdict) }, Some(work)).await;
                    }
                }
            } else {
                verdict.result = RunResult::NoChanges;
            }
        }
        let passed = verdict.verified == Some(VerifyResult::Passed);
        let report = Report { stage: Some(Stage::Review), ..self.final_report(&verdict, Some(work)) };
        if let Err(why) = self.link.report(report, self.patience()).await {
            return self.refused(why);
        }
        if self.grant.job.auto_ship && passed {
            let report = Report { stage: Some(Stage::Shipped), ..self.final_report(&verdict, None) };
            match self.link.report(report, self.patience()).await {
                Err(Refused::No { code: Code::ApprovalsMissing, .. }) => {}
                other => return other.map_or_else(|why| self.refused(why), Finish::Reported),
            }
        }
        let released = self.link.release(None, self.patience()).await;
        released.map_or_else(|why| self.refused(why), |()| Finish::Reported(Stage::Review))
    }

    /// Counts the change and gives the warnings about it.
    async fn measure(&self, checkout: &Checkout, snapshot: &Snapshot) -> Option<String> {
        let diff = match checkout.diff(&snapshot.commit).await {
            Ok(diff) => diff,
            Err(why) => {
                tracing::warn!(job = %self.lease().job, %why, "the change could not be measured");
                return None;
            }
        };
        self.seen.add(Insights {
            files_changed: Some(diff.paths.len() as u64),
            lines_added: Some(diff.added),
            lines_deleted: Some(diff.deleted),
            ..Insights::default()
        });
        let outside = outside(&self.grant.job.allowed_scope, &diff);
        let warnings = [("outside allowedScope", &outside), ("left out of the result", &snapshot.dropped)];
        let told = warnings.into_iter().filter(|(_, paths)| !paths.is_empty());
        let told: Vec<String> = told.map(|(what, paths)| format!("{what}: {}", named(paths))).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    async fn push_result(&self, checkout: &Checkout, tree: &str) -> Result<(), NotPushed> {
        let branch = format!("gigafactory/{}", self.lease().job);
        let message = self.message(&self.grant.job.title);
        let commit = checkout.commit(tree, &message).await.map_err(NotPushed::Git)?;
        let mut tries = 0;
        loop {
            // Seen before the lease is proven: whatever a later epoch does from here on makes the push fail.
            let was = checkout.mirror().remote_branch(&branch).await.map_err(NotPushed::Git)?;
            self.link.renew(self.patience()).await.map_err(NotPushed::Refused)?;
            tries += 1;
            match checkout.mirror().push_branch(&branch, &commit, was.as_deref()).await {
                Err(GitError::RefMoved(_)) if tries < PUSHES => {}
                other => return other.map_err(NotPushed::Git),
            }
        }
    }

    fn final_report(&self, verdict: &Verdict, work: Option<Work>) -> Report {
        Report {
            checkpoint: work.and_then(|work| work.checkpoint),
            insights: Some(self.seen.totals()),
            result: Some(verdict.result),
            exit: verdict.exit,
            verify_result: verdict.verified,
            retryable: verdict.retryable,
            reason: verdict.reason.as_deref().map(plain),
            question: verdict.question.as_deref().map(plain),
            ..Report::default()
        }
    }

    async fn finish(&self, report: Report) -> Finish {
        let told = self.link.report(report, self.patience()).await;
        told.map_or_else(|why| self.refused(why), Finish::Reported)
    }

    fn refused(&self, why: Refused) -> Finish {
        match why {
            Refused::Fenced => Finish::Aborted(Stop::Fenced),
            Refused::Later { .. } | Refused::No { .. } => Finish::Unreported(why.to_string()),
        }
    }
}

fn failing(verdict: Verdict) -> Verdict {
    Verdict { result: RunResult::Failed, ..verdict }
}

/// Text of a bounded length without control characters but the line's end.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).take(4_000).collect()
}

fn named(paths: &[String]) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let first = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

/// The changed paths that no glob of the scope covers. A glob that cannot be read covers nothing.
fn outside(scope: &[String], diff: &Diff) -> Vec<String> {
    if scope.is_empty() {
        return Vec::new();
    }
    let mut set = GlobSetBuilder::new();
    for glob in scope.iter().filter_map(|glob| Glob::new(glob).ok()) {
        set.add(glob);
    }
    let Ok(set) = set.build() else { return diff.paths.clone() };
    diff.paths.iter().filter(|path| !set.is_match(path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_scope_are_named() {
        let diff = Diff { paths: ["src/a.rs", "docs/x/y.md", "z"].map(String::from).to_vec(), ..Diff::default() };
        assert_eq!(outside(&[], &diff), [""; 0]);
        assert_eq!(outside(&["src/**".to_owned(), "docs/**".to_owned(), "[".to_owned()], &diff), ["z"]);
    }

    #[test]
    fn long_lists_are_cut() {
        let paths: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(named(&paths), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
    }
}
