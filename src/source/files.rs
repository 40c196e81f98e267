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

use super::decode;
use super::stdin::read_limited;
use crate::vocabulary::{Problem, ProblemKind};

/// Largest file that is read unless the caller says otherwise.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// Extensions of files taken from directories.
const EXTENSIONS: &[&str] = &["yaml", "yml", "json", "jsonl", "cfg", "conf", "ini", "env", "service", "sh"];

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    /// Where it is.
    pub path: PathBuf,
    /// How it is shown: relative to the working directory where it lies inside, forward slashes.
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
    let mut found = Found { cwd, files: BTreeMap::new(), problems: Vec::new() };
    for path in paths {
        match path.metadata() {
            Ok(meta) if meta.is_dir() => found.directory(path),
            Ok(_) => found.add(path, true),
            Err(error) => found.trouble(path, &format!("cannot be opened: {error}")),
        }
    }
    Walk { files: found.files.into_values().collect(), problems: found.problems }
}

struct Found<'a> {
    cwd: &'a Path,
    files: BTreeMap<Vec<u8>, FileRef>,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn directory(&mut self, root: &Path) {
        let real_root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        for entry in walker(root) {
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
                    self.add(path, false);
                }
            }
            Ok(_) => {}
            Err(error) if is_ours(path) => self.trouble(path, &format!("is a broken symbolic link: {error}")),
            Err(_) => {}
        }
    }

    fn add(&mut self, path: &Path, named: bool) {
        let display = display_path(path, self.cwd);
        let file = FileRef { path: path.to_path_buf(), display: display.clone(), named };
        self.files.entry(display.into_bytes()).or_insert(file).named |= named;
    }

    fn trouble(&mut self, path: &Path, what: &str) {
        let message = format!("`{}` {what}", display_path(path, self.cwd));
        self.problems.push(Problem::run(ProblemKind::Unreadable, message));
    }
}

/// The user's global and local git excludes are left out: a result must not depend on whose machine it is.
fn walker(root: &Path) -> ignore::Walk {
    WalkBuilder::new(root)
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .add_custom_ignore_filename(".k8sreadyignore")
        .sort_by_file_name(std::cmp::Ord::cmp)
        .build()
}

fn is_ours(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.iter().any(|ours| ours.eq_ignore_ascii_case(extension))
}

fn display_path(path: &Path, cwd: &Path) -> String {
    let inside = path.strip_prefix(cwd).unwrap_or(path);
    let text = inside.to_string_lossy();
    let text = if std::path::MAIN_SEPARATOR == '\\' { text.replace('\\', "/") } else { text.into_owned() };
    let mut shown = text.as_str();
    while let Some(rest) = shown.strip_prefix("./") {
        shown = rest.trim_start_matches('/');
    }
    shown.to_string()
}

/// Reads a file as text.
///
/// # Errors
/// The kind of trouble and the rest of a sentence that begins with the path: not a regular file, over `limit` bytes, not
/// text, or an I/O error.
pub fn load(file: &FileRef, limit: u64) -> Result<String, (ProblemKind, String)> {
    let unreadable = |error: io::Error| (ProblemKind::Unreadable, format!("cannot be read: {error}"));
    let handle = open(&file.path).map_err(unreadable)?;
    if !handle.metadata().map_err(unreadable)?.is_file() {
        return Err((ProblemKind::Unreadable, "is not a regular file".to_string()));
    }
    let bytes = read_limited(handle, limit)
        .map_err(unreadable)?
        .ok_or_else(|| (ProblemKind::BudgetExceeded, format!("is larger than {limit} bytes")))?;
    decode(bytes).map_err(|error| (ProblemKind::ParseError, format!("is not text: {error}")))
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
