//! The road between a client and the node: requests and answers are late, lost, or come twice, as the seed has it.
//! What a client is not told stays unknown in the history.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use checker::Call;
use serde_json::Value;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

use super::rng::Rng;
use super::schedule::Road;
use super::world::{Raw, World, count};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) if_match: Option<u64>,
    pub(super) body: Option<String>,
}

/// What came back; status 0 if nothing did.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// It may be repeated: nobody knows, or not now.
    pub(super) fn is_unsettled(&self) -> bool {
        matches!(self.status, 0 | 429 | 503 | 507)
    }

    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// One client's end of its road.
pub(super) struct Line {
    pub(super) client: String,
    pub(super) product: String,
    pub(super) road: Road,
    pub(super) rng: Rng,
    pub(super) world: Rc<World>,
}

/// What becomes of one request.
struct Fate {
    there: Duration,
    back: Duration,
    loses_request: bool,
    loses_answer: bool,
    again_after: Option<Duration>,
    /// Who hangs up is not noticed by the node.
    unheard: bool,
}

impl Line {
    fn fate(&mut self) -> Fate {
        let healed = self.world.healed.get();
        let (rng, road) = (&mut self.rng, self.road);
        let (there, back) = (rng.below(road.delay_ms + 1), rng.below(road.delay_ms + 1));
        let (request, answer, twice) =
            (rng.chance(road.drop_request), rng.chance(road.drop_response), rng.chance(road.duplicate));
        let (again, unheard) = (*rng.pick(&[1, 50, 2_000, 30_000]), rng.chance(300));
        Fate {
            there: Duration::from_millis(there),
            back: Duration::from_millis(back),
            loses_request: request && !healed,
            loses_answer: answer && !healed,
            again_after: (twice && !healed).then(|| Duration::from_millis(again)),
            unheard,
        }
    }

    fn call(&self, request: &Request) -> Call {
        Call {
            client: self.client.clone(),
            product: self.product.clone(),
            method: request.method.to_owned(),
            path: request.path.clone(),
            if_match: request.if_match,
            body: request.body.clone(),
        }
    }

    /// Asks and waits for the answer, at most for so long.
    pub(super) async fn ask(&mut self, request: &Request, patience: Duration) -> Reply {
        let world = self.world.clone();
        count(&world.counts.operations);
        let fate = self.fate();
        let open = world.recorder.invoke(world.now(), self.call(request));
        let answered = Rc::new(Cell::new(false));
        if let Some(later) = fate.again_after {
            self.send_again(request, fate.there + later, answered.clone());
        }
        if fate.loses_request {
            count(&world.counts.faults);
            sleep(patience.min(Duration::from_secs(3))).await;
            return Reply::default();
        }
        let (sent, at) = (made(request, &self.product), world.clone());
        let road = async move {
            sleep(fate.there).await;
            let raw = at.serve(sent).await;
            sleep(fate.back).await;
            raw
        };
        let raw = match (fate.loses_answer, fate.unheard) {
            (true, _) => {
                count(&world.counts.faults);
                let (at, request) = (world.clone(), request.clone());
                let all = spawn_local(async move { at.lost(&request, road.await) });
                // The connection breaks when the answer was due, or the client gives up before.
                drop(timeout(patience, all).await);
                None
            }
            (false, true) => timeout(patience, spawn_local(road)).await.ok().and_then(Result::ok).flatten(),
            (false, false) => timeout(patience, road).await.ok().flatten(),
        };
        answered.set(true);
        let Some((status, body)) = raw else { return Reply::default() };
        world.recorder.settle(open, world.now(), status, body.clone());
        world.answered(status, &body);
        Reply { status, body: serde_json::from_str(&body).unwrap_or(Value::Null) }
    }

    /// The network delivers a second copy, whose answer nobody hears.
    fn send_again(&self, request: &Request, after: Duration, answered: Rc<Cell<bool>>) {
        count(&self.world.counts.faults);
        // Whatever it does is unknown to its client.
        let _ = self.world.recorder.invoke(self.world.now(), self.call(request));
        let (world, sent, request) = (self.world.clone(), made(request, &self.product), request.clone());
        spawn_local(async move {
            sleep(after).await;
            if answered.get() {
                world.sometimes.hit("a duplicate was delivered after its original was answered");
            }
            if let Some(raw) = world.serve(sent).await {
                world.duplicate(&request, &raw);
            }
        });
    }
}

fn made(request: &Request, product: &str) -> TestRequest {
    let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
    let mut made = TestRequest::default().method(method).uri(&request.path).append_header(("x-product-id", product));
    if let Some(rev) = request.if_match {
        made = made.append_header(("if-match", format!("\"{rev}\"")));
    }
    match &request.body {
        Some(body) => made.set_payload(body.clone()),
        None => made,
    }
}

impl World {
    /// Counts what answers say.
    fn answered(&self, status: u16, body: &str) {
        match status {
            503 if body.contains("\"outcome-unknown\"") => {
                self.sometimes.hit("a request was answered 503 outcome-unknown");
            }
            503 => self.sometimes.hit("a request was answered 503 overloaded"),
            507 => self.sometimes.hit("a request was answered 507"),
            _ => {}
        }
    }

    fn lost(&self, request: &Request, raw: Option<Raw>) {
        if request.path == "/api/fleet/claim" && raw.is_some_and(|(status, _)| status == 200) {
            self.sometimes.hit("the answer to a grant was lost");
        }
    }

    fn duplicate(&self, request: &Request, (status, body): &Raw) {
        if request.method == "PATCH" && *status == 200 {
            let job: Value = serde_json::from_str(body).unwrap_or_default();
            if job["repeated"] == true && job["lease"]["status"] != "held" {
                self.sometimes.hit("a duplicate report was delivered after the lease had ended");
            }
        }
    }
}
