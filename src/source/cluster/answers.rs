//! Requests that are no lists: health, the version, metrics.

use super::api::Api;
use super::request;
use crate::source::Answer;

/// Most bytes of an answer that is kept.
const KEPT: usize = 1 << 20;

/// Asks for a path. Of metrics only the series whose names begin so are kept; without any such name, all of them.
pub(super) async fn ask(api: &Api, path: &str, metrics: &[String]) -> Answer {
    let none = |why: String| Answer { path: path.to_string(), status: None, text: why };
    let request = match request::plain(path) {
        Ok(request) => request,
        Err(refused) => return none(refused.to_string()),
    };
    match api.send(&request).await {
        Ok(reply) => {
            let body = String::from_utf8_lossy(&reply.body);
            let text = if is_metrics(path) && reply.is_success() { series(&body, metrics) } else { cut(&body) };
            Answer { path: path.to_string(), status: Some(reply.status), text }
        }
        Err(failure) => none(failure.to_string()),
    }
}

fn is_metrics(path: &str) -> bool {
    path.split('?').next().is_some_and(|path| path.ends_with("/metrics"))
}

/// The lines of the series whose names begin with one of the prefixes.
fn series(body: &str, prefixes: &[String]) -> String {
    let named = |line: &str| prefixes.iter().any(|prefix| line.starts_with(prefix.as_str()));
    let wanted = |line: &&str| prefixes.is_empty() || named(line);
    let mut kept: String =
        body.lines().filter(|line| !line.starts_with('#')).filter(wanted).fold(String::new(), |mut kept, line| {
            kept.push_str(line);
            kept.push('\n');
            kept
        });
    kept.shrink_to_fit();
    kept
}

fn cut(body: &str) -> String {
    let end = (0..=KEPT.min(body.len())).rev().find(|end| body.is_char_boundary(*end)).unwrap_or(0);
    body[..end].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_metrics_only_the_wanted_series_stay() {
        let body = "# HELP apiserver_requested_deprecated_apis x\n# TYPE apiserver_requested_deprecated_apis gauge\n\
            apiserver_requested_deprecated_apis{group=\"batch\"} 1\ngo_goroutines 7\netcd_db_total_size_in_bytes 1\n";
        let kept = series(body, &["apiserver_requested_deprecated_apis".into(), "etcd_db".into()]);
        assert_eq!(kept, "apiserver_requested_deprecated_apis{group=\"batch\"} 1\netcd_db_total_size_in_bytes 1\n");
        assert_eq!(series(body, &[]).lines().count(), 3, "nobody said which");
    }

    #[test]
    fn a_long_answer_is_cut_between_characters() {
        assert_eq!(cut(&"ä".repeat(KEPT)).len(), KEPT);
        assert_eq!(cut(&format!("x{}", "ä".repeat(KEPT))).len(), KEPT - 1);
    }
}
