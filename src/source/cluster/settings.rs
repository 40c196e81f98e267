//! `LiveSettings`: which cluster to scan, as whom, and what of it. Plain data: what was typed and what the environment says
//! are put together elsewhere, so that nothing here reads variables of the process.

use std::path::PathBuf;
use std::time::Duration;

/// Which programs of a kubeconfig may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecPlugins {
    /// What kuberc says; else those of kubeconfigs that do not come with the repository.
    #[default]
    Auto,
    /// None.
    Deny,
    /// All.
    Allow,
}

/// Where kubeconfigs are.
#[derive(Clone, Debug, Default)]
pub struct KubeconfigPaths {
    /// The one that was named on the command line.
    pub named: Option<PathBuf>,
    /// Those of KUBECONFIG.
    pub listed: Vec<PathBuf>,
    /// The one in the home directory.
    pub usual: Option<PathBuf>,
    /// kubectl's own preferences, which may restrict plugins.
    pub kuberc: Option<PathBuf>,
    /// Folders that others fill, above all the repository around the working directory: a kubeconfig in one is not trusted to
    /// run programs, nor to have files sent to its server.
    pub foreign: Vec<PathBuf>,
}

/// Whom to act as.
#[derive(Clone, Debug, Default)]
pub struct Impersonation {
    /// User.
    pub user: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Unique id.
    pub uid: Option<String>,
}

/// Proxies that the environment names.
#[derive(Clone, Debug, Default)]
pub struct ProxyVariables {
    /// HTTP_PROXY.
    pub http: String,
    /// HTTPS_PROXY.
    pub https: String,
    /// NO_PROXY.
    pub none: String,
}

/// Which cluster to scan, as whom, and what of it.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// Where kubeconfigs are.
    pub kubeconfig: KubeconfigPaths,
    /// The context, if not the current one.
    pub context: Option<String>,
    /// The cluster, if not the context's.
    pub cluster: Option<String>,
    /// The user, if not the context's.
    pub user: Option<String>,
    /// Address of the API server, if not the cluster's.
    pub server: Option<String>,
    /// Whom to act as.
    pub impersonate: Impersonation,
    /// A file with a bearer token, in place of the user's credentials.
    pub token_file: Option<PathBuf>,
    /// The server's certificate is not checked.
    pub insecure: bool,
    /// The proxy, if not the cluster's or the environment's.
    pub proxy: Option<String>,
    /// Proxies that the environment names.
    pub proxies: ProxyVariables,
    /// Which programs of a kubeconfig may run.
    pub plugins: ExecPlugins,
    /// Somebody sits at a terminal and can answer a plugin.
    pub interactive: bool,
    /// The most that one answer may take; `None` for the whole time.
    pub request_timeout: Option<Duration>,
    /// The most that the whole scan may take.
    pub timeout: Duration,
    /// Only these namespaces; empty for all.
    pub namespaces: Vec<String>,
    /// Only objects in namespaces that this label selector picks.
    pub selector: Option<String>,
}

impl Default for LiveSettings {
    fn default() -> Self {
        LiveSettings {
            kubeconfig: KubeconfigPaths::default(),
            context: None,
            cluster: None,
            user: None,
            server: None,
            impersonate: Impersonation::default(),
            token_file: None,
            insecure: false,
            proxy: None,
            proxies: ProxyVariables::default(),
            plugins: ExecPlugins::Auto,
            interactive: false,
            request_timeout: Some(Duration::from_secs(60)),
            timeout: Duration::from_secs(300),
            namespaces: Vec::new(),
            selector: None,
        }
    }
}
