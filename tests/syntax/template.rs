//! Templates read as YAML: what is known stays, what the template decides is unknown or open.

use std::sync::Arc;

use k8sready::syntax::template::{Template, evidence, mask, read};
use k8sready::syntax::{Data, Format, Read, Tree};
use k8sready::vocabulary::{NodeId, ProblemKind, SourceId};

fn parse(text: &str, template: Template) -> Read {
    read(SourceId(0), &Arc::from(text), template)
}

fn at(tree: &Tree, path: &str) -> NodeId {
    path.split('.').fold(tree.root(), |at, key| match key.parse::<usize>() {
        Ok(index) => tree.elements(at)[index],
        Err(_) => tree.get(at, key).unwrap_or_else(|| panic!("no {key} of {path}")),
    })
}

const CHART: &str = r#"{{- if .Values.enabled }}
{{- $name := include "web.name" . }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  {{- if .Values.strategy }}
  strategy: {type: Recreate}
  {{- else }}
  strategy: {type: RollingUpdate}
  {{- end }}
  template:
    spec:
      containers:
      - name: web
        image: "{{ .Values.image }}:{{ .Values.tag }}"
        args: [a, {{ .x }}]
        resources:
          limits: {cpu: 1}
          {{- toYaml .Values.resources | nindent 10 }}
      - name: side
{{- end }}
"#;

#[test]
fn placeholders_are_unknown_and_the_rest_is_known() {
    let found = parse(CHART, Template::Helm);
    assert_eq!(found.problems, []);
    let tree = &found.trees[0];
    for path in ["metadata.name", "metadata.labels", "spec.replicas", "spec.template.spec.containers.0.image"] {
        assert_eq!(tree.data(at(tree, path)), Data::Unknown, "{path}");
        assert!(tree.reason(at(tree, path)).is_some(), "{path}");
    }
    assert_eq!(tree.raw(at(tree, "spec.replicas")), "{{ .Values.replicas | default 1 }}");
    assert_eq!(tree.str(at(tree, "kind")), Some("Deployment"));
    let args = tree.elements(at(tree, "spec.template.spec.containers.0.args"));
    assert_eq!((tree.str(args[0]), tree.data(args[1])), (Some("a"), Data::Unknown));
}

#[test]
fn collections_that_actions_add_to_are_open_and_others_are_not() {
    let found = parse(CHART, Template::Helm);
    let tree = &found.trees[0];
    let is_open = |path: &str| tree.reason(at(tree, path)).is_some();
    assert!(is_open("spec"), "an if stands in it");
    assert!(is_open("spec.template.spec.containers.0.resources"), "toYaml adds to it");
    assert!(!is_open("spec.template.spec"));
    assert!(!is_open("spec.template.spec.containers.1"));
    assert!(!is_open("metadata"));
    assert!(!is_open("spec.template.spec.containers.0.resources.limits"));
}

#[test]
fn a_block_scalar_with_an_action_in_it_is_unknown() {
    let found = parse(
        "data:\n  a: |\n    x: {{ .y }}\n  b: |\n    {{- if .z }}\n    q\n    {{- end }}\n  c: |\n    plain\n",
        Template::Helm,
    );
    let tree = &found.trees[0];
    assert_eq!(tree.data(at(tree, "data.a")), Data::Unknown);
    assert_eq!(tree.data(at(tree, "data.b")), Data::Unknown);
    assert_eq!(tree.str(at(tree, "data.c")), Some("plain\n"));
}

#[test]
fn an_action_between_the_lines_of_a_plain_scalar_makes_it_unknown() {
    let found = parse("a: x\n  {{- .y }}\n  z\nb: 1\n---\nc: 1\n", Template::Helm);
    assert_eq!(found.trees[0].data(at(&found.trees[0], "a")), Data::Unknown);
    assert!(found.trees[1].reason(found.trees[1].root()).is_none(), "it is another document's");
}

#[test]
fn a_masked_key_opens_its_map() {
    let found = parse("a:\n  {{ .key }}: 1\n  b: 2\n", Template::Helm);
    let tree = &found.trees[0];
    assert!(tree.reason(at(tree, "a")).is_some());
    assert!(tree.reason(tree.root()).is_none());
}

#[test]
fn jinja_and_envsubst_are_masked_too() {
    let found = parse("{# c #}\n{% for n in nodes %}\n- name: {{ n }}\n{% endfor %}\n", Template::Jinja);
    assert_eq!((found.problems.len(), found.trees.len()), (0, 1));
    assert!(found.trees[0].reason(found.trees[0].root()).is_some(), "a loop decides how long the list is");
    let found = parse("name: ${A:=${B}}\nplain: $A\nreplicas: ${N}\n", Template::EnvSubst);
    let tree = &found.trees[0];
    assert_eq!((tree.data(at(tree, "name")), tree.data(at(tree, "replicas"))), (Data::Unknown, Data::Unknown));
    assert_eq!(tree.str(at(tree, "plain")), Some("$A"));
}

#[test]
fn what_does_not_parse_when_masked_is_not_evaluated() {
    for text in ["a: {{ if x }}\n  b: [\n", "{{ range .x }}- {{ . }}: [{{ end }}\n", "a: {{ never closed\n  b\n : ]"] {
        let kinds: Vec<_> = parse(text, Template::Helm).problems.into_iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, [ProblemKind::TemplateNotEvaluated], "{text}");
    }
}

#[test]
fn a_mask_keeps_length_and_lines() {
    for template in [Template::Helm, Template::Jinja, Template::EnvSubst] {
        let text = "a: {{ \"é\" }} ${X}\r\n{{- /* é\n */}}\n{% x %}b\n${Y\n";
        let masked = mask(text, template);
        assert_eq!(masked.text.len(), text.len());
        for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r')) {
            assert_eq!(masked.text.as_bytes()[at], byte);
        }
    }
}

#[test]
fn evidence_is_a_control_line_or_a_name_that_is_a_variable() {
    for (path, text, expected) in [
        ("a.yaml", "a: 1\n{{- if x }}\n", Some(Template::Helm)),
        ("a.yaml", "  {% if x %}\n", Some(Template::Jinja)),
        ("a.yaml", "metadata:\n  name: ${CLUSTER_NAME}\n", Some(Template::EnvSubst)),
        ("x/cluster-template-aws.yaml", "a: ${B}\n", Some(Template::EnvSubst)),
        ("wf.yaml", "args: [\"{{inputs.parameters.x}}\"]\n", None),
        ("cm.yaml", "run: |\n  echo ${HOME}\n", None),
        ("a.yaml", "a: {{ .Values.b }}\n", Some(Template::Helm)),
        ("a.yaml", "{{ if .x }}\na: 1\n{{ end }}\n", Some(Template::Helm)),
        ("cm.yaml", "inject: |\n  {{- if .x }}\n  name: ${A}\n  b: {{ .c }}\n", None),
    ] {
        let plain = k8sready::syntax::read(Format::Yaml, SourceId(0), &Arc::from(text));
        assert_eq!(evidence(path, text, &plain), expected, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_mask(text in "[{}%#$\\-\n a-c:é\"|]{0,60}") {
        for template in [Template::Helm, Template::Jinja, Template::EnvSubst] {
            let masked = mask(&text, template);
            proptest::prop_assert_eq!(masked.text.len(), text.len());
            parse(&text, template);
        }
    }
}
