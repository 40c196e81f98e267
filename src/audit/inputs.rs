//! From the paths of the settings to texts.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::AuditError;
use crate::cli::CONFIG_NAMES;
use crate::inventory::Input;
use crate::settings::{Settings, UsageError};
use crate::source::{FileRef, MAX_FILE_BYTES, SourceKind, load as load_file, read_stdin, walk};
use crate::vocabulary::{Problem, ProblemKind};

/// Every input, in path order, and what went wrong on the way.
pub fn collect(settings: &Settings) -> Result<(Vec<Input>, Vec<Problem>), AuditError> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        settings.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
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

fn files(settings: &Settings, paths: &[PathBuf]) -> Result<(Vec<Input>, Vec<Problem>), AuditError> {
    let cwd =
        std::env::current_dir().map_err(|error| UsageError::new(format!("the working directory is gone: {error}")))?;
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        let error = UsageError::new(format!("`{}` does not exist", path.display()));
        return Err(error.help("name files or folders that exist, or `-` for standard input").into());
    }
    let found = walk(paths, &cwd);
    let read = |file: &FileRef| Input {
        path: file.display.clone(),
        kind: SourceKind::File,
        named: file.named,
        text: load_file(file, MAX_FILE_BYTES),
    };
    let wanted = |file: &&FileRef| {
        file.named || (!settings.exclude.is_match(Path::new(&file.display)) && !is_own(&file.display))
    };
    Ok((found.files.par_iter().filter(wanted).map(read).collect(), found.problems))
}

/// Whether a file is configuration of k8sready itself.
fn is_own(path: &str) -> bool {
    CONFIG_NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}
