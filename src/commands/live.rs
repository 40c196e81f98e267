//! The cluster of `--live`: scanned with what was typed, while standard error says which one it is and how far it got.
//!
//! This is the only place that asks `source::cluster` for anything, so nothing else can open a connection.

use std::path::PathBuf;

use super::CommandError;
#[cfg(feature = "live")]
use crate::audit::settled;
use crate::cli::LiveArgs;
use crate::settings::UsageError;
#[cfg(feature = "live")]
use crate::source::cluster::Permission;
use crate::source::{Scan, Wants};

/// Whether the arguments make sense: those about a cluster say nothing without one.
pub(super) fn check(live: bool, args: &LiveArgs) -> Result<(), UsageError> {
    if live || args.is_default() {
        return Ok(());
    }
    Err(UsageError::new("arguments about a cluster, but none is audited").help("add --live, or leave them out"))
}

/// Scans. `beside`: files that are audited with it; `quiet`: without a word on standard error.
#[cfg(not(feature = "live"))]
pub(super) fn scan(_: &LiveArgs, _: &[PathBuf], _: bool, _: &Wants) -> Result<Scan, CommandError> {
    Err(UsageError::new("this build has no cluster support")
        .help("build it with the feature `live`, or audit what another build kept with --snapshot")
        .into())
}

/// Scans. `beside`: files that are audited with it; `quiet`: without a word on standard error.
#[cfg(feature = "live")]
pub(super) fn scan(args: &LiveArgs, beside: &[PathBuf], quiet: bool, wants: &Wants) -> Result<Scan, CommandError> {
    let settings = crate::settings::live(args, super::environment::cluster(beside))?;
    let teller = progress::Teller::new(quiet);
    end_on_interrupt(quiet);
    let scan = crate::source::cluster::scan(&settings, wants, &crate::inventory::trim, &|event| teller.tell(event));
    teller.clear();
    match scan {
        Ok(scan) => Ok(settled(scan, wants)),
        Err(error) => Err(CommandError::Cluster(error.to_string())),
    }
}

/// Asks which of the wants the account may have.
#[cfg(feature = "live")]
pub(super) fn permissions(
    args: &LiveArgs,
    beside: &[PathBuf],
    quiet: bool,
    wants: &Wants,
) -> Result<Vec<Permission>, CommandError> {
    let settings = crate::settings::live(args, super::environment::cluster(beside))?;
    let teller = progress::Teller::new(quiet);
    end_on_interrupt(quiet);
    let permissions = crate::source::cluster::preflight(&settings, wants, &|event| teller.tell(event));
    permissions.map_err(|error| CommandError::Cluster(error.to_string()))
}

/// Ends the process at Ctrl-C, for its whole life and also as the first process of a container, where the system's own
/// answer to Ctrl-C is to do nothing. Reports are moved to their place when they are whole, so none is left half written.
#[cfg(feature = "live")]
fn end_on_interrupt(quiet: bool) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        if runtime.and_then(|runtime| runtime.block_on(tokio::signal::ctrl_c())).is_ok() {
            progress::Teller::new(quiet).clear();
            std::process::exit(INTERRUPTED);
        }
    });
}

/// Exit code after Ctrl-C, as shells have it.
#[cfg(feature = "live")]
const INTERRUPTED: i32 = 130;

#[cfg(feature = "live")]
mod progress {
    //! What a scan says on standard error: one line that stays, and on a terminal one that is written again and again.

    use std::io::Write as _;

    use crate::source::cluster::Event;

    pub struct Teller {
        quiet: bool,
        terminal: bool,
    }

    impl Teller {
        pub fn new(quiet: bool) -> Self {
            Teller { quiet, terminal: super::super::environment::stderr_is_terminal() }
        }

        pub fn tell(&self, event: &Event) {
            match event {
                Event::Connected { cluster, user } if !self.quiet => {
                    let context = if cluster.context.is_empty() {
                        String::new()
                    } else {
                        format!(" via context {}", cluster.context)
                    };
                    let version = if cluster.version.is_empty() { "unknown version" } else { &cluster.version };
                    say(&format!("cluster {}{context}, as {user}, {version} ({})\n", cluster.name, cluster.server));
                }
                Event::Progress { done, lists, objects } if self.terminal && !self.quiet => {
                    say(&format!("\r\x1b[Kscanning: {done} of {lists} lists, {objects} objects"));
                }
                _ => {}
            }
        }

        /// Takes the line away that is written again and again.
        pub fn clear(&self) {
            if self.terminal && !self.quiet {
                say("\r\x1b[K");
            }
        }
    }

    fn say(text: &str) {
        let mut stderr = anstream::stderr().lock();
        // Nobody misses progress where standard error is closed.
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}
