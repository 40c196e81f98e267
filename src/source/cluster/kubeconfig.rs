//! Which API server to talk to and with which credentials, by kubectl's habits: files are merged in their order, the first
//! that names something wins, flags win over files, and a pod needs no file at all.
//!
//! Nothing is connected here, and no plugin runs.

use std::io;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedCluster};

use super::error::{ClusterError, Obstacle, clean};
use super::settings::LiveSettings;
use crate::vocabulary::nearest;

/// What will be connected to.
#[derive(Debug)]
pub(super) struct Target {
    /// Address, credentials, certificates.
    pub config: Config,
    /// The cluster's name in the kubeconfig; `in-cluster` without one.
    pub cluster: String,
    /// The context; empty without one.
    pub context: String,
    /// Who we are, as far as the kubeconfig says.
    pub user: String,
    /// The file that names the user.
    pub origin: Option<PathBuf>,
    /// The proxy that the kubeconfig names for the cluster.
    pub proxy: Option<String>,
}

/// All files together.
#[derive(Debug, Default)]
struct Merged {
    kubeconfig: Kubeconfig,
    /// The file that each user comes from.
    origins: Vec<(String, PathBuf)>,
    /// Files that were looked for.
    looked_for: Vec<PathBuf>,
    /// At least one was there.
    found: bool,
}

/// Finds out what to connect to.
pub(super) async fn target(settings: &LiveSettings) -> Result<Target, ClusterError> {
    let merged = merged(settings)?;
    let mut target = if merged.found || settings.server.is_some() {
        from_files(settings, merged).await?
    } else {
        in_cluster(&merged.looked_for)?
    };
    let auth = &mut target.config.auth_info;
    if let Some(file) = &settings.token_file {
        let impersonate = auth.impersonate.take();
        *auth = AuthInfo { token_file: Some(file.display().to_string()), impersonate, ..AuthInfo::default() };
        target.user = format!("the token in {}", file.display());
    }
    let wanted = &settings.impersonate;
    if wanted.user.is_some() {
        auth.impersonate = wanted.user.clone();
        auth.impersonate_groups = Some(wanted.groups.clone()).filter(|groups| !groups.is_empty());
        auth.impersonate_uid = wanted.uid.clone();
    }
    if let Some(acted) = &auth.impersonate {
        target.user = format!("{} (by {})", clean(acted), target.user);
    }
    target.config.accept_invalid_certs |= settings.insecure;
    Ok(target)
}

fn merged(settings: &LiveSettings) -> Result<Merged, ClusterError> {
    let paths = &settings.kubeconfig;
    let files: Vec<&PathBuf> = match (&paths.named, paths.listed.as_slice()) {
        (Some(named), _) => vec![named],
        (None, []) => paths.usual.iter().collect(),
        (None, listed) => listed.iter().collect(),
    };
    let mut merged = Merged::default();
    for file in files {
        match Kubeconfig::read_from(file) {
            Ok(next) => merged.add(file, next)?,
            // kubectl passes over files of a list that are not there, and needs the one that was named.
            Err(KubeconfigError::ReadConfig(error, _))
                if error.kind() == io::ErrorKind::NotFound && paths.named.is_none() => {}
            Err(error) => return Err(unusable(file, &error)),
        }
        merged.looked_for.push(file.clone());
    }
    Ok(merged)
}

impl Merged {
    fn add(&mut self, file: &Path, next: Kubeconfig) -> Result<(), ClusterError> {
        let known = |name: &str, origins: &[(String, PathBuf)]| origins.iter().any(|(other, _)| other == name);
        for user in &next.auth_infos {
            if !known(&user.name, &self.origins) {
                self.origins.push((user.name.clone(), file.to_path_buf()));
            }
        }
        let before = std::mem::take(&mut self.kubeconfig);
        self.kubeconfig = before.merge(next).map_err(|error| unusable(file, &error))?;
        self.found = true;
        Ok(())
    }
}

async fn from_files(settings: &LiveSettings, merged: Merged) -> Result<Target, ClusterError> {
    let Merged { mut kubeconfig, origins, .. } = merged;
    let names = chosen(settings, &mut kubeconfig)?;
    let entry = kubeconfig.clusters.iter_mut().find(|entry| entry.name == names.cluster);
    let mut proxy = None;
    if let Some(cluster) = entry.and_then(|entry| entry.cluster.as_mut()) {
        cluster.server = settings.server.clone().or(cluster.server.take()).map(complete);
        proxy = cluster.proxy_url.clone().filter(|proxy| !proxy.is_empty());
    }
    let options = KubeConfigOptions {
        context: Some(names.context.clone()),
        cluster: Some(names.cluster.clone()),
        user: Some(names.user.clone()).filter(|user| !user.is_empty()),
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| {
        ClusterError::new(Obstacle::Kubeconfig, format!("context `{}`: {}", clean(&names.context), told(&error)))
    })?;
    let known =
        matches!(config.cluster_url.scheme_str(), Some("http" | "https")) && config.cluster_url.host().is_some();
    if !known {
        let message = format!("cluster `{}`: the server's address is none", clean(&names.cluster));
        return Err(ClusterError::new(Obstacle::Kubeconfig, message).help("write it as https://HOST:PORT"));
    }
    Ok(Target {
        config,
        origin: origins.into_iter().find(|(name, _)| *name == names.user).map(|(_, file)| file),
        cluster: names.cluster,
        context: names.context,
        user: if names.user.is_empty() { "nobody in particular".to_string() } else { names.user },
        proxy,
    })
}

