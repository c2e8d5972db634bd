//! Faults that are planted into histories: what a broken coordinator would have done.

mod answers;
mod batches;
pub(crate) mod families;
mod leases;
mod log;
mod repeats;
pub(crate) mod scheduler;
mod terms;

use super::book::{Book, job};

/// A rule, a fault that breaks it, and the history that shows it.
type Plant = (&'static str, &'static str, fn() -> Book);

/// Every fault.
pub(crate) const PLANTS: &[Plant] = &[
    ("I1", "granted while it is held", leases::granted_twice),
    ("I1", "one grant told to two claims", leases::told_twice),
    ("I2", "an epoch is left out", leases::epoch_skipped),
    ("I2", "a release leaves the epoch", leases::epoch_kept),
    ("I3", "the holder is turned away", leases::holder_refused),
    ("I3", "a dead lease is renewed", leases::dead_renewed),
    ("I3", "a held lease is told lost", leases::told_lost),
    ("I3", "somebody is fenced twice in a minute", leases::fenced_twice),
    ("I3", "a refusal with an epoch that never was", leases::odd_epoch),
    ("I4", "an acknowledged report is gone", answers::report_lost),
    ("I4", "a rev is shown that never was", answers::rev_invented),
    ("I4", "an acknowledged entry of a batch is gone", batches::entry_lost),
    ("I4", "all of an acknowledged batch is gone", batches::batch_lost),
    ("I5", "a key makes two jobs", repeats::key_twice),
    ("I5", "a repeated submit is refused as another", repeats::submit_mismatch),
    ("I5", "an entry of a repeated batch makes another job", batches::entry_twice),
    ("I5", "an entry of a repeated batch is refused as another", batches::entry_mismatch),
    ("I5", "entries of a batch are answered with each other's jobs", batches::entries_swapped),
    ("I6", "a repeated report is fenced", repeats::repeat_fenced),
    ("I6", "a repeated report without an id is fenced", repeats::stage_fenced),
    ("I6", "a repeated claim is told that there is nothing", repeats::claim_forgotten),
    ("I6", "a claim is granted twice", repeats::claim_twice),
    ("I6", "a report is taken for a repeat", repeats::false_repeat),
    ("I7", "a shipped job is cancelled", log::cancelled_after_end),
    ("I8", "a job is missing", log::job_missing),
    ("I9", "ready before its dependency", log::ready_early),
    ("I9", "a parent is granted before its children have settled", families::granted_early),
    ("I9", "a parent is ready before its last child", families::ready_early),
    ("I11", "usage is fenced away", leases::usage_lost),
    ("I13", "a hole in the log", log::hole),
    ("I13", "a rev is left out", log::rev_skipped),
    ("I13", "a rev of the settings is left out", log::settings_skipped),
    ("I2", "a preemption leaves the epoch", scheduler::epoch_kept),
    ("I14", "evicted for a job that is as urgent", scheduler::equal),
    ("I14", "evicted for a job that is not urgent", scheduler::not_critical),
    ("I14", "evicted for a job that there is not", scheduler::for_nobody),
    ("I14", "evicted for a job that has long been placed", scheduler::placed),
    ("I14", "evicted before the grace was over", scheduler::no_grace),
    ("I14", "evicted again at once", scheduler::unprotected),
    ("I14", "evicted though that is switched off", scheduler::switched_off),
    ("I15", "expired too early", leases::early),
    ("I15", "expired too late", leases::late),
    ("I15", "never expired", leases::never),
    ("I15", "renewed for less than promised", leases::short_renewal),
    ("I15", "held though two heartbeats left it out", terms::left_out),
    ("I15", "held after an emergency stop", terms::stopped),
    ("I17", "a read goes back", answers::stale_read),
    ("I17", "a read of another job goes back", answers::stale_read_elsewhere),
    ("I17", "a job is not found that was shown", answers::not_found),
    ("I17", "an entry of a batch stands after what was asked later", batches::entry_late),
    ("I20", "a ready job is overlooked", log::overlooked),
    ("I20", "nobody is told that a dependency settled", log::not_unblocked),
    ("I20", "nobody is told that the last child settled", families::not_unblocked),
    ("I20", "fresh jobs are granted and an old one is not", scheduler::starved),
    ("I23", "the record is not what the log says", log::other_record),
    ("I23", "the run is missing", log::run_missing),
    ("answer", "another stage is shown", answers::other_stage),
    ("answer", "another stage of an entry's job is shown", batches::other_stage),
    ("answer", "another result of a run", answers::other_run),
    ("answer", "another job is shown", answers::other_job),
    ("answer", "another lease is shown", answers::other_lease),
    ("conformity", "a 500", answers::internal),
    ("conformity", "a refusal without a code", answers::no_code),
    ("conformity", "an entry of a batch has no answer", batches::unanswered),
    ("conformity", "an entry of a batch was done, and names no job", batches::nameless),
    ("decision", "more left out than looked at", scheduler::miscounted),
    ("decision", "a term is missing", scheduler::no_share),
    ("decision", "as long as a story", scheduler::too_long),
    ("decision", "weights that were never set", scheduler::other_weights),
    ("family", "shipped by itself though a child has failed", families::shipped_with_a_failed_child),
    ("family", "a child outlives its cancelled parent", families::left_behind),
    ("family", "a failed child is overruled by nobody", families::overruled_by_nobody),
    ("family", "what was overruled counts again", families::overruled_again),
    ("family", "a child that is open is given up", families::forgotten),
    ("grant", "granted while reviews have reached their limit", scheduler::reviews),
    ("grant", "granted for an engine at its limit", scheduler::engine_limited),
    ("grant", "more jobs than seats", leases::seats),
    ("grant", "granted while paused", leases::paused),
    ("grant", "granted to who cannot do it", leases::unfit),
    ("grant", "two jobs of one key", leases::locked),
    ("grant", "granted for another time", leases::other_ttl),
    ("lifecycle", "a parent is unblocked twice", families::unblocked_twice),
    ("lifecycle", "a stage goes backward", log::backward),
    ("lifecycle", "granted before its pause was over", log::hasty),
    ("lifecycle", "another attempt after the last", terms::endless),
    ("lifecycle", "a dead letter with attempts left", terms::given_up),
    ("lifecycle", "a pause that is too short", terms::short_pause),
    ("lifecycle", "shipped without approval", terms::unapproved),
    ("lifecycle", "one reviewer approves twice", terms::approved_twice),
    ("origin", "a fresh start that was none", terms::not_fresh),
    ("origin", "an order with other words", terms::other_words),
    ("origin", "nobody asked for it", log::unasked),
    ("origin", "nobody gave it children", families::unasked),
    ("origin", "nobody asked for these settings", log::settings_unasked),
    ("origin", "a claim was carried out that was told overload", log::not_done),
    ("origin", "fenced for nothing", log::fenced),
    ("origin", "an entry of a batch was done that was told overload", batches::not_done),
    ("origin", "nobody sent this entry of a batch", batches::unasked),
    ("unreadable", "a run that is none", log::junk),
];

/// A job in the hands of f1.
fn held() -> (Book, String) {
    let a = job(1);
    let mut book = Book::new();
    book.mark("started").beat("f1", 1, &[]).beat("f2", 1, &[]).submit(&a, "k-a").claim("f1", &a, "c-1");
    (book, a)
}
