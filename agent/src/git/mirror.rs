//! A bare mirror of one repository, shared by this factory's runs. It keeps no remote in its configuration, so that
//! an engine inside a work tree has nothing to push to, and its configuration is put back before each use.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::command::{Git, GitError};
use super::files::remove_any;
use super::names::{check_commit, check_ref, check_repository};

/// How long a call waits for another one on the same mirror.
const LOCK_WAIT: Duration = Duration::from_secs(600);
/// Where the remote's branches are kept.
const BRANCHES: &str = "refs/remotes/origin";
/// Where the remote's default branch is kept.
const HEAD: &str = "refs/gigafactory/head";

/// What an engine might have planted to be run or read by the factory's own calls.
const PLANTS: [&str; 7] = [
    "hooks",
    "commondir",
    "config.worktree",
    "info/attributes",
    "info/exclude",
    "info/grafts",
    "objects/info/alternates",
];

/// The local copy of one repository.
#[derive(Clone, Debug)]
pub struct Mirror {
    dir: PathBuf,
    url: String,
}

impl Mirror {
    /// Opens the mirror of `repo` under `root`, or makes an empty one. Refuses names that git must not see.
    pub async fn open(root: &Path, repo: &str) -> Result<Self, GitError> {
        let url = check_repository(repo).map_err(|why| GitError::BadName { what: "repo", why })?;
        let digest = Sha256::digest(url.as_bytes());
        let name: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        std::fs::create_dir_all(root).map_err(GitError::io(root))?;
        let mirror = Self { dir: root.join(format!("{name}.git")), url };
        let _lock = mirror.lock().await?;
        if !mirror.settings().exists() {
            Git::new("init").args(["--quiet", "--bare", "--template=", "--"]).arg(&mirror.dir).run().await?;
            let made = mirror.dir.join("config");
            std::fs::copy(&made, mirror.settings()).map_err(GitError::io(&made))?;
        }
        mirror.restore()?;
        Ok(mirror)
    }

    /// The mirrors that lie under `root`, for the janitor.
    pub fn all(root: &Path) -> Vec<Self> {
        let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
        let dirs = entries.flatten().map(|entry| entry.path());
        let mirrors = dirs.filter(|path| path.extension().is_some_and(|end| end == "git"));
        mirrors.map(|dir| Self { dir, url: String::new() }).collect()
    }

