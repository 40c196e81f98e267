//! What surrounds the process: the clock, the terminal, colours, the git root. Beside clap the only reader of environment
//! variables.

use std::io::IsTerminal as _;
use std::path::Path;

use jiff::civil::Date;

use crate::cli::{AuditArgs, ColorChoice};
use crate::report::{ColourChoice, Detail, Format, Style, Surroundings, colour, unicode};
use crate::source::git_root;

/// Width of a report where no terminal says otherwise.
const WIDTH: usize = 100;

/// Today, in UTC.
pub fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// What surrounds a scan of a cluster: kubeconfigs, proxies, and whether somebody is there to answer. `beside`: what is
/// audited with it.
#[cfg(feature = "live")]
pub fn cluster(beside: &[std::path::PathBuf]) -> crate::source::cluster::LiveSettings {
    use crate::source::cluster::{KubeconfigPaths, LiveSettings, ProxyVariables};
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // Go reads both spellings, the large one first.
    let either = |name: &str| get(name).or_else(|| get(&name.to_lowercase())).unwrap_or_default();
    let home = std::env::home_dir();
    let in_home = |name: &str| home.as_ref().map(|home| home.join(".kube").join(name));
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let here = std::env::current_dir().ok().and_then(|cwd| git_root(&cwd));
    let folders = |path: std::path::PathBuf| git_root(&path).into_iter().chain([path]);
    let kubeconfig = KubeconfigPaths {
        named: None,
        listed: std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect(),
        usual: in_home("config"),
        kuberc: match get("KUBERC") {
            Some(off) if off == "off" => None,
            Some(path) => Some(path.into()),
            None => in_home("kuberc"),
        },
        foreign: beside.iter().filter_map(|path| path.canonicalize().ok()).flat_map(folders).chain(here).collect(),
    };
    let proxies = ProxyVariables { http: either("HTTP_PROXY"), https: either("HTTPS_PROXY"), none: either("NO_PROXY") };
    let interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    LiveSettings { kubeconfig, proxies, interactive, ..LiveSettings::default() }
}

/// Whether standard error is a terminal.
#[cfg(feature = "live")]
pub fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// The style of a report. `terminal`: it goes to one.
pub fn style(args: &AuditArgs, format: Format, terminal: bool) -> Style {
    let get = |name: &str| std::env::var(name).ok();
    let vars = ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM", "GITHUB_ACTIONS"].map(get);
    let [no_color, force_color, clicolor_force, clicolor, term, github_actions] = &vars;
    let around = Surroundings {
        no_color: no_color.as_deref(),
        force_color: force_color.as_deref(),
        clicolor_force: clicolor_force.as_deref(),
        clicolor: clicolor.as_deref(),
        term: term.as_deref(),
        github_actions: github_actions.as_deref(),
        terminal,
    };
    let choice = match args.color {
        ColorChoice::Auto => ColourChoice::Auto,
        ColorChoice::Always => ColourChoice::Always,
        ColorChoice::Never => ColourChoice::Never,
    };
    Style {
        width: args.width.unwrap_or_else(|| width(terminal)),
        colour: colour(choice, &around, format.is_human()),
        unicode: unicode(get("LC_ALL").as_deref(), get("LC_CTYPE").as_deref(), get("LANG").as_deref()),
        detail: detail(args),
        uri_prefix: uri_prefix(),
        category: args.sarif_category.clone(),
        link_base: link_base(get),
    }
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

fn width(terminal: bool) -> usize {
    let known = terminal_size::terminal_size().map(|(width, _)| width.0 as usize);
    known.filter(|_| terminal).unwrap_or(WIDTH).clamp(40, 200)
}

/// What leads from the git root to the working directory, with a slash at its end; empty at the root and outside of git.
pub fn uri_prefix() -> String {
    let Ok(cwd) = std::env::current_dir().and_then(|cwd| cwd.canonicalize()) else { return String::new() };
    let Some(root) = git_root(&cwd) else { return String::new() };
    let inside = cwd.strip_prefix(&root).unwrap_or(Path::new(""));
    let parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) }
}

/// Where the build server shows files of the audited commit: GitHub's and GitLab's variables name it.
fn link_base(get: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| get(name).filter(|value| !value.is_empty());
    let github = || {
        let (server, repository) = (set("GITHUB_SERVER_URL")?, set("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/blob/{}/", set("GITHUB_SHA")?))
    };
    let gitlab = || Some(format!("{}/-/blob/{}/", set("CI_PROJECT_URL")?, set("CI_COMMIT_SHA")?));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
    github().or_else(gitlab).filter(|base| base.starts_with("https://") && base.chars().all(plain))
}

fn detail(args: &AuditArgs) -> Detail {
    match (args.quiet, args.show_all) {
        (0, true) => Detail::All,
        (0, false) => Detail::Usual,
        _ => Detail::Summary,
    }
}

#[cfg(test)]
mod tests {
    use super::link_base;

    #[test]
    fn files_are_linked_where_the_build_server_shows_them() {
        let of = |pairs: &[(&str, &str)]| {
            link_base(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string()))
        };
        let github = [("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_REPOSITORY", "a/b"), ("GITHUB_SHA", "0a")];
        assert_eq!(of(&github).as_deref(), Some("https://github.com/a/b/blob/0a/"));
        let gitlab = [("CI_PROJECT_URL", "https://gitlab.com/a/b"), ("CI_COMMIT_SHA", "0a")];
        assert_eq!(of(&gitlab).as_deref(), Some("https://gitlab.com/a/b/-/blob/0a/"));
        assert_eq!(of(&github[..2]), None);
        assert_eq!(of(&[("CI_PROJECT_URL", "https://x) [y"), ("CI_COMMIT_SHA", "0a")]), None);
        assert_eq!(of(&[("CI_PROJECT_URL", "javascript:x"), ("CI_COMMIT_SHA", "0a")]), None);
    }
}
