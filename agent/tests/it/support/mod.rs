//! What the agent's tests share: a user's repository, and waiting for a condition.

pub(crate) mod fleet;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A user's repository with one commit on `main`, in a directory that also has room for a factory.
pub(crate) struct Repo {
    root: TempDir,
    pub(crate) user: PathBuf,
}

impl Repo {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let user = root.path().join("user's repo");
        std::fs::create_dir_all(user.join("dir")).unwrap();
        git(&user, &["init", "-q", "-b", "main"]);
        let repo = Self { root, user };
        repo.write("readme", "hello\n");
        repo.write("dir/old", "old\n");
        git(&repo.user, &["add", "."]);
        git(&repo.user, &["commit", "-q", "-m", "first"]);
        repo
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.user.join(name), text).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        self.user.display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Everything of the repository that belongs to its user: index, HEAD, branches, files.
    pub(crate) fn users_view(&self) -> String {
        let index = std::fs::read(self.user.join(".git/index")).unwrap();
        let config = std::fs::read_to_string(self.user.join(".git/config")).unwrap();
        let mut view = format!("{index:?}\n{config}");
        for args in [&["symbolic-ref", "HEAD"][..], &["for-each-ref", "refs/heads", "refs/tags"], &["worktree", "list"]]
        {
            view += &git(&self.user, args);
        }
        view + &git(&self.user, &["--no-optional-locks", "status", "--porcelain"])
    }
}

/// Runs git as a user would, and gives what it says.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command.current_dir(dir).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "A User").env(format!("GIT_{role}_EMAIL"), "user@example.com");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "git {args:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Lets the file be run.
pub(crate) fn executable(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Waits until the condition holds; fails after 20 s.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "still not: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The process runs and is more than an entry that waits to be reaped.
pub(crate) fn runs(id: i32) -> bool {
    let stat = std::process::Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().unwrap();
    let state = String::from_utf8_lossy(&stat.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}
