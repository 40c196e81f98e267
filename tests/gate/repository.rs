//! A repository in a temporary folder, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Two replicas, with everything that strict rules of high severity ask for left out on purpose nowhere: one finding less
/// or more is what tests look at.
pub fn deployment(name: &str, extra: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 2\n  selector: {{ matchLabels: {{ app: {name} }} }}\n  \
         template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    spec:\n      containers:\n        - name: main\n          image: example.org/{name}:1.0.0\n{extra}"
    )
}

/// A budget for a deployment.
pub fn budget(name: &str) -> String {
    format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{ name: {name} }}\nspec:\n  maxUnavailable: 1\n  \
         selector: {{ matchLabels: {{ app: {name} }} }}\n"
    )
}

pub const PRIVILEGED: &str = "          securityContext:\n            privileged: true\n";

/// What a run came to.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// `rule path:line`, of failures that nobody waved through.
    pub fn news(&self) -> Vec<String> {
        let json = self.json();
        let open =
            |result: &&Value| result["status"] == "fail" && result["suppressed"].is_null() && result["new"] == true;
        let name = |result: &Value| {
            let at = &result["location"];
            format!("{} {}:{}", result["rule"].as_str().unwrap(), at["path"].as_str().unwrap(), at["line"])
        };
        json["results"].as_array().unwrap().iter().filter(open).map(name).collect()
    }

    pub fn problems(&self) -> Vec<String> {
        let json = self.json();
        let problem = |problem: &Value| {
            format!("{}: {}", problem["code"].as_str().unwrap(), problem["message"].as_str().unwrap())
        };
        json["problems"].as_array().unwrap().iter().map(problem).collect()
    }
}

pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// A repository whose first commit holds these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let repository = Repository { folder: tempfile::tempdir().expect("a folder") };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.commit();
        repository
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn commit(&self) {
        self.git(&["add", "--all"]);
        let author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
        self.git(&[&author[..], &["commit", "--quiet", "--allow-empty", "-m", "a change"]].concat());
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").args(arguments).current_dir(self.root()).output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_string()
    }

    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_k8sready"))
            .args(arguments)
            .current_dir(self.path(folder))
            .env("NO_COLOR", "1")
            .env("K8SREADY_AS_OF", "2026-11-24")
            .output()
            .expect("the program runs");
        Run {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_in(".", arguments)
    }

    /// `audit --format json` with more arguments.
    pub fn audit(&self, arguments: &[&str]) -> Run {
        self.run(&[&["audit", "--format", "json"], arguments].concat())
    }
}
