//! The revision that `--since` names: found, compared with, and with `--config-from base` asked for the configuration.
//!
//! When it cannot be had, everything counts and a warning says so; and whoever wanted its configuration gets none, never
//! that of the files at hand.

use std::path::{Path, PathBuf};

use super::CommandError;
use crate::cli::{AuditArgs, ConfigError, ConfigFile, ConfigFrom, Setting};
use crate::settings::{Settings, UsageError};
use crate::source::{Revision, git_root};
use crate::vocabulary::{Problem, ProblemKind};

/// What an audit is compared with.
#[derive(Default)]
pub struct Against {
    /// The revision, if one was named and can be had.
    pub revision: Option<Revision>,
    notices: Vec<Problem>,
}

impl Against {
    /// Looks for the revision.
    pub fn find(args: &AuditArgs) -> Result<Against, CommandError> {
        let mut against = Against::default();
        let Some(named) = &args.since else {
            return match args.config_from {
                ConfigFrom::Head => Ok(against),
                ConfigFrom::Base => Err(UsageError::new("--config-from base needs --since")
                    .help("name the revision whose configuration counts")
                    .into()),
            };
        };
        let also: Vec<PathBuf> = args.paths.iter().chain(&args.config).chain(&args.baseline).cloned().collect();
        match Revision::merge_base(named, Path::new("."), &also) {
            Ok(revision) => {
                against.notices.extend(revision.note.clone().map(notice));
                against.revision = Some(revision);
            }
            Err(why) => against.note(format!("nothing to compare with, so all findings count: {why}")),
        }
        Ok(against)
    }

    fn note(&mut self, message: String) {
        self.notices.push(notice(message));
    }

    /// The configuration that counts.
    pub fn config(&mut self, args: &AuditArgs) -> Result<ConfigFile, CommandError> {
        let first = args.paths.first().map_or(Path::new("."), |path| path);
        let at_hand = |path: &Path| ConfigFile::read(path);
        match (args.isolated, args.config_from, &args.config) {
            (true, ..) => Ok(ConfigFile::default()),
            (false, ConfigFrom::Head, Some(path)) => Ok(at_hand(path)?),
            (false, ConfigFrom::Head, None) => Ok(ConfigFile::find(first)?),
            (false, ConfigFrom::Base, Some(path)) => match self.trusted(path, "configuration") {
                Some(path) => self.shown(at_hand(&path)),
                None => Ok(ConfigFile::default()),
            },
            (false, ConfigFrom::Base, None) => match &self.revision {
                Some(revision) => {
                    let found = revision.place_of(first).map(|place| ConfigFile::find(&place));
                    self.shown(found.unwrap_or_else(|| Ok(ConfigFile::default())))
                }
                None => {
                    self.note("no configuration is used: that of the files at hand is not trusted".to_string());
                    Ok(ConfigFile::default())
                }
            },
        }
    }

    /// Names the file as one of the revision.
    fn shown(&self, config: Result<ConfigFile, ConfigError>) -> Result<ConfigFile, CommandError> {
        let shown = |path: PathBuf| self.revision.as_ref().map_or(path.clone(), |revision| revision.shown(&path));
        let named = |setting: Setting| Setting { file: shown(setting.file), ..setting };
        match config {
            Ok(config) => Ok(ConfigFile {
                path: config.path.map(shown),
                values: config.values.into_iter().map(named).collect(),
                ..config
            }),
            Err(error) => Err(ConfigError { path: shown(error.path), ..error }.into()),
        }
    }

    /// Completes the settings: baseline and rules of the revision, where those at hand do not count, and what was noticed.
    pub fn settle(&mut self, settings: &mut Settings) {
        if settings.distrust {
            settings.baseline = settings.baseline.take().and_then(|path| self.trusted(&path, "baseline"));
            for (folders, what) in
                [(&mut settings.rules.folders, "folder of rules"), (&mut settings.crds, "folder of definitions")]
            {
                *folders = folders.iter().filter_map(|path| self.trusted(path, what)).collect();
            }
        }
        settings.notices.append(&mut self.notices);
    }

    /// A file of the repository as the revision has it; what lies outside of the repository is the caller's own.
    fn trusted(&mut self, path: &Path, what: &str) -> Option<PathBuf> {
        let place = match &self.revision {
            Some(revision) => revision.place_of(path),
            None if in_repository(path) => Some(PathBuf::new()),
            None => None,
        };
        match place {
            None => Some(path.to_path_buf()),
            Some(place) if place.exists() => Some(place),
            Some(_) => {
                self.note(format!("the {what} `{}` does not count: the base does not have it", path.display()));
                None
            }
        }
    }
}

fn notice(message: String) -> Problem {
    Problem::run(ProblemKind::BaseUnavailable, message)
}

fn in_repository(path: &Path) -> bool {
    let root = std::env::current_dir().and_then(|cwd| cwd.canonicalize()).ok().and_then(|cwd| git_root(&cwd));
    let real = path.canonicalize().or_else(|_| std::path::absolute(path));
    root.zip(real.ok()).is_some_and(|(root, real)| real.starts_with(root))
}
