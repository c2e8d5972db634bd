//! The room of one run: its directory under the factory's own, with a work tree or a scratch directory, a fresh home
//! and a place for temporary files. Removes nothing outside of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use domain::{Epoch, JobId};
use serde::{Deserialize, Serialize};
use wire::Grant;

use crate::git::{self, BadName, Checkout, GitError, Mirror, check_inner_path};

/// The variable by which a run's processes are known.
pub(crate) const MARK: &str = "GIGAFACTORY_RUN_ID";

/// What a run's fresh home tells git.
const GIT_SETTINGS: &str = "[user]\n\tname = Gigafactory factory\n\temail = factory@gigafactory.invalid\n";

/// Why a run got no room.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpaceError {
    /// The repository, or a name in the job.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A directory of our own.
    #[error("{path}: {source}")]
    Io { path: String, source: std::io::Error },
    /// The job wants to work outside its room.
    #[error("cwd: {0}")]
    Cwd(BadName),
    /// The job wants to work where there is nothing.
    #[error("cwd: {0:?} is not in the repository")]
    NoCwd(String),
}

impl SpaceError {
    /// Another attempt may do better.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Git(GitError::BadName { .. } | GitError::NoBase(_)) | Self::Cwd(_) | Self::NoCwd(_) => false,
            Self::Git(_) | Self::Io { .. } => true,
        }
    }
}

/// What the janitor needs to know of a run that died with its factory.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) run_id: String,
    pub(crate) job_id: JobId,
    pub(crate) lease_epoch: u64,
    pub(crate) repo: Option<String>,
    pub(crate) base: Option<String>,
}

/// The room of one run.
#[derive(Debug)]
pub(crate) struct Space {
    root: PathBuf,
    /// Where processes run.
    pub(crate) cwd: PathBuf,
    /// The work tree, where the job names a repository.
    pub(crate) checkout: Option<Checkout>,
}

/// The directory of all runs.
pub(crate) fn runs(workdir: &Path) -> PathBuf {
    workdir.join("runs")
}

/// The directory of all mirrors.
pub(crate) fn mirrors(workdir: &Path) -> PathBuf {
    workdir.join("mirrors")
}

/// The ref that keeps a run's work in progress. It carries the epoch, so no two runs ever share one.
pub(crate) fn wip_ref(job: JobId, epoch: Epoch) -> String {
    format!("refs/gigafactory/wip/{job}/{epoch}")
}

/// The work tree, or the scratch directory, of a run's directory.
pub(crate) fn tree(root: &Path) -> PathBuf {
    root.join("tree")
}

