//! From the paths of the settings to texts.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::AuditError;
use crate::cli::CONFIG_NAMES;
use crate::inventory::Input;
use crate::settings::{Settings, UsageError};
use crate::source::{FileRef, MAX_FILE_BYTES, Revision, SourceKind, load as load_file, read_stdin, walk_with};
use crate::vocabulary::{Problem, ProblemKind};

/// Every input, in path order, and what went wrong on the way.
pub fn collect(settings: &Settings) -> Result<(Vec<Input>, Vec<Problem>), AuditError> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) = settings.paths.iter().cloned().partition(|path| is_stdin(path));
    let (mut inputs, problems) = files(settings, &paths)?;
    if !stdin.is_empty() {
        let text = read_stdin(MAX_FILE_BYTES).map_err(|error| (ProblemKind::Unreadable, error));
        inputs.push(Input { path: "-".to_string(), kind: SourceKind::Stdin, named: true, text });
    }
    Ok((inputs, problems))
}

/// The texts of the custom resource definitions beside the input.
pub fn definitions(settings: &Settings) -> Result<Vec<Input>, AuditError> {
    Ok(files(settings, &settings.crds)?.0)
}

/// The texts of the files that a cluster is compared with.
pub fn compared(settings: &Settings) -> Result<Vec<Input>, AuditError> {
    Ok(files(settings, &settings.compare)?.0)
}

fn files(settings: &Settings, paths: &[PathBuf]) -> Result<(Vec<Input>, Vec<Problem>), AuditError> {
    let cwd =
        std::env::current_dir().map_err(|error| UsageError::new(format!("the working directory is gone: {error}")))?;
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        let error = UsageError::new(format!("`{}` does not exist", path.display()));
        return Err(error.help("name files or folders that exist, or `-` for standard input").into());
    }
    let found = walk_with(paths, &cwd, settings.ignores());
    Ok((read(settings, &found.files), found.problems))
}

/// The same inputs as another revision holds them, under the same names. What it lacks is no error; what it cannot have
/// (standard input, files outside of the repository) is not compared, which makes all findings about it new.
pub fn of_revision(settings: &Settings, revision: &Revision) -> Result<(Vec<Input>, Vec<Problem>), AuditError> {
    let cwd = revision.place_of(Path::new(".")).ok_or_else(|| UsageError::new("the working directory is gone"))?;
    let paths = settings.paths.iter().filter(|path| !is_stdin(path)).filter_map(|path| revision.place_of(path));
    let paths: Vec<PathBuf> = paths.filter(|path| path.exists()).collect();
    let found = walk_with(&paths, &cwd, settings.ignores());
    Ok((read(settings, &found.files), found.problems))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read(settings: &Settings, files: &[FileRef]) -> Vec<Input> {
    files
        .par_iter()
        .filter(|file| file.named || !is_left_out(settings, &file.display))
        .map(|file| Input {
            path: file.display.clone(),
            kind: SourceKind::File,
            named: file.named,
            text: load_file(file, MAX_FILE_BYTES),
        })
        .collect()
}

fn is_left_out(settings: &Settings, path: &str) -> bool {
    let excluded =
        settings.exclude.is_match(path) || settings.exclude_in_repository.is_match(&*settings.in_repository(path));
    excluded || is_own(path)
}

/// Whether a file is configuration of k8sready itself.
fn is_own(path: &str) -> bool {
    CONFIG_NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}
