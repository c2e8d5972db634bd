//! Transcripts: the real actors over a memory store in paused time, and a journal of what they did.

mod behind;
mod claims;
mod corners;
mod dependencies;
mod families;
mod faults;
mod journal;
mod leases;
mod lives;
mod node;
mod preemption;
mod profiles;
mod settings;
mod shadow;
mod stage;
