//! Whether the program that a kubeconfig names to fetch credentials may run, and on which terms.
//!
//! A kubeconfig can name any program, and any file to send to any server. One that comes with a repository is as trustworthy as
//! the repository, so by default nothing of it runs and no file that it names is read as a token. kubectl's preferences (kuberc) hold here as they do for kubectl.

use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, ExecInteractiveMode};
use serde::Deserialize;

use super::error::{ClusterError, Obstacle, clean};
use super::kubeconfig::Target;
use super::settings::{ExecPlugins, KubeconfigPaths, LiveSettings};

/// Decides, and keeps a plugin from asking where nobody answers.
pub(super) fn admit(settings: &LiveSettings, target: &mut Target) -> Result<(), ClusterError> {
    let foreign = target.origin.as_deref().filter(|origin| is_foreign(&settings.kubeconfig, origin));
    let names_file = target.config.auth_info.token_file.is_some() && settings.token_file.is_none();
    if let Some(origin) = foreign.filter(|_| names_file && settings.plugins != ExecPlugins::Allow) {
        let message =
            format!("the kubeconfig `{}` comes with this repository and names a token file", origin.display());
        return Err(ClusterError::new(Obstacle::PluginDenied, message)
            .help("any file could be sent to its server; name the token yourself with --token-file"));
    }
    let Some(command) = command(&target.config.auth_info) else { return Ok(()) };
    if let Some(why) = denial(settings, target.origin.as_deref(), &command)? {
        let message = format!("credentials come from the program `{}`, which may not run: {why}", clean(&command));
        return Err(ClusterError::new(Obstacle::PluginDenied, message)
            .help("allow it with --exec-plugins=allow, or use other credentials (--token-file)"));
    }
    let Some(exec) = &mut target.config.auth_info.exec else { return Ok(()) };
    if settings.interactive {
        return Ok(());
    }
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        let message = format!("the credential plugin `{}` needs a terminal, and there is none", clean(&command));
        return Err(ClusterError::new(Obstacle::Plugin, message).help("use other credentials (--token-file)"));
    }
    exec.interactive_mode = Some(ExecInteractiveMode::Never);
    Ok(())
}

/// The program that would run for these credentials. Where there is a token, a password or a file, none does.
pub(super) fn command(auth: &AuthInfo) -> Option<String> {
    if let Some(provider) = &auth.auth_provider {
        return provider.config.get("cmd-path").cloned();
    }
    let password = auth.username.is_some() && auth.password.is_some();
    if password || auth.token.is_some() || auth.token_file.is_some() {
        return None;
    }
    auth.exec.as_ref().map(|exec| exec.command.clone().unwrap_or_default())
}

/// Why the program may not run.
fn denial(settings: &LiveSettings, origin: Option<&Path>, command: &str) -> Result<Option<String>, ClusterError> {
    match settings.plugins {
        ExecPlugins::Allow => return Ok(None),
        ExecPlugins::Deny => return Ok(Some("--exec-plugins=deny".to_string())),
        ExecPlugins::Auto => {}
    }
    if let Some(origin) = origin.filter(|origin| is_foreign(&settings.kubeconfig, origin)) {
        return Ok(Some(format!("the kubeconfig `{}` comes with this repository", origin.display())));
    }
    let Some(path) = &settings.kubeconfig.kuberc else { return Ok(None) };
    Ok(Preferences::read(path)?.and_then(|preferences| preferences.denial(path, command)))
}

/// Whether a kubeconfig lies in the repository. The one in the home directory is the user's, even where that is a repository.
fn is_foreign(paths: &KubeconfigPaths, origin: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let origin = real(origin);
    let usual = paths.usual.as_deref().map(real);
    usual.as_ref() != Some(&origin) && paths.foreign.iter().any(|folder| origin.starts_with(real(folder)))
}

/// What kuberc says about plugins.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Preferences {
    credential_plugin_policy: Option<String>,
    credential_plugin_allowlist: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    name: String,
}

impl Preferences {
    /// Reads kuberc; there need not be one. One that cannot be read might forbid what we are about to do.
    fn read(path: &Path) -> Result<Option<Preferences>, ClusterError> {
        let unusable = |why: String| {
            ClusterError::new(Obstacle::Kubeconfig, format!("kubectl's preferences `{}`: {why}", path.display()))
                .help("they may restrict credential plugins; --exec-plugins=allow or deny decides without them")
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(error.to_string())),
        };
        serde_saphyr::from_str(&text).map(Some).map_err(|error| unusable(clean(&error.to_string())))
    }

    fn denial(&self, path: &Path, command: &str) -> Option<String> {
        let says = |what: &str| Some(format!("`{}` {what}", path.display()));
        match self.credential_plugin_policy.as_deref() {
            None | Some("" | "AllowAll") => None,
            Some("Allowlist") if self.credential_plugin_allowlist.iter().any(|entry| is_same(&entry.name, command)) => {
                None
            }
            Some("Allowlist") => says("does not list it"),
            Some("DenyAll") => says("denies all"),
            Some(other) => says(&format!("has the unknown policy `{}`", clean(other))),
        }
    }
}

/// Whether an entry of the list means the program: the same name, or the same file.
fn is_same(entry: &str, command: &str) -> bool {
    !entry.is_empty() && (entry == command || located(entry).is_some_and(|path| located(command) == Some(path)))
}

/// The file that a name stands for.
fn located(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 {
        return path.canonicalize().ok();
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())?.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences(text: &str) -> Preferences {
        serde_saphyr::from_str(text).expect("preferences")
    }

    fn denies(text: &str, command: &str) -> bool {
        preferences(text).denial(Path::new("kuberc"), command).is_some()
    }

    #[test]
    fn kuberc_decides_as_for_kubectl() {
        assert!(!denies("kind: Preference\naliases: []\n", "aws"));
        assert!(!denies("credentialPluginPolicy: AllowAll\n", "aws"));
        assert!(denies("credentialPluginPolicy: DenyAll\n", "aws"));
        let listed = "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: aws}]\n";
        assert!(!denies(listed, "aws"));
        assert!(denies(listed, "awk"));
        assert!(denies("credentialPluginPolicy: AllowSome\n", "aws"), "an unknown policy allows nothing");
    }

    #[test]
    fn a_kubeconfig_of_the_repository_is_foreign_and_the_users_is_not() {
        let root = tempfile::tempdir().expect("a folder");
        let usual = root.path().join("home/.kube/config");
        let paths = KubeconfigPaths {
            usual: Some(usual.clone()),
            foreign: vec![root.path().to_path_buf()],
            ..KubeconfigPaths::default()
        };
        assert!(is_foreign(&paths, &root.path().join("ci/kubeconfig")));
        assert!(!is_foreign(&paths, Path::new("/elsewhere/kubeconfig")));
        assert!(!is_foreign(&paths, &usual), "a home directory may be a repository");
    }

    #[test]
    fn a_token_file_needs_no_program() {
        let exec = kube::config::ExecConfig { command: Some("aws".into()), ..Default::default() };
        let mut auth = AuthInfo { exec: Some(exec), ..AuthInfo::default() };
        assert_eq!(command(&auth).as_deref(), Some("aws"));
        auth.token_file = Some("token".into());
        assert_eq!(command(&auth), None);
    }
}
