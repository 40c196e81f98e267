//! action.yml against what GitHub documents of action metadata, and against itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::runner::metadata;

/// The metadata syntax of composite actions, no more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    name: String,
    description: String,
    #[serde(rename = "author")]
    _author: Option<String>,
    branding: Branding,
    inputs: BTreeMap<String, Input>,
    outputs: BTreeMap<String, Output>,
    runs: Runs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Branding {
    #[serde(rename = "icon")]
    _icon: String,
    color: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    description: String,
    #[serde(rename = "default")]
    _default: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    description: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    using: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Step {
    name: String,
    id: Option<String>,
    #[serde(rename = "if")]
    _if: Option<String>,
    shell: Option<String>,
    run: Option<String>,
    uses: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    #[serde(rename = "continue-on-error")]
    _continue_on_error: Option<bool>,
}

fn action() -> Action {
    serde_json::from_value(metadata()).expect("the published metadata syntax")
}

#[test]
fn the_metadata_is_of_the_published_form() {
    let action = action();
    assert_eq!(action.runs.using, "composite");
    assert!(!action.name.is_empty() && action.description.len() <= 125, "the marketplace shows 125 characters");
    let colors = ["white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"];
    assert!(colors.contains(&action.branding.color.as_str()));
    for step in &action.runs.steps {
        assert!(step.run.is_some() != step.uses.is_some(), "`{}` either runs or uses", step.name);
        assert_eq!(step.run.is_some(), step.shell.is_some(), "`{}`: a script names its shell", step.name);
        assert_eq!(step.uses.is_some(), !step.with.is_empty(), "`{}`", step.name);
    }
}

#[test]
fn inputs_and_outputs_are_the_documented_ones() {
    let action = action();
    let kebab = |name: &String| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    assert!(action.inputs.keys().chain(action.outputs.keys()).all(kebab));
    let described = action.inputs.values().map(|input| &input.description);
    assert!(described.chain(action.outputs.values().map(|output| &output.description)).all(|text| !text.is_empty()));
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).expect("docs/ci.md");
    for name in action.inputs.keys().chain(action.outputs.keys()) {
        assert!(page.contains(&format!("| `{name}` |")), "docs/ci.md does not explain `{name}`");
    }
}

#[test]
fn every_input_is_used_and_every_name_exists() {
    let action = action();
    let mut texts: Vec<&String> = Vec::new();
    for step in &action.runs.steps {
        texts.extend(step.env.values().chain(step.with.values()));
    }
    for name in action.inputs.keys() {
        let used = texts.iter().any(|text| text.contains(&format!("inputs.{name} ")));
        assert!(used, "no step uses the input `{name}`");
    }
    let ids: Vec<&str> = action.runs.steps.iter().filter_map(|step| step.id.as_deref()).collect();
    for value in texts.into_iter().chain(action.outputs.values().map(|output| &output.value)) {
        for step in value.split("steps.").skip(1) {
            let id = step.split('.').next().expect("an id");
            assert!(ids.contains(&id), "`{value}` names a step that is not there");
        }
    }
}

/// As in zizmor's template-injection and unpinned-uses.
#[test]
fn nothing_is_pasted_into_scripts_and_actions_are_pinned() {
    for step in action().runs.steps {
        assert!(step.run.is_none_or(|run| !run.contains("${{")), "`{}` pastes a value", step.name);
        let hash = step.uses.as_deref().and_then(|uses| uses.split_once('@')).map(|(_, hash)| hash.to_string());
        let pinned = hash.is_none_or(|hash| hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(pinned, "`{}` uses an action that can move", step.name);
    }
}
