//! What a factory is told at its start, and the name that it keeps. Reads no environment and no flags: whoever starts
//! the factory does.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{FactoryId, ProductId};
use uuid::Uuid;

/// A secret that no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the request that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Everything that a factory needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// The coordinator's base address, with `/api`.
    pub api: String,
    /// The product it works for.
    pub product: ProductId,
    /// Its name; without one, host name and a short random part, kept in `workdir`.
    pub factory_id: Option<FactoryId>,
    /// Its token, where the coordinator asks for one.
    pub token: Option<Secret>,
    /// How many jobs it takes at a time, at least 1.
    pub seats: u32,
    /// Capabilities beside those that are detected.
    pub caps: Vec<String>,
    /// Takes at most one job and ends.
    pub once: bool,
    /// How long it waits for that one job.
    pub once_wait: Duration,
    /// Where it keeps mirrors, runs, logs and its journal. One factory at a time.
    pub workdir: PathBuf,
    /// The length of the leases it asks for, 10 to 3600 seconds.
    pub lease_ttl_sec: u32,
    /// The longest pause between heartbeats; never more than a third of a lease.
    pub heartbeat: Duration,
    /// How long a claim waits in the dispatcher, at most 60 seconds.
    pub claim_wait_sec: u32,
    /// The pause between checkpoints.
    pub checkpoint: Duration,
    /// How long an engine may take to end once asked to.
    pub grace: Duration,
    /// How long the reports of a finished run are repeated while the coordinator cannot be reached.
    pub patience: Duration,
    /// The command that plays scripts of the `mock` engine.
    pub mock_command: Vec<String>,
}

impl Config {
    /// A factory for `product` that keeps its state in `workdir`, with the defaults of a single host.
    pub fn new(api: impl Into<String>, product: ProductId, workdir: impl Into<PathBuf>) -> Self {
        let own = std::env::current_exe().map_or_else(|_| "gigafactory".to_owned(), |path| path.display().to_string());
        Self {
            api: api.into(),
            product,
            factory_id: None,
            token: None,
            seats: 1,
            caps: Vec::new(),
            once: false,
            once_wait: Duration::from_secs(30),
            workdir: workdir.into(),
            lease_ttl_sec: 90,
            heartbeat: Duration::from_secs(30),
            claim_wait_sec: 20,
            checkpoint: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            patience: Duration::from_secs(600),
            mock_command: [own.as_str(), "factory", "mock-engine"].map(str::to_owned).to_vec(),
        }
    }

    /// The name that was given, or else the one that `workdir` keeps; makes one at the first start.
    pub fn resolve_factory_id(&self) -> std::io::Result<FactoryId> {
        match &self.factory_id {
            Some(id) => Ok(id.clone()),
            None => kept_id(&self.workdir),
        }
    }
}

/// Where a factory keeps its state unless told otherwise: the user's data directory.
pub fn default_workdir() -> PathBuf {
    let env = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || env("HOME").or_else(|| env("USERPROFILE"));
    let data = if cfg!(windows) {
        env("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        env("XDG_DATA_HOME").or_else(|| home().map(|home| home.join(".local/share")))
    };
    data.unwrap_or_else(std::env::temp_dir).join("gigafactory/factory")
}

fn kept_id(workdir: &Path) -> std::io::Result<FactoryId> {
    let file = workdir.join("factory-id");
    if let Some(id) = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(id);
    }
    let random = Uuid::now_v7().simple().to_string();
    let host: String =
        hostname().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).take(64).collect();
    let host = if host.is_empty() { "factory".to_owned() } else { host };
    let id: FactoryId = format!("{host}-{}", &random[26..]).parse().map_err(std::io::Error::other)?;
    std::fs::create_dir_all(workdir)?;
    std::fs::write(&file, format!("{id}\n"))?;
    Ok(id)
}

/// The host's name, or an empty text where it cannot be told.
pub(crate) fn hostname() -> String {
    #[cfg(unix)]
    {
        nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
    #[cfg(not(unix))]
    {
        std::env::var("COMPUTERNAME").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::new("http://x/api", "p".parse().unwrap(), dir.path().join("state"));
        let first = config.resolve_factory_id().unwrap();
        assert_eq!(config.resolve_factory_id().unwrap(), first);
        let other = Config { workdir: dir.path().join("other"), ..config };
        assert_ne!(other.resolve_factory_id().unwrap(), first);
    }

    #[test]
    fn a_token_is_not_shown() {
        let mut config = Config::new("http://x/api", "p".parse().unwrap(), "w");
        config.token = Some(Secret::new("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }
}
