//! A product: the tenant, its gate, and the leases that its jobs hold.

mod event;
mod leases;
mod reaper;
mod settings;

pub use event::{Changed, Fact};
pub use leases::{Beaten, Held, Leases, Renewal};
pub use reaper::Reaper;
pub use settings::{Choices, Command, Settings, Step, transition};
