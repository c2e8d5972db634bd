//! Which job goes to which factory: the ready index, the seats, the waiting claims, the graph of dependencies.
//!
//! All of it is derived from committed jobs and factories and can be rebuilt from them at any time.

mod board;
mod class;
mod evictions;
mod graph;
mod index;
mod lane;
mod locks;
mod needs;
mod preempt;
mod reason;
pub mod score;
mod seats;
mod sought;
mod standing;
mod supply;
mod waiters;
mod weights;

pub use board::{Board, Explained, Order, Position, Rules, Stance, Waits};
pub use evictions::GRACE_MS;
pub use graph::{Graph, Verdict, settled};
pub use needs::{Key, Needs};
pub use preempt::{Candidate, Cost, Grounds, Preemption, select_with_preemption};
pub use reason::Reason;
pub use score::{Breakdown, MOST_WAITING, Score};
pub use sought::{Pick, Sought};
pub use standing::{Awaits, Merit, Standing, Tenure, estimate, failed_twice};
pub use supply::{Claim, Supply};
pub use waiters::WaiterNo;
pub use weights::{SomeWeights, Term, Weight, Weights};