    /// The bare repository's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn settings(&self) -> PathBuf {
        self.dir.with_extension("config")
    }

    /// Puts the configuration back as it was made and removes what could make git run or read anything else.
    pub(crate) fn restore(&self) -> Result<(), GitError> {
        let (good, used) = (self.settings(), self.dir.join("config"));
        let wanted = std::fs::read(&good).map_err(GitError::io(&good))?;
        if std::fs::read(&used).ok().as_ref() != Some(&wanted) {
            // By a rename: another run's git may be reading it.
            let fresh = used.with_extension(format!("{}", uuid::Uuid::now_v7().simple()));
            std::fs::write(&fresh, &wanted).map_err(GitError::io(&fresh))?;
            std::fs::rename(&fresh, &used).map_err(GitError::io(&used))?;
        }
        for plant in PLANTS {
            let path = self.dir.join(plant);
            remove_any(&path).map_err(GitError::io(&path))?;
        }
        Ok(())
    }

    /// Keeps every other user of this mirror out, in this process and in others, until the file is dropped.
    pub(crate) async fn lock(&self) -> Result<File, GitError> {
        let path = self.dir.with_extension("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(GitError::io(&path))?;
        let until = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                Err(why) => return Err(GitError::io(&path)(why.into())),
            }
        }
    }

    /// Brings the mirror up to date and gives the commit that `base` names; without one, the remote's default branch.
    pub async fn fetch(&self, base: Option<&str>) -> Result<String, GitError> {
        if let Some(name) = base {
            check_ref(name).map_err(|why| GitError::BadName { what: "base", why })?;
        }
        let _lock = self.lock().await?;
        self.restore()?;
        let branches = format!("+refs/heads/*:{BRANCHES}/*");
        let head = format!("+HEAD:{HEAD}");
        let mut specs = vec![branches.as_str(), "+refs/tags/*:refs/tags/*"];
        if base.is_none() {
            specs.push(&head);
        }
        self.fetch_specs(&specs, &["--prune", "--force"]).await?;
        match base {
            None => self.commit(HEAD).await.ok_or_else(|| GitError::NoBase("HEAD".to_owned())),
            Some(name) => self.resolve(name).await,
        }
    }

    async fn resolve(&self, name: &str) -> Result<String, GitError> {
        let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("origin/")).unwrap_or(name);
        let mut places = vec![format!("{BRANCHES}/{name}"), format!("{BRANCHES}/{short}"), format!("refs/tags/{name}")];
        if name.starts_with("refs/tags/") {
            places.push(name.to_owned());
        }
        if (7..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit()) {
            places.push(name.to_owned());
        }
        for place in &places {
            if let Some(found) = self.commit(place).await {
                return Ok(found);
            }
        }
        if check_commit(name).is_ok() && self.fetch_specs(&[name], &[]).await.is_ok() && self.has(name).await {
            return Ok(name.to_owned());
        }
        Err(GitError::NoBase(name.to_owned()))
    }

    /// Brings in a checkpoint that another factory may have pushed. Gives whether its commit and its base are here.
    pub async fn fetch_checkpoint(&self, branch: &str, commit: &str, base: &str) -> Result<bool, GitError> {
        let bad = |what| move |why| GitError::BadName { what, why };
        check_ref(branch).map_err(bad("checkpoint.wipBranch"))?;
        check_commit(commit).map_err(bad("checkpoint.wipCommit"))?;
        check_commit(base).map_err(bad("checkpoint.wipBase"))?;
        let _lock = self.lock().await?;
        if !self.has(commit).await {
            let source = if branch.starts_with("refs/") { branch.to_owned() } else { format!("refs/heads/{branch}") };
            let spec = format!("+{source}:refs/gigafactory/resume/{commit}");
            self.fetch_specs(&[&spec], &[]).await?;
        }
        Ok(self.has(commit).await && self.has(base).await)
    }

    async fn fetch_specs(&self, specs: &[&str], options: &[&str]) -> Result<(), GitError> {
        let git = Git::at(&self.dir, "fetch").remote().args(["--quiet", "--no-tags", "--no-write-fetch-head"]);
        git.arg("--no-recurse-submodules").args(options).arg("--").arg(&self.url).args(specs).run().await
    }

    /// The full id of the commit that `name` leads to, if there is one.
    pub(crate) async fn commit(&self, name: &str) -> Option<String> {
        let git = Git::at(&self.dir, "rev-parse").args(["--verify", "--quiet", "--end-of-options"]);
        git.arg(format!("{name}^{{commit}}")).text().await.ok()
    }

    async fn has(&self, commit: &str) -> bool {
        Git::at(&self.dir, "cat-file").arg("-e").arg(format!("{commit}^{{commit}}")).run().await.is_ok()
    }

    /// Points a ref of the mirror, never of the user's repository, to `commit`.
    pub async fn keep(&self, name: &str, commit: &str) -> Result<(), GitError> {
        Git::at(&self.dir, "update-ref").arg("--").arg(name).arg(commit).run().await
    }

    /// Pushes work in progress to the job's repository. The ref carries the epoch: no one else writes it.
    pub async fn push_wip(&self, name: &str, commit: &str) -> Result<(), GitError> {
        self.push(&[], format!("+{commit}:{name}")).await
    }

    /// The commit that the branch has in the job's repository now.
    pub async fn remote_branch(&self, branch: &str) -> Result<Option<String>, GitError> {
        self.restore()?;
        let full = format!("refs/heads/{branch}");
        let git = Git::at(&self.dir, "ls-remote").remote().args(["--quiet", "--"]);
        let text = git.arg(&self.url).arg(&full).text().await?;
        let line = text.lines().find_map(|line| line.strip_suffix(&full));
        Ok(line.map(|id| id.trim().to_owned()))
    }

    /// Pushes `commit` as the branch if it still is what it was (`None`: not there). Refuses if anyone moved it.
    pub async fn push_branch(&self, branch: &str, commit: &str, was: Option<&str>) -> Result<(), GitError> {
        let lease = format!("--force-with-lease=refs/heads/{branch}:{}", was.unwrap_or_default());
        match self.push(&[&lease], format!("{commit}:refs/heads/{branch}")).await {
            Err(GitError::Failed { complaint, .. })
                if complaint.contains("stale info") || complaint.contains("cannot lock ref") =>
            {
                Err(GitError::RefMoved(branch.to_owned()))
            }
            other => other,
        }
    }

    async fn push(&self, options: &[&str], spec: String) -> Result<(), GitError> {
        self.restore()?;
        let git = Git::at(&self.dir, "push").remote().args(["--quiet", "--no-verify", "--recurse-submodules=no"]);
        git.args(options).arg("--").arg(&self.url).arg(spec).run().await
    }

    /// Forgets the work trees whose directories are gone.
    pub async fn prune(&self) -> Result<(), GitError> {
        let _lock = self.lock().await?;
        self.restore()?;
        Git::at(&self.dir, "worktree").arg("prune").run().await
    }

    /// Removes branches that engines of earlier runs made in the mirror. Only for a start, when no run is alive.
    pub async fn drop_branches(&self) -> Result<(), GitError> {
        let list = Git::at(&self.dir, "for-each-ref")
            .args(["--format=delete %(refname)", "--", "refs/heads/"])
            .bytes()
            .await?;
        Git::at(&self.dir, "update-ref").arg("--stdin").stdin(list).run().await
    }
}
