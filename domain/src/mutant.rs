//! Deliberate bugs, for test builds only: the simulation, or the properties of the board, have to catch every one.
//!
//! Without the feature `mutants` none can be planted and `is_planted` is a constant. With it a bug is planted on the
//! calling thread, which is where a simulated node runs.

macro_rules! mutants {
    (
        simulation { $($(#[doc = $seen:literal])* $simulated:ident),* $(,)? }
        properties { $($(#[doc = $held:literal])* $proven:ident),* $(,)? }
    ) => {
        /// A deliberate bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant {
            $($(#[doc = $seen])* $simulated,)*
            $($(#[doc = $held])* $proven,)*
        }

        impl Mutant {
            /// Those that the simulation and the checker find.
            pub const SIMULATED: &[Self] = &[$(Self::$simulated,)*];
            /// Those that only change which job is picked, which no log can tell: the properties of the board find them.
            pub const PROVEN: &[Self] = &[$(Self::$proven,)*];
        }
    };
}

mutants! { simulation {
    // Epochs and fences.
    /// A grant does not raise the epoch.
    GrantKeepsEpoch,
    /// An expiry does not raise the epoch.
    ExpiryKeepsEpoch,
    /// A release does not raise the epoch.
    ReleaseKeepsEpoch,
    /// An operator's order that takes a lease away does not raise the epoch.
    OrderKeepsEpoch,
    /// A report is accepted whatever its epoch.
    ReportUnfenced,
    /// A report is accepted whoever sends it.
    ReportFromAnybody,
    /// A release is accepted whatever its epoch, from whomever.
    ReleaseUnfenced,
    /// A renewal is accepted whatever its epoch.
    RenewalUnfenced,
    // Repeats.
    /// A report that repeats the stage of an ended lease is an illegal move.
    RepeatRefused,
    /// A report with an id that was accepted is applied again.
    RepeatApplied,
    /// An id of a report may come back with other content.
    MismatchAccepted,
    /// Claims leave no receipt.
    ClaimForgotten,
    /// Reports leave no receipt.
    ReportForgotten,
    /// A key of a submit may be used again.
    KeyForgotten,
    /// A key of a submit may come back with other content.
    KeyContentIgnored,
    // The lifecycle.
    /// Delivered work is lost when its lease runs out.
    ExpiryLosesWork,
    /// Delivered work is queued again when its holder releases it.
    ReleaseLosesWork,
    /// A lost run uses no attempt.
    ExpiryIsFree,
    /// A release uses an attempt.
    ReleaseCosts,
    /// The last attempt is followed by another one.
    AttemptsEndless,
    /// Work ships while approvals are missing.
    ApprovalsIgnored,
    /// One reviewer counts as often as they approve.
    ReviewerCountsTwice,
    /// A report may go back to an earlier stage.
    StageGoesBack,
    /// A shipped job may be cancelled.
    ShippedIsCancelled,
    /// A retry begins at once.
    BackoffIgnored,
    /// A question goes back to the queue instead of to the operator.
    QuestionIgnored,
    /// A job whose dependency failed is queued.
    FailureUnblocks,
    /// A requeue keeps the checkpoint that it was told to forget.
    FreshKeepsCheckpoint,
    // Dispatch.
    /// A factory may hold more leases than it has seats.
    SeatsIgnored,
    /// Jobs are handed out while the product is paused.
    PauseIgnored,
    /// A draining factory gets jobs.
    DrainIgnored,
    /// Any factory gets any job.
    CapabilitiesIgnored,
    /// Any number of jobs of one concurrency key run at a time.
    KeyLimitIgnored,
    /// One settled dependency is enough.
    AllIsAny,
    /// A job is ready before its time.
    DelayIgnored,
    /// Jobs are handed out however many wait for review.
    ReviewLimitIgnored,
    /// The product's weights are not looked at.
    WeightsIgnored,
    /// A job of the same urgency may be evicted.
    EqualsEvicted,
    /// A job that was just preempted may be evicted again.
    ProtectionIgnored,
    /// A preemption does not raise the epoch.
    PreemptionKeepsEpoch,
    /// A preemption uses an attempt.
    PreemptionCosts,
    /// A preemption drops the checkpoint.
    PreemptionLosesWork,
    /// Jobs are evicted though nobody has switched that on.
    PreemptionUnasked,
    /// An eviction does not wait until its grace is over.
    GraceIgnored,
    /// What has become of dependencies is not looked at after a start.
    VerdictForgotten,
    // Parents and children.
    /// The last child does not unblock its parent.
    LastChildForgotten,
    /// A parent is unblocked while one child is open.
    OpenChildIgnored,
    /// Jobs may wait for each other in a circle.
    CircleIgnored,
    /// A parent does not wait for the children that it is submitted with.
    ChildrenUncounted,
    /// What is below a cancelled parent goes on.
    SubtreeSpared,
    /// A parent that completes by itself ships though a child has failed.
    FailedChildShips,
    /// Children that are added call back what was overruled.
    OverruledAgain,
    // Leases in time.
    /// A renewal is answered and does nothing.
    RenewalForgotten,
    /// A lease runs out after half its time.
    ExpiryEarly,
    /// A lease never runs out.
    ExpiryNever,
    /// A lease gets no grace after a start.
    RevivalForgotten,
    /// A grant that two heartbeats have left out stays.
    ReclaimNever,
    // Commits.
    /// A write that failed is answered as if it were committed.
    FailureAnsweredAsDone,
    /// What nobody can say is taken for not written.
    LossTakenForFailure,
    /// An actor's memory goes on although its write failed.
    MemoryRunsAhead,
    /// Committed batches reach nobody.
    BatchesUntold,
    /// A `seq` is left out now and then.
    SeqLeavesGap,
    /// Late usage of a lost run is dropped.
    UsageFencedAway,
    /// An emergency stop evicts nobody.
    EstopEvictsNobody,
} properties {
    /// An engine at its usage limit is used.
    LimitIgnored,
    /// A job goes back to a factory that it has failed on twice.
    ExclusionIgnored,
    /// A seat that was freed for a job goes to anybody.
    ReservationIgnored,
} }

#[cfg(feature = "mutants")]
mod planted {
    use std::cell::Cell;

    use super::Mutant;

    thread_local! {
        static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    impl Mutant {
        /// Plants this bug on the calling thread, in place of any other; none takes it out.
        pub fn plant(mutant: Option<Self>) {
            PLANTED.set(mutant);
        }

        /// The bug that is planted on the calling thread.
        pub fn planted() -> Option<Self> {
            PLANTED.get()
        }
    }
}

impl Mutant {
    /// This bug is planted.
    #[cfg(feature = "mutants")]
    pub fn is_planted(self) -> bool {
        Self::planted() == Some(self)
    }

    /// This bug is planted: never.
    #[cfg(not(feature = "mutants"))]
    #[inline(always)]
    pub const fn is_planted(self) -> bool {
        false
    }
}
