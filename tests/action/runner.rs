//! A runner for one composite action: what GitHub's does with its steps, as far as action.yml needs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::expression;

/// What the upload step says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    Accepted,
    Refused,
}

/// A runner before the action ran.
pub struct Runner {
    /// The checkout; the steps' working directory.
    pub workspace: PathBuf,
    /// Programs that go before those of the machine.
    pub programs: PathBuf,
    /// `RUNNER_TOOL_CACHE`.
    pub tool_cache: PathBuf,
    /// The checkout of the action itself.
    pub action: PathBuf,
    /// The `github` context.
    pub github: Value,
    /// Further environment, such as `RUNNER_OS`.
    pub environment: BTreeMap<String, String>,
    pub upload: Upload,
    inputs: BTreeMap<String, String>,
    temp: PathBuf,
}

/// A workflow command that a runner would obey.
#[derive(Debug)]
pub struct Obeyed {
    pub kind: String,
    pub properties: String,
    pub message: String,
}

/// The action after it ran.
#[derive(Debug)]
pub struct Outcome {
    /// Exit code of the step that failed, or 0.
    pub code: i32,
    /// Name of the step that failed.
    pub failed: Option<String>,
    pub outputs: BTreeMap<String, String>,
    /// Everything the steps printed.
    pub log: String,
    pub summary: String,
    pub obeyed: Vec<Obeyed>,
    /// What the upload step was given, if it ran.
    pub uploaded: Option<Value>,
}

impl Outcome {
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }

    /// `kind file:line` of each annotation that stands on a line.
    pub fn annotations(&self) -> Vec<String> {
        let place = |command: &Obeyed| {
            let property = |name: &str| {
                command.properties.split(',').find_map(|part| part.strip_prefix(&format!("{name}="))).map(String::from)
            };
            Some(format!("{} {}:{}", command.kind, property("file")?, property("line")?))
        };
        self.obeyed.iter().filter_map(place).collect()
    }

    /// Messages of the commands of one kind that stand on no line.
    pub fn said(&self, kind: &str) -> Vec<&str> {
        let of_kind = |command: &&Obeyed| command.kind == kind && !command.properties.contains("file=");
        self.obeyed.iter().filter(of_kind).map(|command| command.message.as_str()).collect()
    }
}

/// An empty folder of this test's own.
pub fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("action-{}-{number}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Writes an executable script.
pub fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// The action's metadata.
pub fn metadata() -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).expect("action.yml");
    serde_saphyr::from_str(&text).expect("YAML")
}

impl Runner {
    /// A push to main, with the k8sready of this build as `binary`.
    pub fn new(name: &str) -> Runner {
        let root = folder(name);
        let sub = |name: &str| {
            let path = root.join(name);
            fs::create_dir_all(&path).expect("a folder");
            path
        };
        let github = json!({
            "action_repository": "example/k8sready",
            "repository": "team/shop",
            "token": "t0ken",
            "event_name": "push",
            "sha": "",
            "event": { "before": "0000000000000000000000000000000000000000" },
        });
        let runner = Runner {
            workspace: sub("workspace"),
            programs: sub("programs"),
            tool_cache: sub("tool-cache"),
            temp: sub("temp"),
            action: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            github,
            environment: BTreeMap::from([
                ("RUNNER_OS".to_string(), "Linux".to_string()),
                ("RUNNER_ARCH".to_string(), "X64".to_string()),
            ]),
            upload: Upload::Accepted,
            inputs: BTreeMap::new(),
        };
        runner.with("binary", env!("CARGO_BIN_EXE_k8sready"))
    }

    /// Sets an input; one that action.yml does not have is a mistake of the test.
    pub fn with(mut self, name: &str, value: &str) -> Runner {
        assert!(metadata()["inputs"].get(name).is_some(), "action.yml has no input `{name}`");
        self.inputs.insert(name.to_string(), value.to_string());
        self
    }

