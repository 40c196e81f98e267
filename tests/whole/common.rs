//! What several tests share: an audit of texts in memory, without environment and clock.

use k8sready::audit::{Audit, audit_inputs};
use k8sready::cli::{Args, Command, ConfigFile};
use k8sready::inventory::Input;
use k8sready::settings::Settings;
use k8sready::source::SourceKind;

/// Settings of `k8sready audit` with these arguments, on a fixed day.
pub fn settings(arguments: &[&str]) -> Settings {
    use clap::Parser as _;
    let args = Args::parse_from(["k8sready", "audit"].iter().chain(arguments));
    let Command::Audit(args) = args.command else { panic!("`audit` was asked for") };
    let today = "2026-11-24".parse().expect("a date");
    Settings::build(&args, &ConfigFile::default(), today).expect("valid settings")
}

/// Texts as inputs.
pub fn inputs(files: &[(String, String)]) -> Vec<Input> {
    let input = |(path, text): &(String, String)| Input {
        path: path.clone(),
        kind: SourceKind::File,
        named: false,
        text: Ok(text.clone()),
    };
    files.iter().map(input).collect()
}

/// Audits texts.
pub fn audit(files: &[(String, String)], arguments: &[&str]) -> Audit {
    audit_inputs(&settings(arguments), inputs(files), Vec::new()).expect("an audit")
}

/// The example project.
pub fn shop() -> Vec<(String, String)> {
    folder("fixtures/projects/shop")
}

/// All files below a folder of the repository.
pub fn folder(folder: &str) -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, &root.join(folder), &mut files);
    files.sort();
    files
}

fn collect(root: &std::path::Path, folder: &std::path::Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            files.push((name, std::fs::read_to_string(&path).expect("text")));
        }
    }
}
