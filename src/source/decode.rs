//! Bytes to text: UTF-8, and UTF-16 by its byte-order mark.
//!
//! The byte-order mark is dropped, so offsets count from the first character and columns need no correction. Other
//! encodings are not guessed.

use std::fmt;

/// Why bytes are not text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The encoding that was tried.
    pub encoding: &'static str,
    /// Offset of the first byte that does not fit.
    pub offset: usize,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {} is not valid {}", self.offset, self.encoding)
    }
}

impl std::error::Error for DecodeError {}

/// Decodes a file's bytes.
///
/// # Errors
/// The offset of the first byte that is not valid in the encoding.
pub fn decode(bytes: Vec<u8>) -> Result<String, DecodeError> {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, "UTF-16LE", u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, "UTF-16BE", u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, DecodeError> {
    let mut text = String::from_utf8(bytes)
        .map_err(|error| DecodeError { encoding: "UTF-8", offset: error.utf8_error().valid_up_to() })?;
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    Ok(text)
}

fn utf16(bytes: &[u8], encoding: &'static str, unit: fn([u8; 2]) -> u16) -> Result<String, DecodeError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut offset = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        let c = decoded.map_err(|_| DecodeError { encoding, offset })?;
        offset += c.len_utf16() * 2;
        text.push(c);
    }
    if odd.is_empty() { Ok(text) } else { Err(DecodeError { encoding, offset }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_dropped() {
        assert_eq!(decode(b"\xEF\xBB\xBFa: 1".to_vec()).unwrap(), "a: 1");
    }

    #[test]
    fn utf16_is_decoded_by_its_byte_order_mark() {
        assert_eq!(decode(b"\xFF\xFEa\0=\xD8\0\xDE".to_vec()).unwrap(), "a😀");
        assert_eq!(decode(b"\xFE\xFF\0a\xD8=\xDE\0".to_vec()).unwrap(), "a😀");
    }

    #[test]
    fn the_first_bad_byte_is_named() {
        let error = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err().to_string();
        assert_eq!(error(b"ab\xFFc"), "byte 2 is not valid UTF-8");
        assert_eq!(error(b"\xFF\xFEa\0\x00\xDC"), "byte 4 is not valid UTF-16LE");
        assert_eq!(error(b"\xFE\xFF\0a\0"), "byte 4 is not valid UTF-16BE");
    }
}