    /// A k8sready that writes down its arguments and ends as told, in place of the real one. It writes the
    /// reports that it is asked for: those in `reports`, by format.
    pub fn with_fake(self, code: i32, prints: &str, reports: &[(&str, &str)]) -> Runner {
        let folder = self.programs.join("fake");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("prints"), prints).expect("written");
        for (format, text) in reports {
            fs::write(folder.join(format), text).expect("written");
        }
        let path = folder.join("k8sready");
        let text = format!(
            "#!/usr/bin/env bash\nhere={}\nprintf '%s\\0' \"$@\" >\"$here/arguments\"\nenv >\"$here/environment\"\n\
             cat \"$here/prints\"\nfor a in \"$@\"; do case $a in --output=*) o=${{a#--output=}}\n\
             [ ! -f \"$here/${{o%%=*}}\" ] || cp \"$here/${{o%%=*}}\" \"${{o#*=}}\" ;; esac; done\nexit {code}\n",
            folder.display()
        );
        script(&path, &text);
        self.with("binary", &path.display().to_string())
    }

    /// The arguments that the fake was given.
    pub fn arguments(&self) -> Vec<String> {
        let text = fs::read_to_string(self.programs.join("fake/arguments")).expect("the fake ran");
        text.split_terminator('\0').map(String::from).collect()
    }

    /// Runs all steps.
    pub fn run(&self) -> Outcome {
        let action = metadata();
        let mut contexts = json!({ "github": self.github, "inputs": self.all_inputs(&action), "steps": {} });
        for step in steps(&action) {
            if let Some(id) = step.get("id") {
                contexts["steps"][id.as_str().expect("a text")] = json!({ "outputs": {}, "outcome": "skipped" });
            }
        }
        let mut outcome = Outcome {
            code: 0,
            failed: None,
            outputs: BTreeMap::new(),
            log: String::new(),
            summary: String::new(),
            obeyed: Vec::new(),
            uploaded: None,
        };
        for step in steps(&action) {
            if !expression::holds(step.get("if").and_then(Value::as_str), &contexts) {
                continue;
            }
            let (code, outputs) = self.step(step, &contexts, &mut outcome);
            if let Some(id) = step.get("id").and_then(Value::as_str) {
                let word = if code == 0 { "success" } else { "failure" };
                contexts["steps"][id] = json!({ "outputs": outputs, "outcome": word });
            }
            if code != 0 && step.get("continue-on-error") != Some(&json!(true)) {
                outcome.code = code;
                outcome.failed = step["name"].as_str().map(String::from);
                break;
            }
        }
        for (name, output) in action["outputs"].as_object().expect("outputs") {
            let value = expression::fill(output["value"].as_str().expect("a text"), &contexts);
            outcome.outputs.insert(name.clone(), value);
        }
        outcome
    }

    fn all_inputs(&self, action: &Value) -> Value {
        let contexts = json!({ "github": self.github });
        let mut all = json!({});
        for (name, input) in action["inputs"].as_object().expect("inputs") {
            let default = input["default"].as_str().expect("every input has a default");
            let value = self.inputs.get(name).cloned();
            all[name] = json!(value.unwrap_or_else(|| expression::fill(default, &contexts)));
        }
        all
    }

    fn step(&self, step: &Value, contexts: &Value, outcome: &mut Outcome) -> (i32, BTreeMap<String, String>) {
        if let Some(uses) = step.get("uses").and_then(Value::as_str) {
            assert!(uses.starts_with("github/codeql-action/upload-sarif@"), "unknown action `{uses}`");
            return (self.play_upload(step, contexts, outcome), BTreeMap::new());
        }
        let (code, log, outputs, summary) = self.shell(step, contexts);
        outcome.obeyed.extend(obeyed(&log));
        outcome.log += &log;
        outcome.summary += &summary;
        (code, outputs)
    }

    fn play_upload(&self, step: &Value, contexts: &Value, outcome: &mut Outcome) -> i32 {
        let mut with = json!({});
        for (name, value) in step["with"].as_object().expect("inputs") {
            with[name] = json!(expression::fill(value.as_str().expect("a text"), contexts));
        }
        let text = fs::read_to_string(with["sarif_file"].as_str().expect("a path")).expect("the SARIF file");
        with["sarif"] = serde_json::from_str(&text).expect("one JSON document");
        outcome.uploaded = Some(with);
        i32::from(self.upload == Upload::Refused)
    }

    fn shell(&self, step: &Value, contexts: &Value) -> (i32, String, BTreeMap<String, String>, String) {
        assert_eq!(step["shell"], "bash");
        let run = step["run"].as_str().expect("a script");
        assert!(!run.contains("${{"), "nothing is pasted into a script: {run}");
        let file = |name: &str| {
            let path = self.temp.join(name);
            fs::write(&path, "").expect("written");
            path
        };
        let (script, output, summary) = (file("step.sh"), file("output"), file("summary"));
        fs::write(&script, run).expect("written");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&script).current_dir(&self.workspace);
        command.env_clear().envs(&self.environment);
        let path = std::env::var("PATH").expect("PATH");
        command.env("PATH", format!("{}:{path}", self.programs.display()));
        command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary);
        command.env("GITHUB_ACTION_PATH", &self.action).env("GITHUB_WORKSPACE", &self.workspace);
        command.env("RUNNER_TEMP", &self.temp).env("RUNNER_TOOL_CACHE", &self.tool_cache).env("HOME", &self.temp);
        command.env("GITHUB_ACTIONS", "true").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for name in ["event_name", "repository", "sha"] {
            let text = self.github[name].as_str().expect("a text");
            command.env(format!("GITHUB_{}", name.to_uppercase()), text);
        }
        for (name, value) in step["env"].as_object().expect("an environment") {
            command.env(name, expression::fill(value.as_str().expect("a text"), contexts));
        }
        let done = command.output().expect("bash runs");
        let log = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let read = |path| fs::read_to_string(path).expect("a file");
        (done.status.code().unwrap_or(-1), log, file_command(&read(&output)), read(&summary))
    }
}

fn steps(action: &Value) -> impl Iterator<Item = &Value> {
    action["runs"]["steps"].as_array().expect("steps").iter()
}

/// `name=value`, or `name<<WORD` … `WORD`.
fn file_command(text: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let equals = line.find('=').unwrap_or(usize::MAX);
        let (name, value) = match line.find("<<") {
            Some(at) if at < equals => {
                let word = &line[at + 2..];
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != word).collect();
                (&line[..at], value.join("\n"))
            }
            _ => line.split_once('=').map(|(name, value)| (name, value.to_string())).expect("`name=value`"),
        };
        values.insert(name.to_string(), value);
    }
    values
}

/// The commands in a log that a runner obeys: lines that begin with `::`, except while commands are stopped.
fn obeyed(log: &str) -> Vec<Obeyed> {
    let mut commands = Vec::new();
    let mut stopped_until: Option<String> = None;
    for line in log.split(['\n', '\r']).map(str::trim_start) {
        if let Some(word) = &stopped_until {
            if line == format!("::{word}::") {
                stopped_until = None;
            }
            continue;
        }
        let Some((head, message)) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")) else {
            assert!(!line.starts_with("##["), "an old command: {line}");
            continue;
        };
        let (kind, properties) = head.split_once(' ').unwrap_or((head, ""));
        if kind == "stop-commands" {
            stopped_until = Some(message.to_string());
            continue;
        }
        commands.push(Obeyed { kind: kind.into(), properties: properties.into(), message: message.into() });
    }
    assert!(stopped_until.is_none(), "commands stay stopped");
    commands
}
