//! A product's budget: what may be spent in a window, what was, and what happens at the ceiling.
//!
//! It counts the product's committed job events and saves how far it has come with every change, so that after a crash
//! nothing is lost and nothing counted twice. It stops no running job: [`Funds`] keeps new ones from being promised
//! money that is not there. It charges at the moment at which it counts; a charge belongs to the window of that moment.
//!
//! - An order whose time has come late still finds its window turned: every order turns it first.
//! - Another ceiling makes every warning due again; those that the level of spending has passed are given at once.
//!   Spending that passes several marks at a time gives each of them, the lowest first.
//! - Another kind of window begins at its natural start, with what the caller says was charged since then.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> active
//!     active --> operator: pause
//!     active --> ceiling: set, note, lapse
//!     operator --> active: resume
//!     operator --> ceiling: resume
//!     ceiling --> operator: pause
//!     ceiling --> active: set, turn
//! ```

mod apply;
mod burndown;
mod charge;
pub mod command;
mod decide;
mod event;
mod funds;
mod refusal;
mod state;
#[cfg(test)]
mod tests;
mod transition;
mod window;

pub use apply::apply;
pub use burndown::{Burndown, burndown};
pub use charge::Charge;
pub use command::Command;
pub use decide::decide;
pub use event::Fact;
pub use funds::Funds;
pub use refusal::Refusal;
pub use state::{BadMark, Budget, Lost, MAX_LOST, Mark, PausedBy, Reason, RunKey, Status};
pub use transition::{Step, transition};
pub use window::{BadDay, Day, Window};
