//! `gigafactory pause|resume|estop`: orders to a product as a whole.

use super::connect::Desk;
use super::exit::Exit;
use super::failure::Failure;

/// An order to a product.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Hands out no more jobs.
    Pause,
    /// Hands out jobs again.
    Resume,
    /// Hands out no more jobs and ends every lease.
    Estop,
}

/// Gives the order.
pub(super) async fn run(desk: Desk, order: Order) -> Result<Exit, Failure> {
    let state = match order {
        Order::Pause => desk.client.pause().await?,
        Order::Resume => desk.client.resume().await?,
        Order::Estop => desk.client.estop().await?,
    };
    if desk.out.json {
        desk.out.record(&state)?;
        return Ok(Exit::Done);
    }
    let hands = if state.paused { "is paused" } else { "hands out jobs" };
    let evicted = state.evicted.map(|count| format!(", {count} leases were taken back")).unwrap_or_default();
    desk.out.line(&format!("product {} {hands}{evicted}", state.product_id))?;
    Ok(Exit::Done)
}
