//! Configuration files: found, extended, shown with origins; and what the file of a scanned repository cannot do.

use k8sready::cli::Config;
use serde_json::{Value, json};

use crate::repository::{PRIVILEGED, Repository, deployment};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schemas/config.v1.schema.json")).unwrap()
}

fn repository(files: &[(&str, &str)]) -> Repository {
    let web = deployment("web", PRIVILEGED);
    let mut all = vec![("apps/web.yaml", web.as_str())];
    all.extend(files);
    Repository::new(&all)
}

fn severity_of(repository: &Repository, rule: &str, arguments: &[&str]) -> Option<String> {
    let run = repository.audit(arguments);
    let json = run.json();
    let found = json["results"].as_array().unwrap().iter().find(|result| result["rule"] == rule)?;
    Some(found["severity"].as_str().unwrap().to_string())
}

#[test]
fn the_nearest_file_from_the_input_up_to_the_git_root_counts() {
    let repository = repository(&[(".github/k8sready.yaml", "severity: { privileged-container: low }\n")]);
    assert_eq!(severity_of(&repository, "privileged-container", &["apps"]).as_deref(), Some("low"));
    repository.write(".k8sready.yaml", "severity: { privileged-container: medium }\n");
    assert_eq!(severity_of(&repository, "privileged-container", &["apps"]).as_deref(), Some("medium"));
    repository.write("apps/k8sready.yaml", "severity: { privileged-container: critical }\n");
    assert_eq!(severity_of(&repository, "privileged-container", &["apps"]).as_deref(), Some("critical"));
    assert_ne!(severity_of(&repository, "privileged-container", &["apps", "--isolated"]).as_deref(), Some("critical"));
}

