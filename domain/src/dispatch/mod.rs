//! Which job goes to which factory: the ready index, the seats, the waiting claims, the graph of dependencies.
//!
//! All of it is derived from committed jobs and factories and can be rebuilt from them at any time.

mod board;
mod graph;
mod index;
mod needs;
mod reason;
mod score;
mod seats;
mod standing;
mod waiters;
mod weights;

pub use board::{Board, Pick};
pub use graph::{Graph, Verdict, settled};
pub use needs::{Claim, Needs, Supply};
pub use reason::Reason;
pub use score::{Breakdown, Score};
pub use standing::{Awaits, Standing};
pub use waiters::WaiterNo;
pub use weights::{SomeWeights, Term, Weight, Weights};
