//! What travels between factories, the command line and the coordinator: requests, answers, problems, the front matter
//! of markdown jobs, and the client that speaks it all.
//!
//! Everything here has a JSON form of its own; no type of the domain is ever serialised directly. Nothing here decides:
//! a request is checked for its form and turned into the domain's words, an answer is made from the domain's values.
//! There is no server, no runtime and no database in here.

mod check;
mod code;
mod unique;
mod word;

pub mod action;
pub mod body;
pub mod claim;
pub mod client;
pub mod dag;
pub mod explain;
pub mod factory;
pub mod job;
pub mod lease;
pub mod manifest;
pub mod money;
pub mod patch;
pub mod problem;
pub mod product;
pub mod profile;
pub mod run;
pub mod settings;
pub mod submit;
pub mod time;
pub mod weights;

#[cfg(test)]
mod fixture;

pub use action::{Answer, Approve, Cancel, Reject, Requeue, ShipRequest};
pub use body::{lenient, strict};
pub use claim::{ClaimRequest, Grant, Grants};
pub use client::{Client, ClientError, JobFilter, Tagged};
pub use factory::{Factory, Heartbeat, HeartbeatAnswer, LeaseRef, RenewedLease, Signal, SignalKind};
pub use job::{Checkpoint, Job, Note};
pub use lease::{Lease, Release, ReleaseResult, Renew, Renewed};
pub use manifest::Manifest;
pub use money::Money;
pub use patch::{Edit, Patch, Report, parse_patch};
pub use problem::{Code, FieldError, Problem};
pub use product::{Event, List, ProductState, Version};
pub use profile::{Defaults, Profile, ProfileSnapshot, PublishRequest};
pub use run::{Insights, Run};
pub use settings::Settings;
pub use submit::{BatchAnswer, BatchRequest, BatchResult, Outcome, SubmitRequest, Submitted};
pub use time::Time;
pub use weights::{Weight, Weights};
pub use word::{BlockedReason, DepsMode, Kind, LeaseStatus, OnDepFailure, Priority, RunResult, Stage, VerifyResult};
