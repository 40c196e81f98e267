//! From the paths of the settings to texts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::AuditError;
use super::render::render;
use crate::cli::CONFIG_NAMES;
use crate::inventory::{Input, Rendering};
use crate::settings::{Settings, UsageError};
use crate::source::{FileRef, MAX_FILE_BYTES, Revision, SourceKind, Walk, load as load_file, read_stdin, walk_with};
use crate::vocabulary::{Problem, ProblemKind};

/// What is to be audited.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Texts in path order.
    pub texts: Vec<Input>,
    /// What renderers made of some of them.
    pub rendering: Rendering,
    /// What went wrong on the way.
    pub problems: Vec<Problem>,
}

/// Every input.
pub fn collect(settings: &Settings) -> Result<Inputs, AuditError> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) = settings.paths.iter().cloned().partition(|path| is_stdin(path));
    let found = find(settings, &paths)?;
    let mut inputs = of_files(settings, found);
    if !stdin.is_empty() {
        let text = read_stdin(MAX_FILE_BYTES).map_err(|error| (ProblemKind::Unreadable, error));
        inputs.texts.push(Input { path: "-".to_string(), kind: SourceKind::Stdin, named: true, text });
    }
    Ok(inputs)
}

fn of_files(settings: &Settings, found: Walk) -> Inputs {
    let texts = read(settings, &found.files);
    let mut problems = found.problems;
    let mut rendering = Rendering::default();
    if settings.render.asked {
        let read: BTreeSet<&str> = texts.iter().map(|input| input.path.as_str()).collect();
        let files: Vec<FileRef> = found.files.into_iter().filter(|file| read.contains(file.display.as_str())).collect();
        let (made, failed) = render(settings, &files, &texts);
        rendering = made;
        problems.extend(failed);
    }
    Inputs { texts, rendering, problems }
}

/// The texts of the custom resource definitions beside the input.
pub fn definitions(settings: &Settings) -> Result<Vec<Input>, AuditError> {
    let found = find(settings, &settings.crds)?;
    Ok(read(settings, &found.files))
}

fn find(settings: &Settings, paths: &[PathBuf]) -> Result<Walk, AuditError> {
    let cwd =
        std::env::current_dir().map_err(|error| UsageError::new(format!("the working directory is gone: {error}")))?;
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        let error = UsageError::new(format!("`{}` does not exist", path.display()));
        return Err(error.help("name files or folders that exist, or `-` for standard input").into());
    }
    Ok(walk_with(paths, &cwd, settings.ignores()))
}

/// The same inputs as another revision holds them, under the same names. What it lacks is no error; what it cannot have
/// (standard input, files outside of the repository) is not compared, which makes all findings about it new.
pub fn of_revision(settings: &Settings, revision: &Revision) -> Result<Inputs, AuditError> {
    let cwd = revision.place_of(Path::new(".")).ok_or_else(|| UsageError::new("the working directory is gone"))?;
    let paths = settings.paths.iter().filter(|path| !is_stdin(path)).filter_map(|path| revision.place_of(path));
    let paths: Vec<PathBuf> = paths.filter(|path| path.exists()).collect();
    Ok(of_files(settings, walk_with(&paths, &cwd, settings.ignores())))
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
