//! What the arguments about a cluster mean. Nothing of it comes from a configuration file: whoever wrote the files that are
//! audited must not choose the cluster, nor the programs that fetch its credentials.

use std::time::Duration;

use super::UsageError;
use crate::cli::{LiveArgs, PluginChoice};
use crate::source::cluster::{ExecPlugins, LiveSettings};
use crate::values::GoDuration;

/// Puts what was typed over what surrounds the process.
pub fn live(args: &LiveArgs, around: LiveSettings) -> Result<LiveSettings, UsageError> {
    let timeout = duration("--timeout", &args.timeout)?;
    let timeout = timeout.ok_or_else(|| UsageError::new("--timeout: a scan needs an end").help("write it as 5m"))?;
    let mut settings = around;
    settings.kubeconfig.named = args.kubeconfig.clone();
    settings.context = args.context.clone();
    settings.cluster = args.cluster.clone();
    settings.user = args.user.clone();
    settings.server = args.server.clone();
    settings.impersonate.user = args.act_as.clone();
    settings.impersonate.groups = args.as_group.clone();
    settings.impersonate.uid = args.as_uid.clone();
    settings.token_file = args.token_file.clone();
    settings.insecure = args.insecure_skip_tls_verify;
    settings.proxy = args.proxy_url.clone();
    settings.plugins = match args.exec_plugins {
        PluginChoice::Auto => ExecPlugins::Auto,
        PluginChoice::Deny => ExecPlugins::Deny,
        PluginChoice::Allow => ExecPlugins::Allow,
    };
    settings.request_timeout = duration("--request-timeout", &args.request_timeout)?;
    settings.timeout = timeout;
    settings.namespaces = args.namespace.clone();
    settings.selector = args.selector.clone();
    Ok(settings)
}

/// A duration as kubectl has it: with a unit, or seconds; `None` for zero, which is no limit.
fn duration(option: &str, text: &str) -> Result<Option<Duration>, UsageError> {
    let plain = text.parse::<u64>().ok().map(Duration::from_secs);
    let with_unit = || text.parse::<GoDuration>().ok().and_then(|parsed| u64::try_from(parsed.nanos()).ok());
    let parsed = plain.or_else(|| with_unit().map(Duration::from_nanos));
    let parsed =
        parsed.ok_or_else(|| UsageError::new(format!("{option}: `{text}` is no duration")).help("write it as 30s"))?;
    Ok(Some(parsed).filter(|parsed| !parsed.is_zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<LiveSettings, UsageError> {
        use clap::Parser as _;
        let all = ["k8sready", "audit", "--live"].iter().chain(args);
        let crate::cli::Command::Audit(audit) = crate::cli::Args::parse_from(all).command else { panic!("no audit") };
        live(&audit.cluster, LiveSettings::default())
    }

    #[test]
    fn durations_are_those_of_kubectl() {
        let times =
            |args| parsed(args).map(|settings| (settings.request_timeout, settings.timeout)).expect("durations");
        assert_eq!(times(&[]), (Some(Duration::from_secs(60)), Duration::from_secs(300)));
        let typed = times(&["--request-timeout=90", "--timeout=1m30s"]);
        assert_eq!(typed, (Some(Duration::from_secs(90)), Duration::from_secs(90)));
        assert_eq!(times(&["--request-timeout=0"]).0, None);
        for bad in [["--timeout=0"], ["--timeout=-1s"], ["--request-timeout=soon"]] {
            assert!(parsed(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn flags_have_kubectls_names() {
        let args = "--context c --cluster k --user u --server https://x --as jane --as-group a --as-group b --as-uid 7 \
                    --token-file t --insecure-skip-tls-verify --proxy-url http://p -n one --namespace two -l app=web \
                    --exec-plugins deny";
        let settings = parsed(&args.split_whitespace().collect::<Vec<_>>()).expect("settings");
        assert_eq!(settings.impersonate.groups, ["a", "b"]);
        assert_eq!(settings.namespaces, ["one", "two"]);
        assert_eq!((settings.plugins, settings.insecure), (ExecPlugins::Deny, true));
        assert_eq!(settings.selector.as_deref(), Some("app=web"));
    }
}
