//! The `k8sready` binary: parse, run, exit.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = k8sready::cli::Args::parse();
    match k8sready::commands::run(args) {
        Ok(code) => code,
        Err(error) => {
            let mut stderr = anstream::stderr().lock();
            // Nothing is left to tell anybody when standard error is closed.
            let _ = writeln!(stderr, "error: {error}");
            error.exit_code()
        }
    }
}
