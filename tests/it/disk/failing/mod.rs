//! The Nth operation on the disk fails, for every N: whoever asked is told, nothing acknowledged is lost, nothing
//! refused comes back, and it goes on as soon as the disk does.

mod acts;
mod bench;
mod ended;
mod every;
mod moved;
mod unsure;
mod variants;
