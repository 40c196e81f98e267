//! The arguments that say which cluster is scanned and as whom: kubectl's names, in every command that scans one.
//!
//! They exist in builds without cluster support too, so that those can say what they lack.

use std::path::PathBuf;

use clap::ValueEnum;

/// Which programs of a kubeconfig may run to fetch credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PluginChoice {
    /// What kuberc says; else those of kubeconfigs that do not come with the repository
    #[default]
    Auto,
    /// None
    Deny,
    /// All
    Allow,
}

/// Which cluster, as whom, and what of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub struct LiveArgs {
    /// The kubeconfig; by default KUBECONFIG, ~/.kube/config, or the pod's own account
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig's cluster
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The kubeconfig's user
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Act as this user
    #[arg(long = "as", value_name = "USER")]
    pub act_as: Option<String>,
    /// Act as a member of this group (repeatable)
    #[arg(long, value_name = "GROUP", requires = "act_as")]
    pub as_group: Vec<String>,
    /// Act as the user with this unique id
    #[arg(long, value_name = "UID", requires = "act_as")]
    pub as_uid: Option<String>,
    /// A file with a bearer token, in place of the user's credentials
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Do not check the API server's certificate
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,
    /// Reach the API server through this proxy
    #[arg(long, value_name = "URL")]
    pub proxy_url: Option<String>,
    /// The most that one answer may take, e.g. 30s; 0 for no limit of its own
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub request_timeout: String,
    /// The most that the whole scan may take
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub timeout: String,
    /// Programs of the kubeconfig that fetch credentials: auto, deny or allow
    #[arg(long, value_enum, default_value = "auto", hide_possible_values = true, value_name = "POLICY")]
    pub exec_plugins: PluginChoice,
    /// Only this namespace (repeatable); by default all
    #[arg(long, short, value_name = "NAMESPACE")]
    pub namespace: Vec<String>,
    /// All namespaces, which is the default
    #[arg(long, short = 'A', conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Only objects in namespaces that this label selector picks
    #[arg(long, short = 'l', value_name = "SELECTOR")]
    pub selector: Option<String>,
}

impl LiveArgs {
    /// Whether none was given.
    pub fn is_default(&self) -> bool {
        let usual = LiveArgs { request_timeout: "60s".to_string(), timeout: "5m".to_string(), ..LiveArgs::default() };
        *self == usual
    }
}
