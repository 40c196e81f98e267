//! Another revision of the repository, laid out in a temporary folder for reading.
//!
//! The one place that starts a program: `git`, to find a commit and to read its objects. Nothing is checked out, so no
//! hook, filter, file monitor or other command that a repository can configure is started; missing objects are not fetched.
//! The folder holds the files that an audit could read, as they were committed, and goes away when the value does.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::files::{MAX_FILE_BYTES, git_root, is_ours, slashes};

/// A revision, laid out.
#[derive(Debug)]
pub struct Revision {
    folder: TempDir,
    /// The root of the repository that it is a revision of.
    repository: PathBuf,
    /// The revision as the user named it.
    pub named: String,
    /// What a reader should know about the choice of the commit.
    pub note: Option<String>,
}

/// A file of a commit.
struct Entry {
    object: String,
    path: PathBuf,
    link: bool,
}

impl Revision {
    /// Lays out the commit where the history of `named` and that of the working tree at `from` part; `also` are files that
    /// are wanted whatever their names.
    ///
    /// # Errors
    /// A sentence that says why it cannot be had.
    pub fn merge_base(named: &str, from: &Path, also: &[PathBuf]) -> Result<Revision, String> {
        let from = from.canonicalize().map_err(|error| error.to_string())?;
        let repository = git_root(&from).ok_or("this is no git repository")?;
        if named.starts_with('-') {
            return Err(format!("`{named}` is no revision"));
        }
        let commit =
            ask(&repository, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{named}^{{commit}}")])
                .map_err(|_| format!("`{named}` is not in this repository (a shallow clone?)"))?;
        // What was merged into a shallow clone has no visible past: then the commit itself is the best there is.
        let (commit, note) = match ask(&repository, &["merge-base", &commit, "HEAD"]) {
            Ok(base) => (base, None),
            Err(_) => (
                commit,
                Some(format!(
                    "no common ancestor with `{named}` is at hand (a shallow clone?); compared with `{named}` itself"
                )),
            ),
        };
        let folder = tempfile::Builder::new().prefix("k8sready-").tempdir().map_err(|error| error.to_string())?;
        let inside = |path: &PathBuf| {
            let real = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
            Some(real.strip_prefix(&repository).ok()?.to_path_buf())
        };
        let also: BTreeSet<PathBuf> = also.iter().filter_map(inside).collect();
        lay_out(&repository, &commit, folder.path(), &also)
            .map_err(|error| format!("its files cannot be read: {error}"))?;
        Ok(Revision { folder, repository, named: named.to_string(), note })
    }

    /// Where a path of the working tree lies in this revision, whether or not it exists there; `None` for what lies outside
    /// of the repository.
    pub fn place_of(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
        let root = self.folder.path().canonicalize().ok()?;
        Some(root.join(real.strip_prefix(&self.repository).ok()?))
    }

    /// A path in this revision's folder as people write it: `main:apps/k8sready.yaml`; another path as it is.
    pub fn shown(&self, path: &Path) -> PathBuf {
        let root = self.folder.path().canonicalize().unwrap_or_else(|_| self.folder.path().to_path_buf());
        match path.strip_prefix(root) {
            Ok(inside) => PathBuf::from(format!("{}:{}", self.named, slashes(inside))),
            Err(_) => path.to_path_buf(),
        }
    }
}

/// `git`, deaf to what a repository's configuration could make it start or fetch.
fn git(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(repository)
        .args(["--no-pager", "--no-replace-objects", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// The first line that git prints.
fn ask(repository: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = git(repository, arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(line) if output.status.success() => Ok(line.to_string()),
        _ => Err(io::Error::other("git found nothing")),
    }
}

fn lay_out(repository: &Path, commit: &str, folder: &Path, also: &BTreeSet<PathBuf>) -> io::Result<()> {
    // The mark of a root: paths are shown from here, and no ignore file above counts.
    fs::create_dir(folder.join(".git"))?;
    let output = git(repository, &["ls-tree", "-r", "-z", "-l", "--full-tree", commit]).output()?;
    if !output.status.success() {
        return Err(io::Error::other("git lists nothing"));
    }
    let mut entries: Vec<Entry> =
        output.stdout.split(|byte| *byte == 0).filter_map(|record| entry(record, also)).collect();
    // Nothing is ever written through a link: links come last, and what a forged tree puts below one is left out.
    let links: BTreeSet<PathBuf> = entries.iter().filter(|entry| entry.link).map(|entry| entry.path.clone()).collect();
    entries.retain(|entry| !entry.path.ancestors().skip(1).any(|above| links.contains(above)));
    let (links, files): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| entry.link);
    read_objects(repository, &files, |entry, bytes| write_file(&folder.join(&entry.path), bytes))?;
    read_objects(repository, &links, |entry, target| make_link(target, &folder.join(&entry.path)))
}

/// `MODE TYPE OBJECT SIZE<tab>PATH`, if an audit could want it.
fn entry(record: &[u8], also: &BTreeSet<PathBuf>) -> Option<Entry> {
    let (head, path) = std::str::from_utf8(record).ok()?.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let path = PathBuf::from(path);
    let plain =
        path.components().all(|part| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git")));
    let wanted = kind == "blob"
        && plain
        && (mode == "120000" || is_read(&path) || also.contains(&path))
        && size.parse::<u64>().ok()? <= MAX_FILE_BYTES;
    wanted.then(|| Entry { object: object.to_string(), path, link: mode == "120000" })
}

/// Whether an audit may read a file of that name: what it judges, what it ignores by, and files without an extension, which
/// may be named on the command line.
fn is_read(path: &Path) -> bool {
    is_ours(path) || path.extension().is_none()
}

/// Hands over the content of every entry.
fn read_objects(
    repository: &Path,
    entries: &[&Entry],
    mut take: impl FnMut(&Entry, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut child = git(repository, &["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let asked = entries.iter().map(|entry| format!("{}\n", entry.object)).collect::<String>();
    let mut stdin = child.stdin.take().ok_or_else(|| io::Error::other("git takes no input"))?;
    // Written beside, lest both sides wait for each other.
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let read = read_all(&mut child, entries, &mut take);
    if read.is_err() {
        // It may still wait to be read.
        let _ = child.kill();
    }
    let _ = writer.join();
    child.wait()?;
    read
}

fn read_all(
    child: &mut Child,
    entries: &[&Entry],
    take: &mut impl FnMut(&Entry, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("git gives no output"))?;
    let mut answers = io::BufReader::new(stdout);
    entries.iter().try_for_each(|entry| take(entry, &answer(&mut answers)?))
}

/// `OBJECT TYPE SIZE`, the content, and an end of line.
fn answer(answers: &mut io::BufReader<ChildStdout>) -> io::Result<Vec<u8>> {
    let mut head = String::new();
    io::BufRead::read_line(answers, &mut head)?;
    let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<usize>().ok());
    let size = size.ok_or_else(|| io::Error::other("an object is missing"))?;
    let mut content = vec![0; size + 1];
    answers.read_exact(&mut content)?;
    content.pop();
    Ok(content)
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

#[cfg(unix)]
fn make_link(target: &[u8], path: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), path)
}

/// Where links need a privilege, what they point to is read under its own name.
#[cfg(not(unix))]
fn make_link(_: &[u8], _: &Path) -> io::Result<()> {
    Ok(())
}
