//! What the coordinator is told at its start: flags of the command line before the environment before the file
//! `gigafactory.toml` in the working directory before the defaults. Owns the precedence and the feature flags; reads
//! nothing by itself and starts nothing.

#[cfg(feature = "faults")]
mod faults;
mod features;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;

use actors::{Faults, Switches};
use serde::Deserialize;

pub use features::{BadFeature, FEATURES, read as switch};

/// The file in the working directory.
pub const FILE: &str = "gigafactory.toml";
/// Where the coordinator listens unless told otherwise.
pub const LISTEN: &str = "127.0.0.1:4003";
/// Threads that serve HTTP, at most.
const MAX_WORKERS: usize = 256;

/// What a coordinator needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it keeps its state.
    pub data: PathBuf,
    /// Threads that serve HTTP.
    pub workers: usize,
    /// The features that are switched on.
    pub switches: Switches,
    /// What is to go wrong. Empty in every build that is not for tests.
    pub faults: Faults,
}

/// What was given on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The address.
    pub listen: Option<String>,
    /// The data directory.
    pub data: Option<PathBuf>,
    /// Threads.
    pub workers: Option<usize>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is no TOML, or has members that are not known.
    #[error("{FILE}: {0}")]
    File(#[from] toml::de::Error),
    /// The address is none.
    #[error("{origin}: {value:?} is no address such as {LISTEN}")]
    Listen {
        /// Who said so.
        origin: &'static str,
        /// What was said.
        value: String,
    },
    /// There must be at least one thread, and not too many.
    #[error("workers must be 1 to {MAX_WORKERS}, not {0}")]
    Workers(usize),
    /// Nothing says where the user's data lie.
    #[error("there is no home directory to keep data in: name a data directory with --data or GIGAFACTORY_DATA")]
    NoHome,
    /// A feature flag is not understood, or asks for what this version cannot do.
    #[error(transparent)]
    Feature(#[from] BadFeature),
    /// A fault of a test build is not understood.
    #[cfg(feature = "faults")]
    #[error("{name}: {0}", name = faults::VARIABLE)]
    Faults(#[from] actors::BadFaults),
}

/// The file, read.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    data: Option<PathBuf>,
    workers: Option<usize>,
    #[serde(default)]
    flags: features::InFile,
}

impl Config {
    /// Settles every value. `env` answers variables of the environment, `file` is the text of `gigafactory.toml`.
    /// Refuses what it does not understand, and features that are switched on but not there, instead of leaving them out.
    pub fn resolve(
        given: Given,
        env: impl Fn(&str) -> Option<String>,
        file: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let file: File = file.map_or_else(|| Ok(File::default()), toml::from_str)?;
        let switches = features::switches(&env, &file.flags)?;
        let origins = [
            ("--listen", given.listen),
            ("GIGAFACTORY_LISTEN", env("GIGAFACTORY_LISTEN")),
            (FILE, file.listen),
            ("the default", Some(LISTEN.to_owned())),
        ];
        let listen = origins.into_iter().find_map(|(origin, value)| Some((origin, value?)));
        let (origin, value) = listen.unwrap_or_default();
        let listen = value.parse().map_err(|_| ConfigError::Listen { origin, value })?;
        let data = given.data.or_else(|| env("GIGAFACTORY_DATA").map(PathBuf::from)).or(file.data);
        let data = data.or_else(|| home(&env)).ok_or(ConfigError::NoHome)?;
        let workers = given.workers.or(file.workers).unwrap_or(1);
        if !(1..=MAX_WORKERS).contains(&workers) {
            return Err(ConfigError::Workers(workers));
        }
        #[cfg(feature = "faults")]
        let faults = faults::read(&env)?;
        #[cfg(not(feature = "faults"))]
        let faults = Faults::default();
        Ok(Self { listen, data, workers, switches, faults })
    }
}

/// The user's data directory, as the XDG conventions name it on every system.
fn home(env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let data = env("XDG_DATA_HOME").map(PathBuf::from).filter(absolute).or_else(|| {
        let home = env("HOME").or_else(|| env("USERPROFILE")).map(PathBuf::from)?;
        Some(home.join(".local").join("share"))
    })?;
    Some(data.join("gigafactory"))
}
