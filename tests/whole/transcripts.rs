//! Transcripts of the command line, one file a command: what was typed, what came out, the exit code.

#[test]
fn commands_print_what_their_transcripts_say() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .env("LANG", "C.UTF-8")
        .env("K8SREADY_AS_OF", "2026-11-24")
        // A build server's links would differ from run to run.
        .env("GITHUB_SHA", "")
        .env("CI_COMMIT_SHA", "")
        .default_bin_path(env!("CARGO_BIN_EXE_k8sready"))
        .case("tests/whole/transcripts/*.trycmd");
}
