//! Which format a text has, by its name and its first lines, and the one way to read it.
//!
//! YAML and JSON are told by extension, and a `.json` file by its first character, because both are written into either.
//! `.cfg`, `.conf` and `.ini` say little: their content decides, and a file that is none of the known is not ours.

use std::sync::Arc;

use super::{Tree, block, haproxy, ini, json, metrics, pem, yaml};
use crate::vocabulary::{Problem, ProblemKind, SourceId, Span};

/// A format we have a reader for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML, any number of documents.
    Yaml,
    /// JSON, any number of values.
    Json,
    /// haproxy.cfg.
    HAProxy,
    /// keepalived.conf.
    Keepalived,
    /// nginx.conf.
    Nginx,
    /// INI files.
    Ini,
    /// systemd units and drop-ins.
    SystemdUnit,
    /// `KEY=value` files.
    EnvFile,
    /// PEM files: certificates and keys.
    Pem,
    /// Shell scripts: commands, whose here documents may be documents. The inventory makes the tree.
    Shell,
    /// Markdown, of which only shell commands in code blocks count. The inventory makes the tree.
    Markdown,
    /// Metrics in Prometheus' text format.
    Metrics,
    /// None of these: skipped in silence.
    Unknown,
}

/// What a text became.
#[derive(Debug)]
pub struct Read {
    /// One tree a document; line-oriented formats make one tree a file.
    pub trees: Vec<Tree>,
    /// What is wrong with the text.
    pub problems: Vec<Problem>,
    /// The format it was read as.
    pub format: Format,
}

/// Tells the format of a text by the file's path (forward slashes) and content.
pub fn detect(path: &str, text: &str) -> Format {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "yaml" | "yml" => Format::Yaml,
        "json" | "jsonl" if text.trim_start().starts_with(['{', '[']) => Format::Json,
        "json" | "jsonl" => Format::Yaml,
        "crt" | "pem" | "key" | "cert" => match text.contains("-----BEGIN ") {
            true => Format::Pem,
            false => Format::Unknown,
        },
        // Of a runtime's configuration only the driver of cgroups counts.
        "toml" if runtime_driver(text) => Format::Ini,
        "toml" => Format::Unknown,
        "service" | "timer" => Format::SystemdUnit,
        "env" => Format::EnvFile,
        "sh" => Format::Shell,
        "md" | "markdown" => Format::Markdown,
        "ini" => Format::Ini,
        "prom" | "metrics" => Format::Metrics,
        "cfg" | "conf" => configuration(&name, path, text),
        _ => guess(&name, path, text),
    }
}

/// A file without a telling extension, which the user named, or standard input.
fn guess(name: &str, path: &str, text: &str) -> Format {
    if text.starts_with("# HELP ") {
        return Format::Metrics;
    }
    if text.trim_start().starts_with(['{', '[']) {
        return if looks_like_ini(text) { Format::Ini } else { Format::Json };
    }
    match configuration(name, path, text) {
        Format::Unknown if looks_like_yaml(text) => Format::Yaml,
        Format::Unknown if looks_like_env(text) => Format::EnvFile,
        format => format,
    }
}

fn runtime_driver(text: &str) -> bool {
    text.contains("SystemdCgroup") || text.contains("cgroup_manager")
}

/// Whether a text is a kubeconfig, which is often called `admin.conf`.
fn is_kubeconfig(text: &str) -> bool {
    text.contains("kind: Config") && text.contains("clusters:")
}

fn configuration(name: &str, path: &str, text: &str) -> Format {
    let first_words = || lines(text).filter_map(|line| line.split_whitespace().next());
    let is_proxy_config = || first_words().next().is_some_and(haproxy::is_section) && lines(text).any(opens_proxy);
    if name.starts_with("haproxy") || is_proxy_config() {
        Format::HAProxy
    } else if name.starts_with("keepalived") || first_words().any(|word| word == "vrrp_instance") {
        Format::Keepalived
    } else if name.starts_with("nginx") || opens_nginx_block(text) {
        Format::Nginx
    } else if path.contains(".service.d/") {
        Format::SystemdUnit
    } else if is_kubeconfig(text) {
        Format::Yaml
    } else if runtime_driver(text) {
        Format::Ini
    } else {
        Format::Unknown
    }
}

fn opens_proxy(line: &str) -> bool {
    let mut words = line.split_whitespace();
    matches!(words.next(), Some("frontend" | "backend" | "listen")) && words.next().is_some_and(|name| name != "=")
}

fn opens_nginx_block(text: &str) -> bool {
    let opens = |line: &str| {
        let head = line.split('{').next().unwrap_or_default().trim();
        line.contains('{') && matches!(head, "http" | "stream" | "events" | "server")
    };
    lines(text).any(opens) && text.contains(';')
}

fn looks_like_ini(text: &str) -> bool {
    lines(text)
        .next()
        .is_some_and(|line| line.ends_with(']') && line[1..].starts_with(|c: char| c.is_ascii_alphabetic()))
        && !text.contains('"')
}

