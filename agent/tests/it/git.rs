//! Real repositories: work trees, checkpoints and results, and what must never be touched by them.

use crate::support::{Repo, git};
use agent::git::{Checkout, GitError, Mirror};

async fn checkout(repo: &Repo, mirror: &Mirror, name: &str, base: &str, wip: Option<&str>) -> Checkout {
    let (tree, index) = (repo.path(&format!("work-{name}")), repo.path(&format!("index-{name}")));
    Checkout::add(mirror.clone(), &tree, &index, base, wip).await.unwrap()
}

#[tokio::test]
async fn a_checkpoint_of_one_factory_is_resumed_by_another_and_the_user_sees_nothing_of_it() {
    let repo = Repo::new();
    repo.write("staged", "by the user\n");
    git(&repo.user, &["add", "staged"]);
    repo.write("untracked", "too\n");
    let before = repo.users_view();

    let one = Mirror::open(&repo.path("mirrors-1"), &repo.url()).await.unwrap();
    let base = one.fetch(None).await.unwrap();
    assert_eq!(base, git(&repo.user, &["rev-parse", "main"]));
    let first = checkout(&repo, &one, "one", &base, None).await;
    std::fs::write(first.tree().join("new file"), "half done\n").unwrap();
    std::fs::write(first.tree().join("readme"), "changed\n").unwrap();
    std::fs::remove_file(first.tree().join("dir/old")).unwrap();
    let snapshot = first.snapshot("wip").await.unwrap();
    assert!(snapshot.changed);
    let name = "refs/gigafactory/wip/job/3";
    one.keep(name, &snapshot.commit).await.unwrap();
    one.push_wip(name, &snapshot.commit).await.unwrap();
    first.remove().await.unwrap();
    assert!(!first.tree().exists());

    let two = Mirror::open(&repo.path("mirrors-2"), &repo.url()).await.unwrap();
    two.fetch(None).await.unwrap();
    assert!(two.fetch_checkpoint(name, &snapshot.commit, &base).await.unwrap());
    let second = checkout(&repo, &two, "two", &base, Some(&snapshot.commit)).await;
    assert_eq!(std::fs::read_to_string(second.tree().join("new file")).unwrap(), "half done\n");
    assert!(!second.tree().join("dir/old").exists());
    assert_eq!(git(second.tree(), &["rev-parse", "HEAD"]), base);
    assert_eq!(git(second.tree(), &["status", "--porcelain"]), "D dir/old\n M readme\n?? \"new file\"");
    let again = second.snapshot("wip").await.unwrap();
    assert_eq!(again.tree, snapshot.tree);

    assert_eq!(repo.users_view(), before);
}

#[tokio::test]
async fn a_result_is_a_branch_that_holds_the_work_whatever_the_engine_did_to_its_own_git() {
    let repo = Repo::new();
    let before = repo.users_view();
    let mirror = Mirror::open(&repo.path("mirrors"), &repo.url()).await.unwrap();
    let base = mirror.fetch(Some("main")).await.unwrap();
    let run = checkout(&repo, &mirror, "r", &base, None).await;
    // The engine commits, moves its HEAD and then breaks its repository.
    std::fs::write(run.tree().join("a"), "1\n2\n").unwrap();
    git(run.tree(), &["add", "a"]);
    git(run.tree(), &["commit", "-q", "-m", "mine"]);
    std::fs::remove_file(run.tree().join(".git")).unwrap();
    git(run.tree(), &["init", "-q"]);
    std::fs::remove_dir_all(run.tree().join("dir")).unwrap();
    std::os::unix::fs::symlink("/etc", run.tree().join("dir")).unwrap();

    let snapshot = run.snapshot("The work").await.unwrap();
    let diff = run.diff(&snapshot.commit).await.unwrap();
    assert_eq!(
        (diff.paths.as_slice(), diff.added, diff.deleted),
        (["a", "dir", "dir/old"].map(String::from).as_slice(), 3, 1)
    );
    let branch = "gigafactory/job";
    let was = mirror.remote_branch(branch).await.unwrap();
    assert_eq!(was, None);
    mirror.push_branch(branch, &snapshot.commit, was.as_deref()).await.unwrap();
    assert_eq!(mirror.remote_branch(branch).await.unwrap().as_ref(), Some(&snapshot.commit));
    assert_eq!(git(&repo.user, &["show", "gigafactory/job:a"]), "1\n2");
    assert_eq!(git(&repo.user, &["rev-parse", "gigafactory/job^"]), base);
    assert_eq!(git(&repo.user, &["log", "-1", "--format=%an", "gigafactory/job"]), "Gigafactory factory");

    // A late push that saw an older state is refused.
    let late = run.snapshot("Late").await.unwrap();
    let refused = mirror.push_branch(branch, &late.commit, None).await;
    assert!(matches!(refused, Err(GitError::RefMoved(_))), "{refused:?}");
    git(&repo.user, &["branch", "-q", "-D", branch]);
    assert_eq!(repo.users_view(), before);
}

