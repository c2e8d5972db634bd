//! A job and its parts, member by member. Every record is taken apart without `..`: a new member has to be shown.

use domain::job::spec::{Approvals, JobBudget, Retry};
use domain::job::state::{Checkpoint, Note, Spent};
use domain::job::{Insights, Job, Lease, Run, Spec};

use super::members::{Members, at, list, maybe, short, word};

/// Every member of a job.
pub(crate) fn job(job: &Job) -> Members {
    let Job {
        id,
        product,
        spec,
        edition,
        stage,
        blocked_reason,
        epoch,
        lease,
        run,
        runs,
        attempt,
        not_before,
        deps_met,
        children,
        settled,
        checkpoint,
        saved_by,
        saved_at,
        approved_by,
        notes,
        question,
        result,
        spent,
        failed_on,
        preempted,
        rev,
        created_at,
        updated_at,
        queued_at,
        finished_at,
    } = job;
    let Spent { wall_ms, usd } = spent;
    let mut of = Members::default();
    of.add("job", "id", short(id.0), "");
    of.add("job", "product", product.as_str(), "p");
    of.add("job", "edition", edition.to_string(), "1");
    of.add("job", "stage", stage.as_str(), "");
    of.add("job", "blocked_reason", word(blocked_reason), "");
    of.add("job", "epoch", epoch.to_string(), "");
    of.add("job", "runs", runs.to_string(), "0");
    of.add("job", "attempt", attempt.to_string(), "0");
    of.add("job", "not_before", maybe(not_before.map(at)), "");
    of.add("job", "deps_met", deps_met.to_string(), "true");
    of.add("job", "children", children.to_string(), "0");
    of.add("job", "settled", maybe(settled.as_ref().map(|jobs| list(jobs.iter().map(|job| short(job.0))))), "");
    of.add("job", "checkpoint", maybe(checkpoint.as_ref().map(saved)), "");
    of.add("job", "saved_by", maybe(saved_by.as_ref()), "");
    of.add("job", "saved_at", maybe(saved_at.map(at)), "");
    of.add("job", "approved_by", list(approved_by), "");
    of.add("job", "notes", list(notes.iter().map(note)), "");
    of.add("job", "question", maybe(question.as_ref()), "");
    of.add("job", "result", word(result), "");
    of.add("job", "spent", format!("{wall_ms}ms {usd}USD"), "0ms 0USD");
    of.add("job", "failed_on", list(failed_on.iter().map(|(factory, times)| format!("{factory}: {times}"))), "");
    of.add("job", "preempted", preempted.to_string(), "0");
    of.add("job", "rev", rev.to_string(), "");
    of.add("job", "created_at", at(*created_at), "0s");
    of.add("job", "updated_at", at(*updated_at), "0s");
    of.add("job", "queued_at", maybe(queued_at.map(at)), "");
    of.add("job", "finished_at", maybe(finished_at.map(at)), "");
    self::spec(&mut of, spec);
    lease.iter().for_each(|lease| self::lease(&mut of, lease));
    run.iter().for_each(|run| self::run(&mut of, run));
    of
}

/// Every member of a run that has ended.
pub(crate) fn ended(run: &Run) -> Members {
    let mut of = Members::default();
    self::run(&mut of, run);
    of
}

fn lease(of: &mut Members, lease: &Lease) {
    let Lease { holder, epoch, expires_at, ttl_sec, renewals, status, reached } = lease;
    of.add("lease", "holder", holder.as_str(), "");
    of.add("lease", "epoch", epoch.to_string(), "");
    of.add("lease", "expires_at", at(*expires_at), "");
    of.add("lease", "ttl_sec", ttl_sec.to_string(), "");
    of.add("lease", "renewals", renewals.to_string(), "0");
    of.add("lease", "status", word(status), "");
    of.add("lease", "reached", reached.as_str(), "");
}

fn run(of: &mut Members, run: &Run) {
    let Run {
        id,
        attempt,
        factory,
        epoch,
        engine,
        started_at,
        ended_at,
        exit,
        verify_result,
        result,
        reached,
        insights,
    } = run;
    of.add("run", "id", short(id.0), "");
    of.add("run", "attempt", attempt.to_string(), "");
    of.add("run", "factory", factory.as_str(), "");
    of.add("run", "epoch", epoch.to_string(), "");
    of.add("run", "engine", maybe(engine.as_ref()), "");
    of.add("run", "started_at", at(*started_at), "");
    of.add("run", "ended_at", maybe(ended_at.map(at)), "");
    of.add("run", "exit", maybe(*exit), "");
    of.add("run", "verify_result", word(verify_result), "");
    of.add("run", "result", word(result), "");
    of.add("run", "reached", reached.as_str(), "");
    self::insights(of, insights);
}

