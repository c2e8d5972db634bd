//! One action for many jobs: finds them, and gives each the order that its own route would give.
//! A refusal keeps no other job from its turn.

use actors::store::{JobQuery, Page};
use actors::{NotDone, Order, Product};
use domain::job::{Command, Job, transition};
use domain::profile::Usual;
use domain::{By, JobId};
use futures::stream::{self, StreamExt};
use uuid::Uuid;
use wire::actions::{RefusedJob, Said};
use wire::{ActionsAnswer, ActionsRequest, Code, Edit, Problem};

use super::filter::Filter;
use super::{approve, cancel, edit, look, reject, requeue};
use crate::http::answer::{Answer, ok};
use crate::http::call::{Call, no_such_job, operator};
use crate::http::headers::Expected;
use crate::http::refusal;

/// Jobs that are given their order at a time.
const AT_ONCE: usize = 32;
/// Jobs that are read at a time.
const PAGE: usize = 100;
/// How often a job is looked at again that changes while its turn comes.
const TRIES: usize = 3;

/// Does one thing to up to 1,000 jobs that are named, or to up to 10,000 that a selector fits.
///
/// Each job has a turn of its own: it is done, was so already, or is refused with its problem. A job that a selector
/// has fitted and that changes before its turn comes is left alone unless the selector fits it still.
#[utoipa::path(
    post,
    path = "/api/fleet/jobs/actions",
    operation_id = "actOnJobs",
    tag = "jobs",
    request_body = ActionsRequest,
    responses((status = 200, description = "What became of it.", body = ActionsAnswer)),
)]
pub(crate) async fn run(mut call: Call) -> Answer {
    let id = call.product_id()?;
    let request: ActionsRequest = call.strict().await?;
    let deed = Deed::of(request.said()?);
    let query = request.selector.map(|selector| Filter::from(selector).query()).transpose();
    let query = query.map_err(|problem| problem.under("/selector"))?;
    let named: Vec<Meant> = request.ids.unwrap_or_default().into_iter().map(Meant::named).collect();
    let Some(product) = call.known(&id)? else {
        let refused = named.into_iter().map(|meant| meant.refused(no_such_job())).collect::<Vec<_>>();
        return ok(&ActionsAnswer { matched: refused.len(), done: 0, refused });
    };
    let _permit = call.permit(&product)?;
    let meant = match &query {
        Some(query) => found(&call, &product, query).await?,
        None => named,
    };
    let (matched, only_tried) = (meant.len(), request.dry_run.unwrap_or_default());
    let turns = stream::iter(meant.into_iter().map(|meant| {
        let turn = Turn { call: &call, product: &product, deed: &deed, query: query.as_ref() };
        async move {
            let done = if only_tried { turn.tried(&meant).await } else { turn.taken(&meant).await };
            done.err().map(|problem| meant.refused(problem))
        }
    }));
    let refused: Vec<RefusedJob> = turns.buffered(AT_ONCE).filter_map(|refused| async { refused }).collect().await;
    ok(&ActionsAnswer { matched, done: matched - refused.len(), refused })
}

/// What is done to each job.
enum Deed {
    Order(Box<Command>, By),
    Change(Box<Edit>),
}

impl Deed {
    fn of(said: Said) -> Self {
        match said {
            Said::Cancel(said) => Self::Order(Box::new(cancel::order(said)), operator()),
            Said::Requeue(said) => Self::Order(Box::new(requeue::order(said)), operator()),
            Said::Reject(said) => Self::Order(Box::new(reject::order(said)), operator()),
            Said::Ship => Self::Order(Box::new(Command::Ship), operator()),
            Said::Approve(said) => {
                let (order, by) = approve::order(said);
                Self::Order(Box::new(order), by)
            }
            Said::Reprioritize(priority) => {
                Self::Change(Box::new(Edit { priority: Some(priority), ..Edit::default() }))
            }
        }
    }

