//! Shows the node's numbers in Prometheus' text format. What is in hand is counted when it is asked for, and belongs
//! to this node; requests are counted for the whole process.

use actix_web::HttpResponse;
use actors::Counts;
use domain::dispatch::Reason;
use futures::future::join_all;

use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::telemetry;

/// Shows the node's numbers in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "getMetrics",
    tag = "node",
    responses((status = 200, description = "The numbers.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn run(call: Call) -> Answer {
    let handle = telemetry::prometheus();
    let products = call.edge.node.products();
    let counts = join_all(products.iter().map(actors::Product::counts)).await;
    // A product that reloads has nothing in hand for the moment.
    let all = counts.into_iter().flatten().fold(Counts::default(), sum);
    let mut text = handle.render();
    for (name, help, number) in [
        ("products", "Products that are open.", products.len()),
        ("ready_jobs", "Jobs that wait for a factory.", all.ready),
        ("waiting_claims", "Claims that wait for a job.", all.waiting_claims),
        ("leases", "Leases that are held.", all.leases),
        ("live_actors", "Jobs whose actor is awake.", all.live_jobs),
    ] {
        text.push_str(&format!(
            "# HELP gigafactory_{name} {help}\n# TYPE gigafactory_{name} gauge\ngigafactory_{name} {number}\n\n"
        ));
    }
    text.push_str("# HELP gigafactory_waiting_jobs Jobs that wait, by the first reason.\n");
    text.push_str("# TYPE gigafactory_waiting_jobs gauge\n");
    for reason in Reason::ALL {
        let jobs = all.waits.get(&reason).copied().unwrap_or_default();
        text.push_str(&format!("gigafactory_waiting_jobs{{reason=\"{}\"}} {jobs}\n", reason.as_str()));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn sum(mut sum: Counts, one: Counts) -> Counts {
    for (reason, jobs) in one.waits {
        *sum.waits.entry(reason).or_default() += jobs;
    }
    Counts {
        ready: sum.ready + one.ready,
        waiting_claims: sum.waiting_claims + one.waiting_claims,
        leases: sum.leases + one.leases,
        live_jobs: sum.live_jobs + one.live_jobs,
        waits: sum.waits,
    }
}
