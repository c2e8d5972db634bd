//! The road of every request: name it, run its action, write its refusal, count and log it.
//! Logs carry no body, no token and no query string.

use std::future::{Ready, ready};
use std::sync::LazyLock;

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::time::Instant;
use wire::{Code, Problem};

use super::call::Call;
use super::meter::Meter;
use super::routes::Route;
use super::{Edge, answer, headers};

/// Requests that no route takes.
static UNROUTED: LazyLock<Meter> = LazyLock::new(|| Meter::new("ANY", "unmatched".to_owned()));

/// Runs a route's action and answers.
pub(super) async fn perform(
    route: &'static Route,
    edge: Edge,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let asked = Asked::new(&edge, &request);
    let call = Call::new(edge, request.clone(), payload.into_inner());
    let outcome = match headers::local(request.headers()) {
        Ok(()) => (route.run)(call).await,
        Err(problem) => Err(problem),
    };
    let response = outcome.unwrap_or_else(|problem| answer::refused(problem, request.path(), &asked.id));
    asked.answered(response, &request, &route.meter, route.logged)
}

/// Refuses a path that no route has.
pub(super) fn not_found(edge: Edge, request: HttpRequest) -> Ready<HttpResponse> {
    let asked = Asked::new(&edge, &request);
    let problem = Problem::new(Code::NotFound, "there is no such route");
    ready(asked.refused(problem, &request))
}

/// Refuses a method that a path does not take.
pub(super) fn not_allowed(edge: Edge, request: HttpRequest, allowed: HeaderValue) -> Ready<HttpResponse> {
    let asked = Asked::new(&edge, &request);
    let detail = format!("{} is not possible here", request.method());
    let mut response = asked.refused(Problem::new(Code::InvalidRequest, detail).at_status(405), &request);
    response.headers_mut().insert(ALLOW, allowed);
    ready(response)
}

/// The methods that routes of one path take, for `Allow`.
pub(super) fn allowed(routes: &[&Route]) -> HeaderValue {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    HeaderValue::try_from(methods.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Lets a method through; `HEAD` goes where `GET` does.
pub(super) fn takes(method: &Method) -> impl Guard + use<> {
    let method = method.clone();
    fn_guard(move |context| {
        let asked = &context.head().method;
        *asked == method || (*asked == Method::HEAD && method == Method::GET)
    })
}

/// A request on its way.
struct Asked {
    id: HeaderValue,
    began: Instant,
}

impl Asked {
    fn new(edge: &Edge, request: &HttpRequest) -> Self {
        Self { id: headers::request_id(request.headers(), edge), began: Instant::now() }
    }

    fn refused(self, problem: Problem, request: &HttpRequest) -> HttpResponse {
        let response = answer::refused(problem, request.path(), &self.id);
        self.answered(response, request, &UNROUTED, true)
    }

    fn answered(self, mut response: HttpResponse, request: &HttpRequest, meter: &Meter, logged: bool) -> HttpResponse {
        let (status, took) = (response.status().as_u16(), self.began.elapsed());
        meter.record(status, took);
        if logged {
            self.log(status, took, request);
        }
        response.headers_mut().insert(headers::REQUEST_ID, self.id);
        response
    }

    fn log(&self, status: u16, took: std::time::Duration, request: &HttpRequest) {
        let (method, path) = (request.method().as_str(), request.path());
        let path = path.get(..path.len().min(256)).unwrap_or_default();
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let trace_id = self.id.to_str().unwrap_or_default();
        if status >= 500 {
            tracing::warn!(target: "access", method, path, status, took_us, trace_id);
        } else {
            tracing::info!(target: "access", method, path, status, took_us, trace_id);
        }
    }
}
