//! Hostile inputs, and hostile texts from the repository: each stays one inert word, and no line is a command.

use crate::runner::Runner;

/// What must arrive as it is.
const WORDS: &[&str] = &[
    "x; echo INJECTED",
    "$(touch INJECTED)",
    "`touch INJECTED`",
    "a b  c",
    "quote\"double",
    "quote'single",
    "'; touch INJECTED; '",
    "*",
    "~",
    "-rf",
    "--config=evil.yaml",
    "--output=json=/etc/passwd",
    "naïve-日本語-🚀",
    "\u{202e}gpj.exe",
    "%0A::error::x",
    "::error::x",
    "${{ github.token }}",
    "back\\slash\\n",
    "tab\there",
    "!history",
];

fn fake(name: &str) -> Runner {
    Runner::new(name).with_fake(0, "", &[])
}

/// The arguments after `--`.
fn paths(runner: &Runner) -> Vec<String> {
    let arguments = runner.arguments();
    let at = arguments.iter().position(|word| word == "--").expect("`--`");
    arguments[at + 1..].to_vec()
}

#[test]
fn every_path_is_one_word_behind_the_dashes() {
    let runner = fake("paths").with("paths", &WORDS.join("\n"));
    let outcome = runner.run();
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert_eq!(paths(&runner), WORDS);
    assert!(!runner.workspace.join("INJECTED").exists());
    assert!(!outcome.log.contains("INJECTED"), "{}", outcome.log);
}

#[test]
fn paths_may_end_their_lines_like_windows_and_leave_lines_empty() {
    let runner = fake("lines").with("paths", "\r\na\r\n\n  b\r\n");
    runner.run();
    assert_eq!(paths(&runner), ["a", "  b"]);
    let runner = fake("none").with("paths", "\n");
    runner.run();
    assert_eq!(paths(&runner), ["."]);
}

#[test]
fn values_of_inputs_cannot_become_flags() {
    let inputs = ["config", "baseline", "fail-on", "min-score", "target-version"];
    for word in WORDS.iter().chain(&["a.yaml\n--exit-zero", "a.yaml\r--exit-zero"]) {
        let runner = inputs.iter().fold(fake("values"), |runner, input| runner.with(input, word));
        let outcome = runner.run();
        assert_eq!(outcome.code, 0, "{word}: {}", outcome.log);
        for input in inputs {
            assert!(runner.arguments().contains(&format!("--{input}={word}")), "{input}: {word}");
        }
        assert_eq!(paths(&runner), ["."]);
    }
}

#[test]
fn further_arguments_are_lines_and_are_not_split() {
    let runner = fake("args").with("args", "--select=a,b\n--exclude=my folder/*\n$(touch INJECTED)");
    runner.run();
    let arguments = runner.arguments();
    for word in ["--select=a,b", "--exclude=my folder/*", "$(touch INJECTED)"] {
        assert!(arguments.iter().any(|argument| argument == word), "{word}: {arguments:?}");
    }
    assert!(!runner.workspace.join("INJECTED").exists());
}

#[test]
fn what_the_audit_prints_is_never_a_command() {
    let prints = "::add-mask::x\n::error::forged\n  ::set-output name=score::100\n::stop-commands::a\n::a::\n\
                  ::error file=x,line=1::forged\r::error::forged\n\x1b]8;;http://evil\x1b\\::warning::x\n";
    let outcome = Runner::new("prints").with_fake(0, prints, &[]).run();
    assert!(outcome.obeyed.is_empty(), "{:?}", outcome.obeyed);
    assert!(outcome.log.contains("forged"), "the log itself is whole");
}

#[test]
fn the_word_that_ends_the_silence_differs_every_time() {
    let word = |outcome: crate::runner::Outcome| {
        let line = outcome.log.lines().find(|line| line.starts_with("::stop-commands::")).expect("stopped").to_string();
        assert!(line.len() >= "::stop-commands::".len() + 32, "{line}");
        line
    };
    assert_ne!(word(fake("first").run()), word(fake("second").run()));
}

#[test]
fn only_annotations_get_through_from_the_annotations_file() {
    let file = "::error file=a.yaml,line=1::ok\n::add-mask::x\n::set-output name=score::1\n::stop-commands::x\nplain\n\
                ::add-path::/tmp\n::warning::ok\n";
    let outcome = Runner::new("file").with("upload-sarif", "false").with_fake(0, "", &[("github", file)]).run();
    let kinds: Vec<&str> = outcome.obeyed.iter().map(|command| command.kind.as_str()).collect();
    assert_eq!(kinds, ["error", "warning"]);
}

#[test]
fn hostile_values_in_error_messages_stay_in_their_line() {
    let outcome = fake("message").with("only-new", "x\n::add-mask::y\r::error::z%").run();
    assert_eq!(outcome.obeyed.len(), 1, "{:?}", outcome.obeyed);
    assert!(outcome.obeyed[0].message.contains("x%0A::add-mask::y%0D::error::z%25"));
}

#[test]
fn the_audited_program_does_not_see_the_token() {
    let runner = fake("token");
    runner.run();
    let environment = std::fs::read_to_string(runner.programs.join("fake/environment")).expect("the fake ran");
    assert!(environment.contains("GITHUB_OUTPUT="), "an environment was written");
    assert!(!environment.contains("t0ken"), "{environment}");
}