#[test]
fn a_file_builds_on_others_and_every_value_says_where_it_is_from() {
    let repository = repository(&[
        ("shared/base.yaml", "failOn: low\nprofile: strict\nignore: [pdb-missing]\nseverity:\n  run-as-root: low\n"),
        ("k8sready.yaml", "extends: [shared/base.yaml]\nfailOn: critical\nignore: [zone-spread-missing]\n"),
    ]);
    let shown = repository.run(&["config", "show", "--min-score", "80"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let row = |start: &str, end: &str| {
        shown
            .stdout
            .lines()
            .any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(start) && line.ends_with(end))
    };
    for (start, end) in [
        ("failOn critical", "k8sready.yaml:2"),
        ("profile strict", "shared/base.yaml:2"),
        ("ignore pdb-missing", "shared/base.yaml:3"),
        ("ignore zone-spread-missing", "k8sready.yaml:3"),
        ("severity.run-as-root low", "shared/base.yaml:5"),
        ("minScore 80", "command line, --min-score"),
        ("partial false", "default"),
    ] {
        assert!(row(start, end), "{start} … {end}:\n{}", shown.stdout);
    }
}

#[test]
fn paths_of_a_file_are_relative_to_it_wherever_one_stands() {
    let repository = repository(&[
        (
            "k8sready.yaml",
            "exclude: [\"old/**\"]\noverrides:\n  - path: \"apps/**\"\n    severity: { privileged-container: low }\n    ignore: [pdb-missing]\n",
        ),
        ("old/web.yaml", &deployment("old", PRIVILEGED)),
        ("other/web.yaml", &deployment("other", PRIVILEGED)),
    ]);
    for (folder, path) in [(".", "."), ("apps", ".."), ("apps", "../.")] {
        let run = repository.run_in(folder, &["audit", "--format", "json", path]);
        let json = run.json();
        let of = |rule: &str, name: &str| {
            let results = json["results"].as_array().unwrap();
            results.iter().find(|result| result["rule"] == rule && result["subject"]["name"] == name).cloned()
        };
        assert_eq!(of("privileged-container", "web").unwrap()["severity"], "low", "{folder}");
        assert_ne!(of("privileged-container", "other").unwrap()["severity"], "low", "{folder}");
        assert!(of("privileged-container", "old").is_none(), "{folder}: excluded");
        assert_eq!(of("pdb-missing", "web").unwrap()["suppressed"]["by"], "config", "counted, not gone");
        assert!(of("pdb-missing", "other").unwrap()["suppressed"].is_null());
    }
}

#[test]
fn an_unknown_key_says_what_was_meant_and_quotes_nothing_else() {
    let cases = [
        ("selct: [etcd]\n", "unknown key `selct`", "did you mean `select`?"),
        ("suppress:\n  - rule: x\n    reasn: y\n", "unknown key `reasn`", "did you mean `reason`?"),
        ("overrides:\n  - pth: x\n", "unknown key `pth`", "did you mean `path`?"),
        ("severity: { privileged-containr: low }\n", "privileged-containr", "did you mean `privileged-container`?"),
        ("overrides: [{ path: \"a/**\", ignore: [pdb-mising] }]\n", "pdb-mising", "did you mean `pdb-missing`?"),
    ];
    for (text, what, help) in cases {
        let repository = repository(&[("k8sready.yaml", text)]);
        let run = repository.audit(&[]);
        assert_eq!(run.code, 2, "{text}");
        assert!(run.stderr.contains(what) && run.stderr.contains(help), "{text}: {}", run.stderr);
    }
}

#[test]
fn the_file_of_a_scanned_repository_cannot_choose_what_is_run_written_or_connected_to() {
    for key in [
        "kubeconfig",
        "context",
        "cluster",
        "live",
        "execPlugins",
        "command",
        "run",
        "render",
        "plugins",
        "env",
        "output",
        "outputs",
        "format",
        "sarifCategory",
        "baseline",
        "since",
        "configFrom",
        "rules",
        "crds",
        "exitZero",
        "allowEmpty",
        "disallowAnnotations",
    ] {
        let repository = repository(&[("k8sready.yaml", &format!("{key}: json=stolen\n"))]);
        let run = repository.audit(&[]);
        assert_eq!(run.code, 2, "{key} is no key");
        assert!(run.stderr.contains(&format!("unknown key `{key}`")), "{}", run.stderr);
        assert!(!repository.path("stolen").exists());
    }
}

#[test]
fn neither_links_nor_extends_lead_out_of_the_repository() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.yaml");
    std::fs::write(&secret, "canary-of-the-host: 1\n").unwrap();
    for target in
        [secret.to_str().unwrap(), "https://example.org/x.yaml", "/dev/stdin", "../../../../../../../../etc/hostname"]
    {
        let repository = repository(&[("k8sready.yaml", &format!("extends: [\"{target}\"]\n"))]);
        let run = repository.audit(&[]);
        assert_eq!(run.code, 2, "{target}");
        assert!(!run.stderr.contains("canary-of-the-host"), "{}", run.stderr);
    }
    let repository = repository(&[]);
    std::os::unix::fs::symlink(&secret, repository.path("k8sready.yaml")).unwrap();
    let run = repository.audit(&[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("leaves the repository") && !run.stderr.contains("canary-of"), "{}", run.stderr);
}

#[test]
fn files_that_extend_each_other_are_an_error() {
    let repository = repository(&[("k8sready.yaml", "extends: [b.yaml]\n"), ("b.yaml", "extends: [k8sready.yaml]\n")]);
    let run = repository.audit(&[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("in a circle?"), "{}", run.stderr);
}

/// Everything that a file may say.
fn full() -> Value {
    json!({
        "extends": ["base.yaml"], "profile": "strict", "select": ["etcd"], "ignore": ["pdb-missing"],
        "severity": { "run-as-root": "low" }, "params": { "single-replica": { "minimum": 3 } }, "exclude": ["old/**"],
        "targetVersion": "1.36", "failOn": "none", "minScore": 80, "partial": true, "managed": "eks", "assumeExternalBackup": true,
        "suppress": [{ "rule": "a", "reason": "b", "until": "2027-01-31", "path": "c", "kind": "d", "namespace": "e", "name": "f", "container": "g" }],
        "overrides": [{ "path": "dev/**", "ignore": ["a"], "severity": { "b": "info" }, "reason": "c" }],
        "charts": [{ "path": "charts/web", "values": ["prod.yaml"], "set": ["a=b"], "release": "web", "namespace": "shop" }]
    })
}

#[test]
fn the_published_schema_and_the_program_take_the_same_keys() {
    let schema = schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let full = full();
    assert!(validator.is_valid(&full), "{:?}", validator.iter_errors(&full).map(|e| e.to_string()).collect::<Vec<_>>());
    let config: Config = serde_json::from_value(full.clone()).unwrap();
    assert_eq!(serde_json::to_value(&config).unwrap(), full, "no key of the program is missing above");
    let keys = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let of = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&schema), of(&full));
    assert_eq!(keys(&schema["$defs"]["suppress"]), of(&full["suppress"][0]));
    assert_eq!(keys(&schema["$defs"]["override"]), of(&full["overrides"][0]));
    let wrong = [
        json!({ "selct": [] }),
        json!({ "profile": "huge" }),
        json!({ "minScore": 101 }),
        json!({ "severity": { "a": "bad" } }),
        json!({ "suppress": [{ "rule": "a" }] }),
        json!({ "overrides": [{}] }),
        json!({ "partial": "yes" }),
    ];
    for value in wrong {
        assert!(!validator.is_valid(&value), "{value}");
    }
}

#[test]
fn what_init_writes_fits_the_schema_and_the_tree() {
    let repository = repository(&[("tests/fixtures/x.yaml", "a: 1\n")]);
    assert_eq!(repository.run(&["init"]).code, 0);
    let text = repository.read("k8sready.yaml");
    let value: Value = serde_saphyr::from_str(&text).unwrap();
    assert!(jsonschema::draft202012::new(&schema()).unwrap().is_valid(&value), "{text}");
    assert_eq!(value["exclude"], json!(["tests/**"]), "{text}");
    assert_ne!(repository.audit(&[]).code, 2);
    assert_eq!(repository.run(&["init"]).code, 2, "it overwrites nothing unasked");
}
