//! Names that try to act, through the whole audit and every format.

use k8sready::commands::Texts;
use k8sready::report::{Format, Style, is_unsafe, write};

/// Each is a name of a workload, a container and an image.
const NAMES: &[&str] = &[
    r"::error file=x,line=1::owned",
    r"\n::set-output name=a::b",
    r"\n::add-mask::k8sready",
    r"##vso[task.setvariable variable=a]b",
    r"##[group]x",
    r"</script><script>alert(1)</script>",
    r"a | b | c",
    r"@everyone see https://evil.example #1",
    r"\u001b[2J\u001b]8;;https://evil.example\u0007click",
    r"\u202egnp.exe",
    r"]]>&lt;x",
    r"`code` ```",
    r"=cmd|'/C calc'!A0",
    r"%0A::error::x",
    r"[x](javascript:alert(1))",
];

fn manifests() -> Vec<(String, String)> {
    let one = |(index, name): (usize, &&str)| {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: \"{name}\" }}\nspec:\n  replicas: 1\n  \
             selector: {{ matchLabels: {{ a: b }} }}\n  template:\n    metadata: {{ labels: {{ a: b }} }}\n    spec:\n      \
             containers:\n        - name: \"{name}\"\n          image: \"{name}:latest\"\n          \
             securityContext: {{ privileged: true }}\n"
        );
        (format!("{index}.yaml"), text)
    };
    NAMES.iter().enumerate().map(one).collect()
}

#[test]
fn names_from_the_input_do_nothing_in_any_format() {
    let audit = crate::common::audit(&manifests(), &["--profile", "strict"]);
    assert!(audit.report.findings.len() > NAMES.len() * 3, "every workload is reported on");
    for format in Format::ALL {
        let mut bytes = Vec::new();
        let style = Style { unicode: true, ..Style::default() };
        write(*format, &audit.report, &Texts(audit.inventory.sources()), &style, &mut bytes).expect("memory");
        let text = String::from_utf8(bytes).expect("UTF-8");
        for line in text.lines() {
            let ours = *format == Format::Github
                && ["::error file=", "::warning file=", "::notice file=", "::notice title=k8sready::"]
                    .iter()
                    .any(|start| line.starts_with(start));
            assert!(ours || !line.trim_start().starts_with("::"), "{format}: {line}");
            assert!(!line.contains("##vso[") && !line.contains("##["), "{format}: {line}");
            assert!(line.chars().all(|c| !is_unsafe(c)), "{format}: {line:?}");
            let markup = matches!(format, Format::Markdown | Format::Junit);
            assert!(!markup || !line.contains("<script"), "{format}: {line}");
            assert!(*format != Format::Markdown || !line.contains("](javascript"), "{format}: {line}");
        }
    }
}
