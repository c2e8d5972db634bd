//! The product as a whole: its gate, its settings and its log.
//! One file per action; shared here are an order to the gate, a change of the settings and a look at them.

pub(super) mod estop;
pub(super) mod events;
pub(super) mod pause;
pub(super) mod resume;
pub(super) mod set_settings;
pub(super) mod set_weights;
pub(super) mod settings;
pub(super) mod weights;

use std::sync::Arc;

use domain::ProductId;
use domain::product::{Command, Settings};
use wire::{Problem, ProductState};

use super::answer::{Answer, tagged};
use super::body::JOB;
use super::call::{Call, Nothing, operator};
use super::headers::Expected;
use super::refusal;

/// Opens or closes the gate of the product that the request names, if its settings have a revision that the caller
/// expects.
async fn order(mut call: Call, command: Command) -> Answer {
    let id = call.product_id()?;
    let Nothing {} = call.strict().await?;
    let settings = change(&call, &id, command).await?;
    tagged(settings.rev, &ProductState { product_id: id.to_string(), paused: settings.paused, evicted: None })
}

/// The settings of a product; those of one that was never heard of are as usual.
async fn look(call: &Call, id: ProductId) -> Result<Arc<Settings>, Problem> {
    let Some(product) = call.known(&id)? else { return Ok(Arc::new(Settings::new(id))) };
    let _permit = call.permit(&product)?;
    product.settings().await.map_err(refusal::of)
}

/// The body that is to replace something. No body at all is none: it would set everything back.
async fn replacement<T: serde::de::DeserializeOwned>(call: &mut Call) -> Result<T, Problem> {
    wire::strict(&call.bytes(JOB).await?)
}

/// Changes a product's settings, if they have a revision that the caller expects.
async fn change(call: &Call, id: &ProductId, command: Command) -> Result<Arc<Settings>, Problem> {
    let expected = Expected::of(call.headers())?;
    let product = call.product(id).await?;
    let _permit = call.permit(&product)?;
    let if_rev = match &expected {
        Expected::Unsaid | Expected::Any => None,
        Expected::Revs(_) => {
            let rev = product.settings().await.map_err(refusal::of)?.rev;
            if !expected.allows(rev) {
                return Err(refusal::precondition(rev));
            }
            Some(rev)
        }
    };
    product.set(command, operator(), if_rev).await.map_err(refusal::of)
}
