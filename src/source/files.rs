//! Finding and opening files.
//!
//! Directories are walked with `.gitignore` and `.k8sreadyignore` honoured, hidden entries skipped, and only names we have
//! a reader for taken; a file named by the user is always taken. Nothing outside the given root is reached by a symbolic
//! link, and nothing but regular files is opened. Which format a file has is not decided here.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use super::bolt;
use super::decode;
use super::stdin::read_limited;
use crate::vocabulary::{Problem, ProblemKind};

/// Largest file that is read unless the caller says otherwise.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// Extensions of files taken from directories.
const EXTENSIONS: &[&str] = &[
    "yaml",
    "yml",
    "json",
    "jsonl",
    "cfg",
    "conf",
    "ini",
    "env",
    "service",
    "timer",
    "sh",
    "md",
    "toml",
    "kubeconfig",
    "prom",
];

/// Extensions of files that are ours as PEM, and may be something else.
const PEM: &[&str] = &["crt", "pem", "key", "cert"];

/// Names of files taken from directories that have no telling extension.
const NAMES: &[&str] = &["kubeconfig", "user-data", "inventory", "hosts"];

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// Where it is.
    pub path: PathBuf,
    /// How it is shown, one way however it was named: relative to the working directory where it lies inside or in the same
    /// repository, else absolute; forward slashes, no `.`, no symbolic link.
    pub display: String,
    /// Whether the user named this very file.
    pub named: bool,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The files in the order of the bytes of `display`, each once.
    pub files: Vec<FileRef>,
    /// What could not be looked into.
    pub problems: Vec<Problem>,
}

/// Finds the files under `paths`; `cwd` is the working directory that shown paths are relative to.
pub fn walk(paths: &[PathBuf], cwd: &Path) -> Walk {
    walk_with(paths, cwd, Ignores::Honoured)
}

/// Whether ignore files decide what is left out of folders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ignores {
    /// What they name is left out.
    #[default]
    Honoured,
    /// They belong to somebody who must not decide what is audited.
    Disregarded,
}

/// Finds the files under `paths`, with or without regard to ignore files.
pub fn walk_with(paths: &[PathBuf], cwd: &Path, ignores: Ignores) -> Walk {
    let mut found = Found { here: Here::new(cwd), ignores, files: BTreeMap::new(), problems: Vec::new() };
    for path in paths {
        match path.metadata() {
            Ok(meta) if meta.is_dir() => found.directory(path),
            Ok(_) => found.add(path, true),
            Err(error) => found.trouble(path, &format!("cannot be opened: {error}")),
        }
    }
    Walk { files: found.files.into_values().collect(), problems: found.problems }
}

struct Found {
    here: Here,
    ignores: Ignores,
    files: BTreeMap<Vec<u8>, FileRef>,
    problems: Vec<Problem>,
}

impl Found {
    fn directory(&mut self, root: &Path) {
        let real_root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        for entry in walker(&real_root, self.ignores) {
            match entry {
                Ok(entry) => self.entry(&entry, &real_root),
                Err(error) => self.problems.push(Problem::run(ProblemKind::Unreadable, error.to_string())),
            }
        }
    }

    fn entry(&mut self, entry: &DirEntry, real_root: &Path) {
        let path = entry.path();
        let Some(kind) = entry.file_type().filter(|kind| !kind.is_dir()) else { return };
        if !kind.is_symlink() {
            if kind.is_file() && is_ours(path) {
                self.add(path, false);
            }
            return;
        }
        match path.canonicalize() {
            Ok(target) if target.is_dir() || is_ours(path) => {
                if !target.starts_with(real_root) {
                    self.trouble(path, "is a symbolic link that leaves the directory under audit; not followed");
                } else if target.is_file() {
                    self.add(&target, false);
                }
            }
            Ok(_) => {}
            Err(error) if is_ours(path) => self.trouble(path, &format!("is a broken symbolic link: {error}")),
            Err(_) => {}
        }
    }

