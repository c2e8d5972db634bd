//! The product as a whole: its gate and its log.
//! One file per action; shared here is an order to the gate.

pub(super) mod estop;
pub(super) mod events;
pub(super) mod pause;
pub(super) mod resume;

use domain::product::Command;
use wire::ProductState;

use super::answer::{Answer, ok};
use super::call::{Call, Nothing, operator};
use super::refusal;

/// Opens or closes the gate of the product that the request names.
async fn order(mut call: Call, command: Command) -> Answer {
    let id = call.product_id()?;
    let Nothing {} = call.strict().await?;
    let product = call.product(&id).await?;
    let _permit = call.permit(&product)?;
    let settings = product.set_gate(command, operator()).await.map_err(refusal::of)?;
    ok(&ProductState { product_id: id.to_string(), paused: settings.paused, evicted: None })
}
