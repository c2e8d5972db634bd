//! Stories of a product: its gate, the leases that its jobs hold, and the reaper's brake.

mod leases;
mod reaper;
mod settings;
