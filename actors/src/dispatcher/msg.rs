//! What a dispatcher's mailbox takes.

use std::sync::Arc;

use domain::dispatch::{Awaits, Claim, Explained, Pick, Sought, Standing};
use domain::factory::Factory;
use domain::job::Stage;
use domain::product::Settings;
use domain::{FactoryId, JobId};
use tokio::sync::oneshot;

use crate::answer::{Beaten, Counts, FactoryView, Port};
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
    /// A job is about to be submitted that waits for others.
    Watch(JobId, Awaits, oneshot::Sender<()>),
    /// It was not submitted after all.
    Forget(JobId),
    /// What was read of the jobs that this one waits for.
    Stages(JobId, Vec<(JobId, Stage)>),
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
