//! Where bytes come from, and where a byte offset lies for a person.
//!
//! Files are found and opened (`files`), also those of another revision (`revision`), standard input is read (`stdin`), bytes become text (`decode`, and `bolt` for snapshots of etcd), and texts are
//! kept with a lazily made line index (`store`, `lines`), among them texts embedded in another source (`embedded`); what a
//! cluster answered is a `scan`, and a `snapshot` keeps one. This
//! layer knows no format and no Kubernetes.

mod align;
mod bolt;
#[cfg(feature = "live")]
pub mod cluster;
mod decode;
mod embedded;
mod files;
mod lines;
mod render;
mod revision;
mod scan;
mod snapshot;
mod stdin;
mod store;

pub use align::align;
pub use decode::{DecodeError, decode};
pub use embedded::{LineMap, Origin, Piece};
pub use files::{FileRef, Ignores, MAX_FILE_BYTES, Walk, git_root, load, slashes, walk, walk_with};
pub use lines::Lines;
pub use render::{Piece as RenderedPiece, Release, RenderError, helm, kustomize};
pub use revision::Revision;
pub use scan::{Answer, ClusterName, ListState, Listed, Resource, Scan, ScannedObject, Want, Wants};
pub use snapshot::{read_snapshot, write_snapshot};
pub use stdin::{STDIN_PATH, read_stdin};
pub use store::{MAX_NESTING, Position, Source, SourceKind, Sources};
