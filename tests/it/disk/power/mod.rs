//! The power goes: from what was written and synced, every state is rebuilt that the disk may be in, and opened.

mod campaign;
mod disk;
mod loss;
mod survivors;
mod workload;
