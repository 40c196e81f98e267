//! Snapshot files of etcd: a short description that stands for the bytes, as lines that a reader of texts understands.
//!
//! ```text
//! [etcd snapshot]
//! bytes = 20512
//! written = 2026-11-20    # the day of the file's last change
//! database = true         # it begins like a bolt database
//! hash = matches          # differs, none (copied from a data directory) or torn (cut off between pages)
//! ```
//!
//! Sources: etcd `etcdutl/snapshot` (`snapshot save` appends the SHA-256 of what is before it; a size that is 32 past a
//! multiple of 512 tells that it did), bbolt `db.go` (the magic number of the first page). Nothing is said of what is inside.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

/// What bbolt writes behind the header of its first page.
const MAGIC: [u8; 4] = 0xED0C_DAED_u32.to_le_bytes();
/// Where it stands.
const MAGIC_AT: u64 = 16;
/// Pages are multiples of it.
const SECTOR: u64 = 512;
/// Bytes of a SHA-256.
const HASH: u64 = 32;
/// What another kind of database begins with.
const SQLITE: &[u8] = b"SQLite format 3";

/// Whether a file is named like a snapshot of etcd.
pub(super) fn is_named_like_snapshot(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_database = name.rsplit_once('.').is_some_and(|(_, extension)| extension == "db");
    let is_named = name.contains("snap") || name.contains("etcd");
    (is_database && is_named) || (name.starts_with("etcd-snapshot-") && !name.contains('.'))
}

/// Describes a file that is named like a snapshot; empty for another kind of database.
///
/// # Errors
/// Whatever keeps the file from being read.
pub(super) fn describe(mut file: File) -> io::Result<String> {
    let meta = file.metadata()?;
    let bytes = meta.len();
    let mut head = [0_u8; 64];
    let read = file.read(&mut head)?;
    if head.starts_with(SQLITE) {
        return Ok(String::new());
    }
    let at = MAGIC_AT as usize;
    let database = read >= at + MAGIC.len() && head[at..at + MAGIC.len()] == MAGIC;
    let hash = match bytes % SECTOR {
        0 => "none",
        HASH => verdict(&mut file, bytes)?,
        _ => "torn",
    };
    let since = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let written = since
        .and_then(|since| jiff::Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok())
        .map(|time| time.to_string())
        .unwrap_or_default();
    let day = written.get(..10).unwrap_or_default();
    Ok(format!("[etcd snapshot]\nbytes = {bytes}\nwritten = {day}\ndatabase = {database}\nhash = {hash}\n"))
}

/// Whether the last bytes are the hash of all before them.
fn verdict(file: &mut File, bytes: u64) -> io::Result<&'static str> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut left = bytes - HASH;
    let mut buffer = vec![0_u8; 1 << 20];
    while left > 0 {
        let wanted = usize::try_from(left.min(1 << 20)).unwrap_or(1 << 20);
        let read = file.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Ok("torn");
        }
        hasher.update(&buffer[..read]);
        left -= read as u64;
    }
    let mut written = [0_u8; HASH as usize];
    file.read_exact(&mut written)?;
    Ok(if hasher.finalize()[..] == written { "matches" } else { "differs" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A bolt database of one page, with or without its hash.
    fn snapshot(hash: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let mut page = vec![0_u8; 4096];
        page[16..20].copy_from_slice(&MAGIC);
        let tail = hash(&page);
        page.extend(tail);
        let path = tempfile::NamedTempFile::new().unwrap();
        path.as_file().write_all(&page).unwrap();
        describe(File::open(path.path()).unwrap()).unwrap()
    }

    #[test]
    fn the_hash_at_the_end_tells_a_whole_snapshot_from_a_damaged_one() {
        let says = |text: &str, wanted: &str| assert!(text.contains(wanted), "{text}");
        says(&snapshot(|page| Sha256::digest(page).to_vec()), "database = true\nhash = matches");
        says(&snapshot(|_| vec![1; 32]), "hash = differs");
        says(&snapshot(|_| Vec::new()), "hash = none");
        says(&snapshot(|_| vec![1; 7]), "hash = torn");
    }

    #[test]
    fn names_tell_what_may_be_a_snapshot() {
        for (name, expected) in [
            ("snapshot-2026-11-20.db", true),
            ("etcd.db", true),
            ("etcd-snapshot-node1-1700000000", true),
            ("app.db", false),
            ("snapshot.yaml", false),
        ] {
            assert_eq!(is_named_like_snapshot(Path::new(name)), expected, "{name}");
        }
    }
}
