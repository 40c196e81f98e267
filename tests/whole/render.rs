//! `--render`: what helm and kustomize make of a project is judged, and findings stand in the files it was made from.
//!
//! The tools themselves are played by scripts that print what the real ones printed for this project, so that the test needs
//! neither.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const HELM: &str = r#"#!/bin/sh
case "$*" in
  "template shop "*"/web --namespace shop --values "*"/values/prod.yaml") cat "$RECORDED/helm.yaml" ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"#;

/// Prints the base with what the overlay patches, and where it comes from as seen from the folder it is to build.
const KUSTOMIZE: &str = r#"#!/bin/sh
root=$(sed -n 's/^- //p' "$2/kustomization.yaml")
case "$root" in *prod) replicas=3 namespace=prod ;; *dev) replicas=1 namespace=dev ;; *) exit 1 ;; esac
sed -e "s|ORIGIN|$root/../../base/deployment.yaml|; s|NAMESPACE|$namespace|; s|REPLICAS|$replicas|" "$RECORDED/kustomize.yaml"
"#;

/// Audits a copy of the project in concise form, with these tools on the PATH.
fn audit(tools: &[(&str, &str)], arguments: &[&str]) -> Output {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    for (name, script) in tools {
        let path = folder.path().join(name);
        std::fs::write(&path, script).expect("a script");
        make_executable(&path);
    }
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    Command::new(env!("CARGO_BIN_EXE_k8sready"))
        .current_dir(repository.join("fixtures/projects/rendered"))
        .args(["audit", ".", "--format", "concise", "--select"])
        .arg("privileged-container,single-replica,memory-limit-missing,image-tag-mutable")
        .args(arguments)
        .env("PATH", if tools.is_empty() { PathBuf::from("/nonexistent") } else { PathBuf::from(path) })
        .env("RECORDED", repository.join("tests/whole/render"))
        .output()
        .expect("it runs")
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let places = text.lines().filter_map(|line| {
        let (place, rest) = line.split_once(": ")?;
        let rule = rest.split(['[', ']']).nth(1)?;
        Some(format!("{place} {rule}"))
    });
    places.collect()
}

#[test]
fn findings_about_rendered_objects_stand_in_templates_and_bases() {
    let output = audit(&[("helm", HELM), ("kustomize", KUSTOMIZE)], &["--render"]);
    let found = lines(&output);
    assert_eq!(
        found,
        [
            // The overlay's patch wrote the number: the base has no such line, and the block it went into is named.
            "api/base/deployment.yaml:5:1 single-replica",
            "api/base/deployment.yaml:13:7 memory-limit-missing",
            "api/base/deployment.yaml:13:7 memory-limit-missing",
            "api/base/deployment.yaml:16:23 privileged-container",
            "api/base/deployment.yaml:16:23 privileged-container",
            "web/templates/deployment.yaml:9:3 single-replica",
            "web/templates/deployment.yaml:18:11 image-tag-mutable",
            "web/templates/deployment.yaml:20:25 privileged-container",
            "web/templates/deployment.yaml:22:11 memory-limit-missing",
        ],
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn without_the_tools_files_are_read_as_they_are_and_it_is_said() {
    let output = audit(&[], &["--render"]);
    let text = String::from_utf8_lossy(&output.stdout);
    for tool in ["chart `web` was not rendered: `helm` is not on the PATH", "`kustomize` is not on the PATH"] {
        assert!(text.contains(tool), "{tool}: {text}");
    }
    assert!(lines(&output).iter().any(|line| line.ends_with("20:25 privileged-container")), "{text}");
}

#[test]
fn what_a_tool_says_is_told() {
    let output = audit(&[("helm", "#!/bin/sh\necho 'Error: values do not fit' >&2\nexit 1\n")], &["--render"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("`helm` says: Error: values do not fit"), "{text}");
}
