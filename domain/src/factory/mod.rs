//! A factory: an agent runner on some host, as the coordinator knows it.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> online: beat
//!     online --> stale: miss
//!     stale --> offline: miss
//!     stale --> online: beat, heard
//!     offline --> online: beat, heard
//!     stale --> draining: beat, heard
//!     offline --> draining: beat, heard
//!     online --> draining: drain, fail
//!     draining --> online: resume
//!     draining --> stale: miss
//! ```

mod admission;
mod apply;
mod command;
mod decide;
mod event;
mod state;
mod transition;

pub use admission::{Refusal, admit};
pub use apply::apply;
pub use command::{Beat, Command};
pub use decide::decide;
pub use event::{Card, Fact};
pub use state::{Descriptor, Engine, EngineState, Factory, Health, Presence, State};
pub use transition::{Step, transition};