fn insights(of: &mut Members, insights: &Insights) {
    let Insights {
        model,
        engine_version,
        session_id,
        sandbox,
        tokens_in,
        tokens_out,
        tokens_cached,
        cost_usd,
        estimated,
        cost_basis,
        turns,
        tool_calls,
        files_changed,
        lines_added,
        lines_deleted,
    } = insights;
    of.add("run", "model", maybe(model.as_ref()), "");
    of.add("run", "engine_version", maybe(engine_version.as_ref()), "");
    of.add("run", "session_id", maybe(session_id.as_ref()), "");
    of.add("run", "sandbox", maybe(sandbox.as_ref()), "");
    of.add("run", "tokens_in", maybe(*tokens_in), "");
    of.add("run", "tokens_out", maybe(*tokens_out), "");
    of.add("run", "tokens_cached", maybe(*tokens_cached), "");
    of.add("run", "cost_usd", maybe(*cost_usd), "");
    of.add("run", "estimated", maybe(*estimated), "");
    of.add("run", "cost_basis", maybe(cost_basis.as_ref()), "");
    of.add("run", "turns", maybe(*turns), "");
    of.add("run", "tool_calls", maybe(*tool_calls), "");
    of.add("run", "files_changed", maybe(*files_changed), "");
    of.add("run", "lines_added", maybe(*lines_added), "");
    of.add("run", "lines_deleted", maybe(*lines_deleted), "");
}

fn spec(of: &mut Members, spec: &Spec) {
    let Spec {
        title,
        body_md,
        manifest_json,
        priority,
        capabilities,
        engine_class,
        engines,
        profile,
        repo,
        base,
        cwd,
        verify,
        allowed_scope,
        yolo,
        auto_ship,
        idempotency_key,
        content_hash,
        tracker_item_id,
        kind,
        parent,
        auto_complete,
        depends_on,
        deps_mode,
        on_dep_failure,
        concurrency_key,
        concurrency_limit,
        budget: JobBudget { usd, wall_sec },
        timeout_sec,
        retry: Retry { max_attempts, backoff_sec },
        not_before,
        due_at,
        labels,
        approvals: Approvals { required, reviewers },
    } = spec;
    of.add("spec", "title", title, "Fix the door");
    of.add("spec", "body_md", body_md, "# Fix the door");
    of.add("spec", "manifest_json", manifest_json, "{}");
    of.add("spec", "priority", word(priority), "normal");
    of.add("spec", "capabilities", list(capabilities), "");
    of.add("spec", "engine_class", maybe(engine_class.as_ref()), "");
    of.add("spec", "engines", list(engines), "");
    of.add("spec", "profile", maybe(profile.as_ref()), "");
    of.add("spec", "repo", maybe(repo.as_ref()), "");
    of.add("spec", "base", maybe(base.as_ref()), "");
    of.add("spec", "cwd", maybe(cwd.as_ref()), "");
    of.add("spec", "verify", maybe(verify.as_ref()), "");
    of.add("spec", "allowed_scope", list(allowed_scope), "");
    of.add("spec", "yolo", yolo.to_string(), "false");
    of.add("spec", "auto_ship", auto_ship.to_string(), "false");
    of.add("spec", "idempotency_key", maybe(idempotency_key.as_ref()), "");
    of.add("spec", "content_hash", maybe(content_hash.as_ref()), "");
    of.add("spec", "tracker_item_id", maybe(tracker_item_id.as_ref()), "");
    of.add("spec", "kind", word(kind), "leaf");
    of.add("spec", "parent", maybe(parent.map(|id| short(id.0))), "");
    of.add("spec", "auto_complete", auto_complete.to_string(), "false");
    of.add("spec", "depends_on", list(depends_on.iter().map(|id| short(id.0))), "");
    of.add("spec", "deps_mode", word(deps_mode), "all");
    of.add("spec", "on_dep_failure", word(on_dep_failure), "block");
    of.add("spec", "concurrency_key", maybe(concurrency_key.as_ref()), "");
    of.add("spec", "concurrency_limit", concurrency_limit.to_string(), "1");
    of.add("spec", "budget.usd", maybe(*usd), "");
    of.add("spec", "budget.wall_sec", maybe(*wall_sec), "");
    of.add("spec", "timeout_sec", maybe(*timeout_sec), "");
    of.add("spec", "retry.max_attempts", max_attempts.to_string(), "3");
    of.add("spec", "retry.backoff_sec", backoff_sec.to_string(), "30");
    of.add("spec", "not_before", maybe(not_before.map(at)), "");
    of.add("spec", "due_at", maybe(due_at.map(at)), "");
    of.add("spec", "labels", list(labels.iter().map(|(key, value)| format!("{key}={value}"))), "");
    of.add("spec", "approvals.required", required.to_string(), "0");
    of.add("spec", "approvals.reviewers", list(reviewers), "");
}

fn saved(checkpoint: &Checkpoint) -> String {
    let Checkpoint { wip_branch, wip_base, wip_commit, note } = checkpoint;
    let parts = [Some(wip_branch), wip_base.as_ref(), wip_commit.as_ref(), note.as_ref()];
    list(parts.into_iter().flatten())
}

fn note(note: &Note) -> String {
    let Note { at: when, by, text } = note;
    format!("{} {by}: {text:?}", at(*when))
}