#[tokio::test]
async fn an_untouched_tree_has_no_changes() {
    let repo = Repo::new();
    let mirror = Mirror::open(&repo.path("mirrors"), &repo.url()).await.unwrap();
    let base = mirror.fetch(None).await.unwrap();
    let run = checkout(&repo, &mirror, "r", &base, None).await;
    assert!(!run.snapshot("x").await.unwrap().changed);
    std::fs::create_dir(run.tree().join("node_modules")).unwrap();
    std::fs::write(run.tree().join("node_modules/x"), "").unwrap();
    let snapshot = run.snapshot("x").await.unwrap();
    assert_eq!((snapshot.changed, snapshot.dropped), (false, vec!["node_modules/x".to_owned()]));
}

#[tokio::test]
async fn a_base_may_be_a_branch_a_tag_or_a_commit_and_nothing_else() {
    let repo = Repo::new();
    let first = git(&repo.user, &["rev-parse", "main"]);
    git(&repo.user, &["tag", "v1"]);
    git(&repo.user, &["switch", "-q", "-c", "feature/x"]);
    repo.write("more", "x");
    git(&repo.user, &["add", "."]);
    git(&repo.user, &["commit", "-q", "-m", "more"]);
    let second = git(&repo.user, &["rev-parse", "HEAD"]);
    let mirror = Mirror::open(&repo.path("mirrors"), &repo.url()).await.unwrap();
    let names = [
        ("main", &first),
        ("v1", &first),
        ("refs/tags/v1", &first),
        ("feature/x", &second),
        ("refs/heads/feature/x", &second),
    ];
    for (name, commit) in names.into_iter().chain([(first.as_str(), &first), (&second[..10], &second)]) {
        assert_eq!(&mirror.fetch(Some(name)).await.unwrap(), commit, "{name}");
    }
    assert_eq!(mirror.fetch(None).await.unwrap(), second);
    assert!(matches!(mirror.fetch(Some("nowhere")).await, Err(GitError::NoBase(_))));
    for name in ["--upload-pack=touch x", "-b", "main..x", "main^", "HEAD@{1}", "a b"] {
        assert!(matches!(mirror.fetch(Some(name)).await, Err(GitError::BadName { .. })), "{name}");
    }
    let canary = repo.path("canary");
    for url in [format!("ext::touch {}", canary.display()), format!("--upload-pack=touch {}", canary.display())] {
        assert!(matches!(Mirror::open(&repo.path("mirrors"), &url).await, Err(GitError::BadName { .. })));
    }
    assert!(!canary.exists());
}

#[tokio::test]
async fn what_an_engine_plants_in_the_mirror_or_the_tree_is_not_run() {
    let repo = Repo::new();
    let mirror = Mirror::open(&repo.path("mirrors"), &repo.url()).await.unwrap();
    let base = mirror.fetch(None).await.unwrap();
    let run = checkout(&repo, &mirror, "r", &base, None).await;
    let canary = repo.path("canary");
    let script = repo.path("planted");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", canary.display())).unwrap();
    crate::support::executable(&script);
    let planted = script.display().to_string();
    let common = mirror.dir();
    for setting in
        ["core.fsmonitor", "core.sshCommand", "filter.x.clean", "diff.external", "core.editor", "credential.helper"]
    {
        git(run.tree(), &["config", setting, &planted]);
    }
    std::fs::create_dir_all(common.join("hooks")).unwrap();
    for hook in ["post-checkout", "reference-transaction", "pre-push", "post-index-change"] {
        std::fs::copy(&script, common.join("hooks").join(hook)).unwrap();
    }
    std::fs::create_dir_all(common.join("info")).unwrap();
    std::fs::write(common.join("info/attributes"), "* filter=x\n").unwrap();
    std::fs::write(run.tree().join(".gitattributes"), "* filter=x diff=x\n").unwrap();
    // A nested repository with a monitor of its own.
    let nested = run.tree().join("nested");
    std::fs::create_dir(&nested).unwrap();
    git(&nested, &["init", "-q"]);
    git(&nested, &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(&nested, &["config", "core.fsmonitor", &planted]);

    let snapshot = run.snapshot("x").await.unwrap();
    run.diff(&snapshot.commit).await.unwrap();
    mirror.push_wip("refs/gigafactory/wip/j/1", &snapshot.commit).await.unwrap();
    mirror.push_branch("gigafactory/j", &snapshot.commit, None).await.unwrap();
    checkout(&repo, &mirror, "s", &base, Some(&snapshot.commit)).await;
    run.remove().await.unwrap();
    assert!(!canary.exists());
    assert_eq!(snapshot.dropped, ["nested/"]);
}

#[tokio::test]
async fn runs_of_one_repository_do_not_hinder_each_other() {
    let repo = Repo::new();
    let mut runs = tokio::task::JoinSet::new();
    for n in 0..4 {
        let (root, url) = (repo.path("mirrors"), repo.url());
        let (tree, index) = (repo.path(&format!("work-{n}")), repo.path(&format!("index-{n}")));
        runs.spawn(async move {
            let mirror = Mirror::open(&root, &url).await?;
            let base = mirror.fetch(None).await?;
            let run = Checkout::add(mirror, &tree, &index, &base, None).await?;
            std::fs::write(tree.join("own"), n.to_string()).unwrap();
            let snapshot = run.snapshot("x").await?;
            run.mirror().push_branch(&format!("gigafactory/{n}"), &snapshot.commit, None).await?;
            run.remove().await
        });
    }
    for result in runs.join_all().await {
        result.unwrap();
    }
    for n in 0..4 {
        assert_eq!(git(&repo.user, &["show", &format!("gigafactory/{n}:own")]), n.to_string());
    }
}
