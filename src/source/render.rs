//! Renderers: `helm template` and `kustomize build`, started only where the user asks for it.
//!
//! They get no terminal, no network that they would need a proxy or git for, and a time limit. What they print is cut where
//! it says which file it comes from. Which folders are charts or roots is for the caller to know.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::files::slashes;

/// How long one rendering may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Why there is nothing rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenderError {
    /// The tool is not on the PATH.
    Missing(&'static str),
    /// What the tool says, on one line.
    Failed(String),
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RenderError::Missing(tool) => write!(f, "`{tool}` is not on the PATH"),
            RenderError::Failed(said) => f.write_str(said),
        }
    }
}

/// How a chart is to be rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Values files, later ones winning.
    pub values: Vec<PathBuf>,
    /// `--set` assignments.
    pub set: Vec<String>,
    /// Name of the release; by default the chart folder's.
    pub name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// A part of what was rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The file it was made from: for charts below the chart's folder, for Kustomize absolute. `None` where nobody says.
    pub file: Option<PathBuf>,
    /// YAML, one or more documents.
    pub text: String,
}

/// Renders a chart. Its hooks and tests are included, its CRDs are not: they lie in files of their own.
pub fn helm(chart: &Path, release: &Release) -> Result<Vec<Piece>, RenderError> {
    let folder = chart.canonicalize().unwrap_or_else(|_| chart.to_path_buf());
    let name = folder.file_name().map_or_else(|| "release".to_string(), |name| name.to_string_lossy().to_lowercase());
    let mut command = Command::new("helm");
    command.arg("template").arg(release.name.as_deref().unwrap_or(&name)).arg(chart);
    command.args(["--namespace", release.namespace.as_deref().unwrap_or("default")]);
    for values in &release.values {
        command.arg("--values").arg(values);
    }
    for set in &release.set {
        command.arg("--set").arg(set);
    }
    Ok(by_source(&run("helm", command)?))
}

/// Cuts at the `# Source: chart/templates/x.yaml` comments. Neighbours from one file stay together.
fn by_source(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut document = String::new();
    let finish = |document: &mut String, pieces: &mut Vec<Piece>| {
        let source = document.lines().find_map(|line| line.strip_prefix("# Source: "));
        // The first part is the chart's own name.
        let file = source.and_then(|source| source.split_once('/')).map(|(_, file)| PathBuf::from(file.trim()));
        let text = std::mem::take(document);
        match pieces.last_mut() {
            Some(last) if last.file == file => last.text.push_str(&text),
            _ if text.trim().is_empty() => {}
            _ => pieces.push(Piece { file, text }),
        }
    };
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            finish(&mut document, &mut pieces);
        }
        document.push_str(line);
    }
    finish(&mut document, &mut pieces);
    pieces
}

/// Renders a Kustomize root. A root of our own around it makes kustomize say which file each object comes from.
pub fn kustomize(root: &Path) -> Result<Vec<Piece>, RenderError> {
    let failed = |error: io::Error| RenderError::Failed(format!("no temporary folder: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    let around = folder.path().canonicalize().map_err(failed)?;
    let root = root.canonicalize().map_err(failed)?;
    let text = format!("resources:\n- {}\nbuildMetadata: [originAnnotations]\n", slashes(&relative(&around, &root)));
    fs::write(around.join("kustomization.yaml"), text).map_err(failed)?;
    let mut command = Command::new("kustomize");
    command.arg("build").arg(&around);
    let made = run("kustomize", command)?;
    Ok(documents(&made).into_iter().map(|document| by_origin(document, &around)).collect())
}

fn documents(text: &str) -> Vec<&str> {
    text.split("\n---\n").filter(|document| !document.trim().is_empty()).collect()
}

/// Takes the origin annotation out of a document.
fn by_origin(document: &str, around: &Path) -> Piece {
    let mut file = None;
    let mut text = String::with_capacity(document.len() + 1);
    let mut inside = false;
    for line in document.lines() {
        if inside {
            let path = line.trim().strip_prefix("path: ").or_else(|| line.trim().strip_prefix("configuredIn: "));
            if line.starts_with("      ") {
                file = file.or_else(|| path.map(|path| normal(&around.join(path.trim()))));
                continue;
            }
            inside = false;
        }
        if line.trim_start().starts_with("config.kubernetes.io/origin:") {
            inside = true;
            continue;
        }
        text.push_str(line);
        text.push('\n');
    }
    Piece { file, text }
}

/// The way from one absolute folder to another.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts
}

fn run(tool: &'static str, mut command: Command) -> Result<String, RenderError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("HTTPS_PROXY", "http://127.0.0.1:9");
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RenderError::Missing(tool),
        _ => RenderError::Failed(format!("`{tool}` cannot be started: {error}")),
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let stdout = thread::spawn(move || read(stdout));
    let stderr = thread::spawn(move || read(stderr));
    let ended = wait(&mut child).map_err(|error| RenderError::Failed(format!("`{tool}`: {error}")))?;
    let said = |thread: thread::JoinHandle<String>| thread.join().unwrap_or_default();
    if !ended {
        return Err(RenderError::Failed(format!("`{tool}` did not end within {} s", LIMIT.as_secs())));
    }
    let (stdout, stderr) = (said(stdout), said(stderr));
    match child.wait() {
        Ok(status) if status.success() => Ok(stdout),
        _ => {
            let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
            Err(RenderError::Failed(format!("`{tool}` says: {}", last.trim())))
        }
    }
}

fn read(pipe: Option<impl io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What breaks off is said by the exit code.
        let _ = pipe.take(super::MAX_FILE_BYTES).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the child ended by itself; else it is killed.
fn wait(child: &mut Child) -> io::Result<bool> {
    let until = Instant::now() + LIMIT;
    loop {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        if Instant::now() > until {
            child.kill()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_output_is_cut_by_source_and_neighbours_of_one_file_stay_together() {
        let text = "---\n# Source: web/templates/a.yaml\nkind: A\n---\n# Source: web/templates/a.yaml\nkind: B\n---\n# Source: web/charts/db/templates/c.yaml\nkind: C\n";
        let pieces = by_source(text);
        let files: Vec<_> = pieces.iter().map(|piece| piece.file.as_deref().unwrap().to_str().unwrap()).collect();
        assert_eq!(files, ["templates/a.yaml", "charts/db/templates/c.yaml"]);
        assert!(pieces[0].text.contains("kind: A") && pieces[0].text.contains("kind: B"), "{pieces:?}");
    }

    #[test]
    fn the_origin_annotation_says_the_file_and_goes() {
        let document = "kind: A\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      path: ../app/base/a.yaml\n    other: x\n  name: a\n";
        let piece = by_origin(document, Path::new("/tmp/k"));
        assert_eq!(piece.file.as_deref(), Some(Path::new("/tmp/app/base/a.yaml")));
        assert_eq!(piece.text, "kind: A\nmetadata:\n  annotations:\n    other: x\n  name: a\n");
    }

    #[test]
    fn a_way_between_folders_goes_up_and_down() {
        assert_eq!(relative(Path::new("/a/b/c"), Path::new("/a/d")), Path::new("../../d"));
        assert_eq!(normal(Path::new("/a/b/../c/./d")), Path::new("/a/c/d"));
    }

    #[test]
    fn a_tool_that_is_not_there_is_named() {
        let missing = run("k8sready-no-such-tool", Command::new("k8sready-no-such-tool"));
        assert_eq!(missing, Err(RenderError::Missing("k8sready-no-such-tool")));
    }
}