    /// The command to a job as it stands, and who gives it.
    fn command(&self, job: &Job) -> Result<(Command, By), Problem> {
        Ok(match self {
            Self::Order(command, by) => ((**command).clone(), by.clone()),
            Self::Change(edit) => {
                let edit = edit.clone().into_command(&job.spec, &Usual::default())?;
                (Command::Edit(Box::new(edit)), operator())
            }
        })
    }
}

/// A job that is meant.
struct Meant {
    /// As it was named.
    name: String,
    /// None: that is the id of no job.
    id: Option<JobId>,
    /// As it was when the selector fitted it.
    rev: Option<u64>,
}

impl Meant {
    fn named(name: String) -> Self {
        Self { id: name.parse().ok(), rev: None, name }
    }

    fn refused(self, problem: Problem) -> RefusedJob {
        RefusedJob { id: self.name, problem }
    }
}

/// Finds the jobs that a selector fits. Refuses more than can be acted on at once.
async fn found(call: &Call, product: &Product, query: &JobQuery) -> Result<Vec<Meant>, Problem> {
    const MOST: usize = ActionsRequest::MAX_MATCHED;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = Page { after, limit: PAGE };
        let jobs = call.edge.node.store().jobs(product.id(), query, page).await;
        let jobs = jobs.map_err(|why| refusal::of(why.into()))?;
        let Some(last) = jobs.last() else { return Ok(found) };
        after = Some(last.id);
        found.extend(jobs.iter().map(|job| Meant { name: job.id.to_string(), id: Some(job.id), rev: Some(job.rev) }));
        if found.len() > MOST {
            let detail = format!("the selector fits more than {MOST} jobs; nothing was changed: narrow it");
            return Err(Problem::new(Code::InvalidRequest, detail).at_status(422).error("/selector", "fits too many"));
        }
    }
}

/// A job's turn.
struct Turn<'a> {
    call: &'a Call,
    product: &'a Product,
    deed: &'a Deed,
    query: Option<&'a JobQuery>,
}

impl Turn<'_> {
    /// Says whether the job would refuse, as far as it tells by itself.
    async fn tried(&self, meant: &Meant) -> Result<(), Problem> {
        let job = look(self.call, self.product, meant.id.ok_or_else(no_such_job)?).await?;
        let (command, by) = self.deed.command(&job)?;
        let tried = transition(&job, command, &by, self.call.heard);
        tried.map(|_| ()).map_err(|refused| refusal::of(NotDone::Refused(refused)))
    }

    /// Gives the job its order.
    async fn taken(&self, meant: &Meant) -> Result<(), Problem> {
        let id = meant.id.ok_or_else(no_such_job)?;
        let (mut rev, mut tries) = (meant.rev, 0);
        loop {
            tries += 1;
            let refused = match self.ordered(id, rev).await {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            };
            let Some(query) = self.query.filter(|_| refused.code == Code::PreconditionFailed && tries < TRIES) else {
                return Err(refused);
            };
            rev = Some(self.fits(id, query).await?.ok_or(refused)?);
        }
    }

    async fn ordered(&self, id: JobId, rev: Option<u64>) -> Result<(), Problem> {
        match self.deed {
            Deed::Order(command, by) => {
                let order = Order { command: (**command).clone(), by: by.clone(), if_rev: rev };
                self.product.order(id, order).await.map(|_| ()).map_err(refusal::of)
            }
            Deed::Change(edit) => {
                let expected = || Ok(rev.map_or(Expected::Any, |rev| Expected::Revs(vec![rev])));
                edit::change(self.call, self.product, id, edit, expected).await.map(|_| ())
            }
        }
    }

    /// The revision of a job that the selector fits still.
    async fn fits(&self, id: JobId, query: &JobQuery) -> Result<Option<u64>, Problem> {
        // The first one of a list that begins with this job.
        let after = id.0.as_u128().checked_add(1).map(|next| JobId(Uuid::from_u128(next)));
        let jobs = self.call.edge.node.store().jobs(self.product.id(), query, Page { after, limit: 1 }).await;
        let jobs = jobs.map_err(|why| refusal::of(why.into()))?;
        Ok(jobs.first().filter(|job| job.id == id).map(|job| job.rev))
    }
}
