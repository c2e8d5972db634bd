//! One run's work tree and the snapshots taken of it. A snapshot uses an index of its own and the mirror's directory
//! by name: what an engine did to the tree's index, HEAD, branches or `.git` does not matter.

use std::path::{Path, PathBuf};

use super::command::{Git, GitError};
use super::files::{self, remove_any, remove_tree_aside};
use super::mirror::Mirror;

/// A work tree off one commit.
#[derive(Clone, Debug)]
pub struct Checkout {
    mirror: Mirror,
    tree: PathBuf,
    index: PathBuf,
    base: String,
}

/// The state of a work tree as a commit whose parent is the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit.
    pub commit: String,
    /// Its tree: equal for equal content.
    pub tree: String,
    /// It differs from the base.
    pub changed: bool,
    /// Untracked files that were left out: large ones, caches, nested repositories.
    pub dropped: Vec<String>,
}

/// What changed between the base and a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Every path that was added, changed or removed; a rename counts as both.
    pub paths: Vec<String>,
    /// Lines added.
    pub added: u64,
    /// Lines deleted.
    pub deleted: u64,
}

impl Checkout {
    /// Makes a work tree at `tree` off `base`; with `wip`, its content lies in the tree as uncommitted changes.
    /// `index` is where snapshots keep their own index.
    pub async fn add(
        mirror: Mirror,
        tree: &Path,
        index: &Path,
        base: &str,
        wip: Option<&str>,
    ) -> Result<Self, GitError> {
        if let Some(parent) = tree.parent() {
            std::fs::create_dir_all(parent).map_err(GitError::io(parent))?;
        }
        {
            let _lock = mirror.lock().await?;
            mirror.restore()?;
            let git = Git::at(mirror.dir(), "worktree").args(["add", "--quiet", "--detach", "--"]);
            git.arg(tree).arg(base).run().await?;
        }
        if let Some(wip) = wip {
            Git::inside(tree, "read-tree").args(["-u", "--reset", "--end-of-options"]).arg(wip).run().await?;
            Git::inside(tree, "reset").args(["--quiet", "--mixed", "--end-of-options"]).arg(base).run().await?;
        }
        Self::reopen(mirror, tree, index, base)
    }

    /// Takes up a work tree that lies there already.
    pub fn reopen(mirror: Mirror, tree: &Path, index: &Path, base: &str) -> Result<Self, GitError> {
        remove_any(index).map_err(GitError::io(index))?;
        Ok(Self { mirror, tree: tree.to_owned(), index: index.to_owned(), base: base.to_owned() })
    }

    /// Where the files are.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// The commit that the work grew from.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The mirror that it belongs to.
    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    fn git(&self, verb: &str) -> Git {
        Git::at(self.mirror.dir(), verb).tree(&self.tree, &self.index)
    }

    /// Commits the tree as it is now, on no branch. Needs nobody's leave and moves nothing that others see.
    pub async fn snapshot(&self, message: &str) -> Result<Snapshot, GitError> {
        self.mirror.restore()?;
        if !self.index.exists() {
            self.git("read-tree").arg("--end-of-options").arg(&self.base).run().await?;
        }
        let tracked = self.git("ls-files").args(["-z", "--cached"]).bytes().await?;
        let untracked = self.git("ls-files").args(["-z", "--others", "--exclude-standard"]).bytes().await?;
        let tree = self.tree.clone();
        let sorting = tokio::task::spawn_blocking(move || files::sort(&tree, &tracked, &untracked));
        let sorted = sorting.await.map_err(|why| GitError::io(&self.tree)(std::io::Error::other(why)))?;
        let update = self.git("update-index").args(["-z", "--add", "--remove", "--replace", "--stdin"]);
        update.stdin(sorted.take).run().await?;
        if !sorted.forget.is_empty() {
            self.git("update-index").args(["-z", "--force-remove", "--stdin"]).stdin(sorted.forget).run().await?;
        }
        let tree = self.git("write-tree").text().await?;
        let before = Git::at(self.mirror.dir(), "rev-parse").args(["--verify", "--end-of-options"]);
        let before = before.arg(format!("{}^{{tree}}", self.base)).text().await?;
        let commit = self.commit(&tree, message).await?;
        Ok(Snapshot { commit, changed: tree != before, tree, dropped: sorted.dropped })
    }

    /// Commits a snapshot's tree under another message, on no branch.
    pub async fn commit(&self, tree: &str, message: &str) -> Result<String, GitError> {
        let git = Git::at(self.mirror.dir(), "commit-tree").arg("-p").arg(&self.base).arg(tree);
        git.stdin(message.as_bytes().to_vec()).text().await
    }

    /// What a snapshot changes against the base. External differs and converters stay off.
    pub async fn diff(&self, commit: &str) -> Result<Diff, GitError> {
        let git = Git::at(self.mirror.dir(), "diff").args([
            "--numstat",
            "-z",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
        ]);
        let output = git.arg("--end-of-options").arg(&self.base).arg(commit).arg("--").bytes().await?;
        let mut diff = Diff::default();
        for record in super::command::records(&output) {
            let text = String::from_utf8_lossy(record);
            let mut parts = text.splitn(3, '\t');
            let (added, deleted, path) = (parts.next(), parts.next(), parts.next());
            // A binary file has dashes in place of numbers.
            diff.added += added.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
            diff.deleted += deleted.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
            diff.paths.extend(path.map(str::to_owned));
        }
        Ok(diff)
    }

    /// Removes the work tree and what the mirror knows of it.
    pub async fn remove(&self) -> Result<(), GitError> {
        remove_tree_aside(&self.tree).await.map_err(GitError::io(&self.tree))?;
        self.mirror.prune().await
    }
}