/// Where a run's snapshots keep their index.
pub(crate) fn index(root: &Path) -> PathBuf {
    root.join("index")
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> SpaceError {
    let path = path.display().to_string();
    move |source| SpaceError::Io { path, source }
}

impl Space {
    /// The directory of the run, whether it exists or not.
    pub(crate) fn root(workdir: &Path, job: JobId, epoch: Epoch) -> PathBuf {
        runs(workdir).join(format!("{job}-{epoch}"))
    }

    /// Makes the room: fetches the repository, checks `base` out and lays the checkpoint's work over it.
    pub(crate) async fn prepare(workdir: &Path, grant: &Grant, job: JobId) -> Result<Self, SpaceError> {
        let root = Self::root(workdir, job, Epoch(grant.lease_epoch));
        git::remove_tree(&root).map_err(io(&root))?;
        for dir in [root.join("home"), root.join("tmp")] {
            std::fs::create_dir_all(&dir).map_err(io(&dir))?;
        }
        // So that an engine may commit for itself; its own settings of the repository do not outlive a checkpoint.
        let settings = root.join("home/.gitconfig");
        std::fs::write(&settings, GIT_SETTINGS).map_err(io(&settings))?;
        let mut record = Record {
            run_id: grant.run.id.clone(),
            job_id: job,
            lease_epoch: grant.lease_epoch,
            repo: grant.job.repo.clone(),
            base: None,
        };
        record.write(&root)?;
        let tree = tree(&root);
        let Some(repo) = &grant.job.repo else {
            std::fs::create_dir_all(&tree).map_err(io(&tree))?;
            let cwd = inner(&tree, grant.job.cwd.as_deref(), true)?;
            return Ok(Self { root, cwd, checkout: None });
        };
        let mirror = Mirror::open(&mirrors(workdir), repo).await?;
        let base = mirror.fetch(grant.job.base.as_deref()).await?;
        let (base, wip) = match checkpoint(&mirror, grant, &base).await {
            Some((base, wip)) => (base, Some(wip)),
            None => (base, None),
        };
        record.base = Some(base.clone());
        record.write(&root)?;
        let checkout = Checkout::add(mirror, &tree, &index(&root), &base, wip.as_deref()).await?;
        let cwd = inner(&tree, grant.job.cwd.as_deref(), false)?;
        Ok(Self { root, cwd, checkout: Some(checkout) })
    }

    /// The whole environment of the run's processes: how to find programs, and who they are.
    pub(crate) fn environment(&self, grant: &Grant) -> Vec<(OsString, OsString)> {
        let own = |name: &str| std::env::var_os(name);
        let mut all: Vec<(OsString, OsString)> = vec![
            ("LANG".into(), own("LANG").unwrap_or_else(|| "C.UTF-8".into())),
            ("TERM".into(), "dumb".into()),
            ("NO_COLOR".into(), "1".into()),
            ("CI".into(), "1".into()),
            ("HOME".into(), self.root.join("home").into()),
            ("GIGAFACTORY_JOB_ID".into(), grant.job.id.clone().into()),
            (MARK.into(), grant.run.id.clone().into()),
            ("GIGAFACTORY_ATTEMPT".into(), grant.run.attempt.to_string().into()),
        ];
        let temporary: &[&str] = if cfg!(windows) { &["TMP", "TEMP", "TMPDIR"] } else { &["TMPDIR"] };
        all.extend(temporary.iter().map(|name| (name.into(), self.root.join("tmp").into())));
        let needed: &[&str] = if cfg!(windows) { &["PATH", "SystemRoot", "PATHEXT"] } else { &["PATH"] };
        let kept = needed.iter().filter_map(|name| Some((name.into(), own(name)?)));
        all.extend(kept);
        all
    }

    /// Removes the room.
    pub(crate) async fn remove(&self) {
        if let Some(checkout) = &self.checkout
            && let Err(why) = checkout.remove().await
        {
            tracing::warn!(%why, "a work tree is left for the next start");
        }
        if let Err(why) = git::remove_tree_aside(&self.root).await {
            tracing::warn!(%why, "a run's directory is left for the next start");
        }
    }
}

impl Record {
    fn write(&self, root: &Path) -> Result<(), SpaceError> {
        let file = root.join("run.json");
        let text = serde_json::to_vec(self).map_err(|why| io(&file)(why.into()))?;
        std::fs::write(&file, text).map_err(io(&file))
    }

    /// What the run in this directory was, if that can be told.
    pub(crate) fn read(root: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(root.join("run.json")).ok()?).ok()
    }
}

/// The base and the commit to resume from. A checkpoint that cannot be had costs its work, not the run.
async fn checkpoint(mirror: &Mirror, grant: &Grant, base: &str) -> Option<(String, String)> {
    let saved = grant.job.checkpoint.as_ref()?;
    let (commit, base) = (saved.wip_commit.as_ref()?, saved.wip_base.as_deref().unwrap_or(base));
    match mirror.fetch_checkpoint(&saved.wip_branch, commit, base).await {
        Ok(true) => Some((base.to_owned(), commit.clone())),
        Ok(false) => None,
        Err(why) => {
            tracing::warn!(job = %grant.job.id, %why, "the checkpoint cannot be resumed from");
            None
        }
    }
}

/// The directory to work in. Refuses one that leaves the tree, by its name or through a link.
fn inner(tree: &Path, cwd: Option<&str>, make: bool) -> Result<PathBuf, SpaceError> {
    let Some(cwd) = cwd else { return Ok(tree.to_owned()) };
    let path = tree.join(check_inner_path(cwd).map_err(SpaceError::Cwd)?);
    if make {
        std::fs::create_dir_all(&path).map_err(io(&path))?;
    }
    let real = path.canonicalize().ok().filter(|path| path.is_dir());
    let real = real.ok_or_else(|| SpaceError::NoCwd(cwd.to_owned()))?;
    let root = tree.canonicalize().map_err(io(tree))?;
    if real.starts_with(root) { Ok(path) } else { Err(SpaceError::Cwd(BadName::Path)) }
}
