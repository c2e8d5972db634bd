//! The one table of routes. Path and method of each stand with its action; the table names the actions, and both the
//! application and the OpenAPI document are made from it.

use std::sync::LazyLock;

use actix_web::http::Method;
use futures::future::LocalBoxFuture;
use utoipa::openapi::path::HttpMethod;

use super::answer::Answer;
use super::call::Call;
use super::meter::Meter;
use super::{claim, factories, jobs, node, preview, product, profiles};

/// What a route does.
type Run = fn(Call) -> LocalBoxFuture<'static, Answer>;

/// One method of one path.
pub(super) struct Route {
    pub(super) method: Method,
    /// The path, with its parameters in braces.
    pub(super) template: String,
    pub(super) run: Run,
    pub(super) meter: Meter,
    /// Leaves a line in the access log.
    pub(super) logged: bool,
}

impl Route {
    fn new<P: utoipa::Path>(run: Run) -> Self {
        let (method, template) = (P::methods().first().map_or(Method::GET, of), P::path());
        let label = match P::methods().first() {
            Some(HttpMethod::Post) => "POST",
            Some(HttpMethod::Patch) => "PATCH",
            Some(HttpMethod::Put) => "PUT",
            _ => "GET",
        };
        let logged = template.starts_with("/api/");
        Self { method, run, meter: Meter::new(label, template.clone()), logged, template }
    }
}

fn of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

macro_rules! routes {
    ($($($module:ident)::+,)*) => {
        /// Every route.
        pub(super) fn table() -> &'static [Route] {
            static TABLE: LazyLock<Vec<Route>> = LazyLock::new(|| vec![
                $(Route::new::<$($module)::+::__path_run>(|call| Box::pin($($module)::+::run(call))),)*
            ]);
            &TABLE
        }

        /// The document of every route, before what all of them share is added.
        #[derive(utoipa::OpenApi)]
        #[openapi(
            info(title = "Gigafactory", description = "Turns markdown tasks into durable jobs and gets each done by a factory."),
            paths($($($module)::+::run),*),
            components(schemas(wire::Problem)),
        )]
        pub(super) struct Document;
    };
}

routes! {
    jobs::submit,
    jobs::batch,
    jobs::list,
    jobs::get,
    jobs::patch,
    jobs::requeue,
    jobs::reject,
    jobs::cancel,
    jobs::ship,
    jobs::approve,
    jobs::answer,
    jobs::children,
    jobs::dag,
    jobs::runs,
    jobs::events,
    jobs::explain,
    jobs::lease,
    jobs::renew,
    jobs::release,
    claim,
    preview,
    factories::heartbeat,
    factories::list,
    factories::get,
    factories::drain,
    factories::resume,
    product::pause,
    product::resume,
    product::estop,
    product::events,
    product::settings,
    product::set_settings,
    product::weights,
    product::set_weights,
    profiles::publish,
    profiles::list,
    profiles::get,
    node::version,
    node::openapi,
    node::healthz,
    node::readyz,
    node::metrics,
}