/// An address without a scheme is meant to be one with TLS.
fn complete(server: String) -> String {
    if server.is_empty() || server.contains("://") { server } else { format!("https://{server}") }
}

struct Names {
    context: String,
    cluster: String,
    user: String,
}

/// The names that flags and the context choose, all of them known. With `--server` a kubeconfig need not name any.
fn chosen(settings: &LiveSettings, kubeconfig: &mut Kubeconfig) -> Result<Names, ClusterError> {
    let context =
        settings.context.clone().or_else(|| kubeconfig.current_context.clone()).filter(|name| !name.is_empty());
    if context.is_none() && settings.server.is_some() {
        bare_context(kubeconfig);
    }
    let contexts = || kubeconfig.contexts.iter().map(|context| context.name.as_str());
    let Some(context) = context.or_else(|| settings.server.is_some().then(|| BARE.to_string())) else {
        let known: Vec<String> = contexts().map(clean).collect();
        return Err(ClusterError::new(Obstacle::Kubeconfig, "the kubeconfig has no current context")
            .help(format!("choose one with --context: {}", known.join(", "))));
    };
    let entry = kubeconfig.contexts.iter().find(|entry| entry.name == context).and_then(|entry| entry.context.as_ref());
    let Some(entry) = entry else { return Err(unknown("context", &context, contexts())) };
    let cluster = settings.cluster.clone().unwrap_or_else(|| entry.cluster.clone());
    let user = settings.user.clone().or_else(|| entry.user.clone()).unwrap_or_default();
    let clusters = kubeconfig.clusters.iter().map(|entry| entry.name.as_str());
    if !clusters.clone().any(|name| name == cluster) {
        return Err(unknown("cluster", &cluster, clusters));
    }
    let users = kubeconfig.auth_infos.iter().map(|entry| entry.name.as_str());
    if !user.is_empty() && !users.clone().any(|name| name == user) {
        return Err(unknown("user", &user, users));
    }
    Ok(Names { context, cluster, user })
}

/// Name of what is made up for `--server` without a kubeconfig.
const BARE: &str = "server";

fn bare_context(kubeconfig: &mut Kubeconfig) {
    let context = kube::config::Context { cluster: BARE.to_string(), ..Default::default() };
    let named = kube::config::NamedContext { name: BARE.to_string(), context: Some(context), ..Default::default() };
    kubeconfig.contexts.push(named);
    kubeconfig.clusters.push(NamedCluster {
        name: BARE.to_string(),
        cluster: Some(kube::config::Cluster::default()),
        ..Default::default()
    });
}

fn in_cluster(looked_for: &[PathBuf]) -> Result<Target, ClusterError> {
    let config = Config::incluster().map_err(|error| {
        let files: Vec<String> = looked_for.iter().map(|path| format!("`{}`", path.display())).collect();
        let files = if files.is_empty() { "no kubeconfig".to_string() } else { format!("no {}", files.join(", no ")) };
        ClusterError::new(
            Obstacle::Kubeconfig,
            format!("which cluster? There is {files}, and this is no pod of a cluster ({})", clean(&error.to_string())),
        )
        .help("name a kubeconfig with --kubeconfig or KUBECONFIG")
    })?;
    Ok(Target {
        config,
        cluster: "in-cluster".to_string(),
        context: String::new(),
        user: "the ServiceAccount of this pod".to_string(),
        origin: None,
        proxy: None,
    })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> ClusterError {
    let message = format!("the kubeconfig has no {what} `{}`", clean(name));
    let all: Vec<String> = known.clone().map(clean).collect();
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{}`?", clean(near)),
        None => format!("it has: {}", all.join(", ")),
    };
    ClusterError::new(Obstacle::Kubeconfig, message).help(help)
}

fn unusable(file: &Path, error: &KubeconfigError) -> ClusterError {
    ClusterError::new(Obstacle::Kubeconfig, format!("kubeconfig `{}`: {}", file.display(), told(error)))
}

/// A parser may quote what it reads, and what it reads are credentials: its words are not repeated.
fn told(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(place) => format!("it is no kubeconfig (line {})", place.line()),
            None => "it is no kubeconfig".to_string(),
        },
        KubeconfigError::ReadConfig(error, _) => clean(&error.to_string()),
        other => clean(&other.to_string()),
    }
}
