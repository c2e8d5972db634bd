//! The world of a run: the host's wall clock, what is stored, and the incarnations of the node, one after the other.
//! An incarnation that was cut off never writes or answers again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::test::{TestRequest, init_service};
use actors::store::{MemoryStore, Plan};
use actors::{Limits, Node};
use checker::{Moment, Recorder};
use futures::future::LocalBoxFuture;
use gigafactory::http::{Edge, app};
use tokio::task::{AbortHandle, spawn_local};

use super::clock::{SimClock, SimIds, Wall};
use super::notes::Notes;
use super::rng::Rng;
use super::schedule::Schedule;
use super::sometimes::Sometimes;
use super::store::SimStore;
use super::trouble::{Cut, Trouble};

/// An answer of the service: its status and its body.
pub(super) type Raw = (u16, String);

type Serve = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Option<Raw>>>;

/// One life of the node.
pub(super) struct Incarnation {
    pub(super) node: Node,
    serve: Serve,
    pub(super) cut: Cut,
    calls: RefCell<BTreeMap<u64, AbortHandle>>,
}

/// Everything there is.
pub(super) struct World {
    pub(super) recorder: Recorder,
    pub(super) wall: Arc<Wall>,
    pub(super) trouble: Trouble,
    pub(super) sometimes: Sometimes,
    pub(super) notes: RefCell<Notes>,
    pub(super) counts: Counts,
    /// Urgent jobs may evict others.
    preemption: bool,
    /// Clients use what the scheduler has.
    pub(super) steered: bool,
    /// They give jobs children.
    pub(super) families: bool,
    /// From here on nothing goes wrong on the roads.
    pub(super) healed: Cell<bool>,
    kept: MemoryStore,
    rng: RefCell<Rng>,
    calls: Cell<u64>,
    current: RefCell<Option<Rc<Incarnation>>>,
}

/// What is counted.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) operations: Cell<u64>,
    pub(super) faults: Cell<u64>,
    pub(super) crashes: Cell<u64>,
}

/// One more.
pub(super) fn count(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

impl World {
    pub(super) async fn begin(schedule: &Schedule) -> Rc<Self> {
        let rng = Rng::new(schedule.seed).split("world");
        let (recorder, wall) = (Recorder::default(), Wall::new());
        let pauses = (schedule.commit_ms, schedule.read_ms);
        let trouble = Trouble::new(rng.split("store"), pauses, recorder.clone(), wall.clone());
        let world = Rc::new(Self {
            recorder,
            wall,
            trouble,
            sometimes: Sometimes::default(),
            notes: RefCell::default(),
            counts: Counts::default(),
            preemption: schedule.preemption,
            steered: schedule.steered,
            families: schedule.families,
            healed: Cell::new(false),
            kept: MemoryStore::new(Plan::default()),
            rng: RefCell::new(rng),
            calls: Cell::new(0),
            current: RefCell::new(None),
        });
        world.start().await;
        world
    }

    /// Now, by the node's own clock: the one it has, or had last.
    pub(super) fn now(&self) -> i64 {
        self.wall.shown()
    }

    pub(super) fn mark(&self, moment: Moment) {
        self.recorder.mark(moment, self.now());
    }

    /// The node's process begins.
    pub(super) async fn start(&self) {
        let cut = Cut::new();
        let ids = SimIds::new(self.wall.clone(), Rng::new(self.rng.borrow_mut().next()));
        let world = actors::World {
            store: Arc::new(SimStore::over(&self.kept, self.trouble.clone(), cut.clone())),
            clock: Arc::new(SimClock::new(self.wall.clone())),
            ids: Arc::new(ids),
            switches: actors::Switches { preemption: self.preemption, ..actors::Switches::default() },
        };
        let node = loop {
            match Node::start(world.clone(), Limits::default()).await {
                Ok(node) => break node,
                // A process that cannot begin ends and is begun again by its supervisor.
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        };
        let edge = Edge::new(node.clone(), "simulated");
        let service = Rc::new(init_service(App::new().configure(app(edge))).await);
        let serve = Box::new(move |request: TestRequest| -> LocalBoxFuture<'static, Option<Raw>> {
            let service = service.clone();
            Box::pin(async move { read(service.call(request.to_request()).await.ok()?).await })
        });
        let incarnation = Incarnation { node, serve, cut, calls: RefCell::default() };
        self.current.replace(Some(Rc::new(incarnation)));
        self.recorder.started(self.now(), self.preemption);
    }

    /// The node's process ends at once: its calls are cut in the order in which they came, then the node itself.
    pub(super) fn crash(&self) {
        let Some(incarnation) = self.current.take() else { return };
        count(&self.counts.crashes);
        incarnation.cut.fall();
        for (_, call) in std::mem::take(&mut *incarnation.calls.borrow_mut()) {
            self.sometimes.hit("a call was cut by a crash");
            call.abort();
        }
        self.mark(Moment::Ended);
        let node = incarnation.node.clone();
        spawn_local(async move { node.stop().await });
    }

    /// The node, while it lives.
    pub(super) fn node(&self) -> Option<Rc<Incarnation>> {
        self.current.borrow().clone()
    }

    /// Hands a request to the node that lives now. None: nobody is there, or it ended before it answered, or who asked
    /// has gone.
    pub(super) async fn serve(&self, request: TestRequest) -> Option<Raw> {
        if self.trouble.was_parted().await {
            return None;
        }
        self.trouble.thaws().await;
        let node = self.node()?;
        self.calls.set(self.calls.get() + 1);
        let no = self.calls.get();
        let task = spawn_local((node.serve)(request));
        node.calls.borrow_mut().insert(no, task.abort_handle());
        let call = InCall { no, node: &node };
        let answer = task.await;
        self.trouble.thaws().await;
        if self.trouble.was_parted().await {
            return None;
        }
        let answer = answer.ok().flatten().filter(|_| !node.cut.is_down());
        drop(call);
        answer
    }
}

/// A call at the node; whoever drops it has hung up.
struct InCall<'a> {
    no: u64,
    node: &'a Incarnation,
}

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        if let Some(call) = self.node.calls.borrow_mut().remove(&self.no) {
            call.abort();
        }
    }
}

async fn read<B: MessageBody>(response: ServiceResponse<B>) -> Option<Raw> {
    let status = response.status().as_u16();
    let bytes = actix_web::body::to_bytes(response.into_body()).await.ok()?;
    Some((status, String::from_utf8(bytes.to_vec()).ok()?))
}
