//! Standard input as a source.

use std::io::{self, Read};

use super::decode;

/// The path under which standard input is reported.
pub const STDIN_PATH: &str = "<stdin>";

/// Reads all of standard input, up to `limit` bytes.
///
/// # Errors
/// A finished sentence: the input cannot be read, is longer than the limit, or is not text.
pub fn read_stdin(limit: u64) -> Result<String, String> {
    read_limited(io::stdin().lock(), limit, 0)
        .map_err(|error| format!("standard input cannot be read: {error}"))?
        .ok_or_else(|| format!("standard input is longer than {limit} bytes"))
        .and_then(|bytes| decode(bytes).map_err(|error| format!("standard input is not text: {error}")))
}

/// All bytes of a reader, of which so many are expected; `None` when there are more than `limit`.
pub(super) fn read_limited(reader: impl Read, limit: u64, expected: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(16 << 20)).unwrap_or(0));
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}
