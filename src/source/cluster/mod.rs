//! A running cluster as a source: makes a [`Scan`] of what is wanted, page by page, and nothing else.
//!
//! Only `get` and `list` are used, never on Secrets and never through a node's proxy (`request` holds that); what arrives is
//! trimmed and redacted by a function that the caller gives. What objects mean is not known here. Every request has an end:
//! its own time, and that of the whole scan.

mod access;
mod answers;
mod api;
mod certificate;
mod connect;
mod discovery;
mod error;
mod kubeconfig;
mod kubelets;
mod lists;
mod namespaces;
mod plugins;
mod request;
mod retry;
mod run;
mod settings;
mod trimming;

pub use access::{Access, Permission};
pub use error::{ClusterError, Obstacle};
pub use run::{Event, Listener};
pub use settings::{ExecPlugins, Impersonation, KubeconfigPaths, LiveSettings, ProxyVariables};
pub use trimming::Trim;

use tokio::runtime::{Builder, Runtime};

use super::{Scan, Wants};

/// Scans a cluster. Blocks until everything has arrived or failed, at most as long as the settings say.
///
/// # Errors
/// When nothing can be read at all; what single lists lack is in the scan.
pub fn scan(settings: &LiveSettings, wants: &Wants, trim: Trim<'_>, tell: Listener<'_>) -> Result<Scan, ClusterError> {
    check(wants)?;
    let runtime = runtime()?;
    let (trimmer, inbox) = trimming::channel();
    let scan = std::thread::scope(|scope| {
        scope.spawn(|| trimming::serve(inbox, trim));
        runtime.block_on(run::run(settings, wants, trimmer, tell))
    });
    // A plugin that hangs must not hold us.
    runtime.shutdown_background();
    scan
}

/// Asks which of the wants the account may have, in their order, then the paths'.
///
/// # Errors
/// When the cluster cannot be asked.
pub fn preflight(settings: &LiveSettings, wants: &Wants, tell: Listener<'_>) -> Result<Vec<Permission>, ClusterError> {
    check(wants)?;
    let runtime = runtime()?;
    let permissions = runtime.block_on(async {
        let connection = connect::connect(settings).await?;
        tell(&Event::Connected { cluster: connection.name.clone(), user: connection.user.clone() });
        let served = discovery::discover(&connection, wants).await?;
        access::review(&connection, wants, &settings.namespaces, &served).await
    });
    runtime.shutdown_background();
    permissions
}

fn check(wants: &Wants) -> Result<(), ClusterError> {
    request::check(wants).map_err(|refused| ClusterError::new(Obstacle::Refused, refused.to_string()))
}

fn runtime() -> Result<Runtime, ClusterError> {
    let made = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    made.map_err(|error| ClusterError::new(Obstacle::Lost, format!("no network: {error}")))
}
