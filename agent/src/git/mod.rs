//! Everything that touches a repository: a bare mirror per repository, a work tree per run, snapshots that leave the
//! user's branch, index and HEAD alone. Knows nothing of jobs' lifecycles, leases or the coordinator.

mod checkout;
mod command;
mod files;
mod mirror;
mod names;

pub use checkout::{Checkout, Diff, Snapshot};
pub use command::GitError;
pub(crate) use files::{remove_tree, remove_tree_aside};
pub use mirror::Mirror;
pub use names::{BadName, check_inner_path, check_ref, check_repository};