fn looks_like_yaml(text: &str) -> bool {
    let is_key = |line: &str| line.ends_with(':') || line.contains(": ");
    lines(text).next().is_some_and(|line| line.starts_with("---") || line.starts_with("- ") || is_key(line))
}

fn looks_like_env(text: &str) -> bool {
    let is_name = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let pair = |line: &str| line.split_once('=').is_some_and(|(key, _)| is_name(key.trim_start_matches("export ")));
    lines(text).next().is_some() && lines(text).all(pair)
}

/// The first lines that are neither blank nor a comment.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take(400).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!', ';']))
}

/// Reads a text in a format. Panics and I/O do not happen; whatever the text, the answer is trees and problems.
pub fn read(format: Format, source: SourceId, text: &Arc<str>) -> Read {
    let whole = Span::new(0, text.len());
    let (trees, problems) = match format {
        Format::Yaml => yaml::read(source, text, whole),
        Format::Json => json::read(source, text, whole),
        Format::Unknown => (Vec::new(), Vec::new()),
        lines => match memchr::memchr(0, text.as_bytes()) {
            Some(at) => {
                let message = "file holds a NUL byte and is no text";
                (Vec::new(), vec![Problem::at(ProblemKind::ParseError, source, Span::new(at, at + 1), message)])
            }
            None => read_lines(lines, source, text),
        },
    };
    Read { trees, problems, format }
}

fn read_lines(format: Format, source: SourceId, text: &Arc<str>) -> (Vec<Tree>, Vec<Problem>) {
    match format {
        Format::HAProxy => haproxy::read(source, text),
        Format::Keepalived => block::read(source, text, block::Dialect::Keepalived),
        Format::Nginx => block::read(source, text, block::Dialect::Nginx),
        Format::Pem => pem::read(source, text),
        Format::Ini => ini::read(source, text, ini::Dialect::Ini),
        Format::SystemdUnit => ini::read(source, text, ini::Dialect::Unit),
        Format::EnvFile => ini::read(source, text, ini::Dialect::Env),
        Format::Metrics => metrics::read(source, text),
        Format::Shell | Format::Markdown | Format::Yaml | Format::Json | Format::Unknown => (Vec::new(), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_name_and_content() {
        for (path, text, expected) in [
            ("a.yaml", "{}", Format::Yaml),
            ("b.YML", "", Format::Yaml),
            ("a.json", " {\"a\": 1}", Format::Json),
            ("a.json", "a: 1\n", Format::Yaml),
            ("dump.jsonl", "{}\n{}\n", Format::Json),
            ("etc/haproxy.cfg", "", Format::HAProxy),
            ("lb.cfg", "# x\nglobal\n  maxconn 5\nfrontend k8s\n  bind :6443\n", Format::HAProxy),
            ("lb.conf", "vrrp_instance VI_1 {\n}\n", Format::Keepalived),
            ("nginx/lb.conf", "stream {\n  server { listen 6443; }\n}\n", Format::Nginx),
            ("kubelet.service", "[Service]\n", Format::SystemdUnit),
            ("kubelet.service.d/10-kubeadm.conf", "[Service]\nEnvironment=A=b\n", Format::SystemdUnit),
            ("etcd.env", "ETCD_NAME=a\n", Format::EnvFile),
            ("install.sh", "set -e\n", Format::Shell),
            ("inventory.ini", "[etcd]\nnode1\n", Format::Ini),
            ("setup.cfg", "[metadata]\nname = x\n", Format::Unknown),
            ("app.conf", "listen = 80\n", Format::Unknown),
            ("pki/ca.crt", "-----BEGIN CERTIFICATE-----\n", Format::Pem),
            ("slides.key", "a", Format::Unknown),
            ("config.toml", "SystemdCgroup = true\n", Format::Ini),
            ("Cargo.toml", "[package]\n", Format::Unknown),
            ("admin.conf", "apiVersion: v1\nclusters: []\nkind: Config\n", Format::Yaml),
            ("renew.timer", "[Timer]\n", Format::SystemdUnit),
            ("<stdin>", "apiVersion: v1\n", Format::Yaml),
            ("<stdin>", "---\na: 1\n", Format::Yaml),
            ("<stdin>", "[1]", Format::Json),
            ("etcd-environment", "# c\nexport ETCD_NAME=\"a b\"\nX=\n", Format::EnvFile),
            ("hosts", "[etcd]\nnode1\n", Format::Ini),
            ("README", "Some words\n", Format::Unknown),
            ("etcd.prom", "up 1\n", Format::Metrics),
            ("<stdin>", "# HELP up x\n# TYPE up gauge\nup 1\n", Format::Metrics),
        ] {
            assert_eq!(detect(path, text), expected, "{path}: {text:?}");
        }
    }

    #[test]
    fn a_nul_byte_is_a_problem_of_line_formats() {
        let read = read(Format::Ini, SourceId(0), &Arc::from("[a]\nb=\0\n"));
        assert_eq!((read.trees.len(), read.problems[0].kind), (0, ProblemKind::ParseError));
    }
}