    fn add(&mut self, path: &Path, named: bool) {
        // What has no real name, such as a pipe of the shell, keeps the one it was given.
        let real = path.canonicalize().ok().filter(|real| real.is_file());
        let path = real.as_deref().unwrap_or(path);
        let display = self.here.display(path);
        let file = FileRef { path: path.to_path_buf(), display: display.clone(), named };
        self.files.entry(display.into_bytes()).or_insert(file).named |= named;
    }

    fn trouble(&mut self, path: &Path, what: &str) {
        let message = format!("`{}` {what}", self.here.display(path));
        self.problems.push(Problem::run(ProblemKind::Unreadable, message));
    }
}

/// The user's global and local git excludes are left out: a result must not depend on whose machine it is.
fn walker(root: &Path, ignores: Ignores) -> ignore::Walk {
    let mut builder = WalkBuilder::new(root);
    match ignores {
        Ignores::Honoured => builder.require_git(false).add_custom_ignore_filename(".k8sreadyignore"),
        Ignores::Disregarded => builder.ignore(false).git_ignore(false).parents(false),
    };
    builder.git_global(false).git_exclude(false).sort_by_file_name(std::cmp::Ord::cmp).build()
}

pub(super) fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    has_extension(path, EXTENSIONS)
        || has_extension(path, PEM)
        || NAMES.contains(&name)
        || bolt::is_named_like_snapshot(path)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extensions.iter().any(|ours| ours.eq_ignore_ascii_case(extension))
}

/// Where one stands: the working directory, and the git root above it.
struct Here {
    cwd: PathBuf,
    root: Option<PathBuf>,
}

impl Here {
    fn new(cwd: &Path) -> Self {
        let cwd = cwd.canonicalize().unwrap_or_else(|_| cwd.to_path_buf());
        let root = git_root(&cwd);
        Here { cwd, root }
    }

    fn display(&self, path: &Path) -> String {
        if let Ok(inside) = path.strip_prefix(&self.cwd) {
            return slashes(inside);
        }
        let shared = self.root.as_ref().filter(|root| path.starts_with(root));
        let Some(common) = shared.and_then(|_| self.cwd.ancestors().find(|folder| path.starts_with(folder))) else {
            return slashes(path);
        };
        let up = self.cwd.strip_prefix(common).map_or(0, |below| below.iter().count());
        let down = path.strip_prefix(common).unwrap_or(path);
        slashes(&std::iter::repeat_n(Path::new(".."), up).chain([down]).collect::<PathBuf>())
    }
}

/// The folder above `from`, or itself, that git calls the root of a repository.
pub fn git_root(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

/// A path as reports write it.
pub fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.into_owned() };
    text.strip_prefix("./").map_or(text.clone(), str::to_string)
}

/// Reads a file as text.
///
/// # Errors
/// The kind of trouble and the rest of a sentence that begins with the path: not a regular file, over `limit` bytes, not
/// text, or an I/O error.
pub fn load(file: &FileRef, limit: u64) -> Result<String, (ProblemKind, String)> {
    let unreadable = |error: io::Error| (ProblemKind::Unreadable, format!("cannot be read: {error}"));
    let handle = open(&file.path).map_err(unreadable)?;
    let metadata = handle.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err((ProblemKind::Unreadable, "is not a regular file".to_string()));
    }
    if bolt::is_named_like_snapshot(&file.path) {
        return bolt::describe(handle).map_err(unreadable);
    }
    let bytes = read_limited(handle, limit, metadata.len() + 1)
        .map_err(unreadable)?
        .ok_or_else(|| (ProblemKind::BudgetExceeded, format!("is larger than {limit} bytes")))?;
    match decode(bytes) {
        // The same names stand for binary forms, and for slides.
        Err(_) if !file.named && has_extension(&file.path, PEM) => Ok(String::new()),
        text => text.map_err(|error| (ProblemKind::ParseError, format!("is not text: {error}"))),
    }
}

/// Opens without waiting: a FIFO without a writer would block for ever.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    const O_NONBLOCK: i32 = if cfg!(target_os = "macos") { 0x4 } else { 0o4000 };
    OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)
}

/// Opens a file.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}
