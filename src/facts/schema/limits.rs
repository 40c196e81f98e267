//! Ranges of numbers that the API server enforces besides types, by the path's end.
//!
//! Source: the validation of Kubernetes' own kinds (`pkg/apis/*/validation`). Ports of containers have a rule of their own.

use super::violation::Path;
use crate::syntax::Data;

/// The end of a path, the innermost key first, and the least and greatest value.
const RANGES: &[(&[&str], i64, i64)] = &[
    (&["replicas", "spec"], 0, i64::MAX),
    (&["minReplicas", "spec"], 0, i64::MAX),
    (&["maxReplicas", "spec"], 1, i64::MAX),
    (&["minReadySeconds", "spec"], 0, i64::MAX),
    (&["progressDeadlineSeconds", "spec"], 1, i64::MAX),
    (&["revisionHistoryLimit", "spec"], 0, i64::MAX),
    (&["terminationGracePeriodSeconds", "spec"], 0, i64::MAX),
    (&["activeDeadlineSeconds", "spec"], 1, i64::MAX),
    (&["backoffLimit", "spec"], 0, i64::MAX),
    (&["completions", "spec"], 0, i64::MAX),
    (&["parallelism", "spec"], 0, i64::MAX),
    (&["ttlSecondsAfterFinished", "spec"], 0, i64::MAX),
    (&["startingDeadlineSeconds", "spec"], 0, i64::MAX),
    (&["successfulJobsHistoryLimit", "spec"], 0, i64::MAX),
    (&["failedJobsHistoryLimit", "spec"], 0, i64::MAX),
    (&["port", "ports", "spec"], 1, 65535),
    (&["nodePort", "ports", "spec"], 0, 65535),
    (&["healthCheckNodePort", "spec"], 0, 65535),
    (&["periodSeconds", "livenessProbe"], 0, i64::MAX),
    (&["periodSeconds", "readinessProbe"], 0, i64::MAX),
    (&["periodSeconds", "startupProbe"], 0, i64::MAX),
    (&["timeoutSeconds", "livenessProbe"], 0, i64::MAX),
    (&["timeoutSeconds", "readinessProbe"], 0, i64::MAX),
    (&["timeoutSeconds", "startupProbe"], 0, i64::MAX),
    (&["failureThreshold", "livenessProbe"], 0, i64::MAX),
    (&["failureThreshold", "readinessProbe"], 0, i64::MAX),
    (&["failureThreshold", "startupProbe"], 0, i64::MAX),
    (&["initialDelaySeconds", "livenessProbe"], 0, i64::MAX),
    (&["initialDelaySeconds", "readinessProbe"], 0, i64::MAX),
    (&["initialDelaySeconds", "startupProbe"], 0, i64::MAX),
    (&["successThreshold", "livenessProbe"], 0, 1),
    (&["successThreshold", "startupProbe"], 0, 1),
    (&["maxSkew", "topologySpreadConstraints"], 1, i64::MAX),
    (&["weight", "preferredDuringSchedulingIgnoredDuringExecution"], 1, 100),
    (&["timeoutSeconds", "webhooks"], 1, 30),
    (&["defaultMode", "configMap"], 0, 0o777),
    (&["defaultMode", "secret"], 0, 0o777),
    (&["runAsUser", "securityContext"], 0, i32::MAX as i64),
    (&["runAsGroup", "securityContext"], 0, i32::MAX as i64),
    (&["fsGroup", "securityContext"], 0, i32::MAX as i64),
];

/// Why a number is out of range.
pub fn check(path: &Path<'_>, data: Data) -> Option<String> {
    let Data::Int(value) = data else { return None };
    let last = path.keys().next()?;
    let ends_in = |keys: &[&str]| path.keys().take(keys.len()).eq(keys.iter().copied());
    let mut rows = RANGES.iter().filter(|(keys, ..)| keys[0] == last);
    let &(_, least, most) = rows.find(|(keys, ..)| ends_in(keys))?;
    if (least..=most).contains(&value) {
        return None;
    }
    Some(match most {
        i64::MAX => format!("it must be at least {least}"),
        _ => format!("it must lie between {least} and {most}"),
    })
}
