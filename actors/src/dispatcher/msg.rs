//! What a dispatcher's mailbox takes.

use std::sync::Arc;

use domain::budget::Budget;
use domain::dispatch::{Awaits, Claim, Explained, Pick, Sought, Standing};
use domain::factory::Factory;
use domain::job::Stage;
use domain::product::Settings;
use domain::{FactoryId, JobId};
use tokio::sync::oneshot;

use crate::answer::{Beaten, BudgetView, Counts, FactoryView, Port};
use crate::claim::Claiming;
use crate::store::Told;

/// Where a job was found that was asked, or offered.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Here.
    At(Box<Standing>),
    /// There is no such job.
    Missing,
    /// It cannot be read now; where it stood before is all that is known.
    Unread,
}

/// Who waits for whom: jobs with what they wait for, children with their parents, and jobs that an edit under way would
/// make wait for others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    pub(crate) waiting: Vec<(JobId, Awaits)>,
    /// Parent, child.
    pub(crate) children: Vec<(JobId, JobId)>,
    pub(crate) proposed: Vec<(JobId, Vec<JobId>)>,
}

/// A message to a dispatcher.
pub(crate) enum Msg {
    /// A factory asks for work.
    Claim(Claiming),
    /// Whoever made this claim listens no more.
    Left(u64),
    /// A committed batch.
    Told(Arc<[Told]>),
    /// The job said no: where it stands, and the claim, for another job.
    OfferRefused(JobId, Seen, Claiming),
    /// The offer came to nothing; the claim has its answer.
    OfferEnded(JobId, Seen),
    /// The job's actor has died; what it was offered is unknown.
    JobDied(JobId),
    /// Where a job stands that was asked.
    Standing(JobId, Seen),
    /// The job is left alone until an operator takes it in hand.
    Parked(JobId),
    /// Jobs are about to be made, or edited, that wait for others. Answered by a way from one of them back to itself, if there is
    /// one: then nothing is watched.
    Watch(Edges, oneshot::Sender<Option<Vec<JobId>>>),
    /// It has been seen whether they were.
    Forget(Edges),
    /// What was read of jobs that others wait for.
    Read(Vec<(JobId, Stage)>),
    /// What was read of the jobs that this one waits for: its dependencies, and its children where it has any.
    Stages(JobId, Vec<(JobId, Stage)>, Option<Vec<(JobId, Stage)>>),
    /// The unfinished children of a job that was cancelled are to be found.
    FindOrphans(JobId),
    /// Children whose parent was cancelled.
    Orphans(Vec<JobId>),
    /// One of them could not be cancelled; it is time to try again a little later.
    OrphanAgain(JobId),
    /// A job could not commit what its dependencies came to.
    AskAgain(JobId),
    /// It is time to tell it again.
    Verdict(JobId),
    /// What a job waits for could not be read; it is time to try again.
    LookUp(JobId),
    /// The product is about to pause.
    Close,
    /// A factory is about to be drained.
    CloseFactory(FactoryId),
    /// The budget is about to be narrowed.
    CloseFunds,
    /// It was, or that came to nothing.
    ReopenFunds,
    /// The budget was asked for, for what only the dispatcher knows.
    Funded(Arc<Budget>, Port<BudgetView>),
    /// The settings as they are committed.
    Gate(Arc<Settings>),
    /// A factory's card as it is committed.
    Card(Arc<Factory>),
    /// A heartbeat, for what only the dispatcher knows.
    Beat(Box<Beaten>, Port<Beaten>),
    /// A factory was asked for, for what only the dispatcher knows.
    Viewed(FactoryView, Port<FactoryView>),
    /// Why does a job wait?
    Explain(JobId, Port<Option<Explained>>),
    /// What would a claim get?
    Preview(Claim, Port<(Option<Pick>, Sought)>),
    /// How much is in hand?
    Count(Port<Counts>),
    /// The node is shutting down.
    Stop,
    /// A pause may be over.
    Tick,
}
