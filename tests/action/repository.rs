//! A repository on a server, pull requests to it, and the checkout that `actions/checkout` makes of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::runner::{Runner, folder};

/// A server's bare repository, and a clone that commits to it.
pub struct Repository {
    server: PathBuf,
    clone: PathBuf,
    base: String,
}

/// Runs git with the same author and date every time.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
        command.env(format!("GIT_{who}_DATE"), "2026-11-24T12:00:00Z");
    }
    let done = command.output().expect("git runs");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_string()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

impl Repository {
    /// The example project of a few services on main.
    pub fn boutique() -> Repository {
        let root = folder("repository");
        let (server, clone) = (root.join("server.git"), root.join("clone"));
        git(&root, &["init", "--quiet", "--bare", "--initial-branch=main", "server.git"]);
        // As GitHub's servers: any commit may be asked for by its hash.
        git(&server, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        git(&root, &["init", "--quiet", "--initial-branch=main", "clone"]);
        git(&clone, &["remote", "add", "origin", &format!("file://{}", server.display())]);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/boutique"), &clone);
        let mut repository = Repository { server, clone, base: String::new() };
        repository.commit("main");
        repository.base = git(&repository.clone, &["rev-parse", "HEAD"]);
        repository
    }

    /// The working folder of whoever writes the pull request.
    pub fn path(&self, name: &str) -> PathBuf {
        self.clone.join(name)
    }

    fn commit(&self, branch: &str) {
        git(&self.clone, &["add", "--all"]);
        git(&self.clone, &["commit", "--quiet", "--message=a change"]);
        git(&self.clone, &["push", "--quiet", "origin", &format!("HEAD:{branch}")]);
    }

    /// Changes on a branch, and main moves on meanwhile by `later` (a file and its text).
    pub fn pull_request(&self, change: impl FnOnce(&Repository), later: Option<(&str, &str)>) {
        git(&self.clone, &["checkout", "--quiet", "-b", "change"]);
        change(self);
        self.commit("refs/heads/change");
        git(&self.clone, &["checkout", "--quiet", "main"]);
        if let Some((name, text)) = later {
            fs::write(self.path(name), text).expect("written");
            self.commit("refs/heads/main");
        }
        git(&self.clone, &["checkout", "--quiet", "--detach", "main"]);
        git(&self.clone, &["merge", "--quiet", "--no-ff", "--message=merge", "change"]);
        git(&self.clone, &["push", "--quiet", "origin", "HEAD:refs/pull/1/merge"]);
    }

    /// A runner with the pull request checked out as `actions/checkout` does: one commit deep, the merge detached.
    pub fn runner(&self, name: &str, head_repository: &str) -> Runner {
        let mut runner = Runner::new(name);
        let place = &runner.workspace;
        git(place, &["init", "--quiet"]);
        git(place, &["remote", "add", "origin", &format!("file://{}", self.server.display())]);
        git(
            place,
            &["fetch", "--quiet", "--no-tags", "--depth=1", "origin", "+refs/pull/1/merge:refs/remotes/pull/1/merge"],
        );
        git(place, &["checkout", "--quiet", "--force", "refs/remotes/pull/1/merge"]);
        runner.github["event_name"] = json!("pull_request");
        runner.github["sha"] = json!(git(place, &["rev-parse", "HEAD"]));
        runner.github["event"] = json!({
            "pull_request": { "base": { "sha": self.base }, "head": { "repo": { "full_name": head_repository } } },
        });
        runner
    }

    /// Takes the server away, so that nothing more can be fetched.
    pub fn take_server_away(&self) {
        fs::rename(&self.server, self.server.with_extension("gone")).expect("moved");
    }
}
