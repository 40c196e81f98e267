//! Text to tokens, each with its bytes. Literals are decoded here; names and keywords are told apart by the parser.

use super::SyntaxError;
use super::ast::Literal;
use super::quoted;
use crate::vocabulary::Span;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or keyword.
    Word(String),
    /// A name in backticks: never a keyword.
    Quoted(String),
    /// A number, string or bytes.
    Literal(Literal),
    /// `9223372036854775808`: an integer only with a minus in front.
    LeastInt,
    /// An operator or bracket.
    Mark(&'static str),
    /// The end of the text.
    End,
}

/// Longest marks first, so that `<=` is not read as `<`.
const MARKS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}", "+", "-", "*",
    "/", "%",
];

/// All tokens of a text, `End` last.
pub(super) fn lex(text: &str) -> Result<Vec<(Token, Span)>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blank(text, at);
        let (token, end) = token(text, at)?;
        let done = token == Token::End;
        tokens.push((token, Span::new(at, end)));
        if done {
            return Ok(tokens);
        }
        at = end;
    }
}

fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with("//") {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}

fn token(text: &str, at: usize) -> Result<(Token, usize), SyntaxError> {
    let rest = &text[at..];
    let bytes = rest.as_bytes();
    let Some(&first) = bytes.first() else { return Ok((Token::End, at)) };
    if let Some(string) = quoted::string(text, at) {
        let (literal, end) = string?;
        return Ok((Token::Literal(literal), end));
    }
    if first.is_ascii_digit() || (first == b'.' && bytes.get(1).is_some_and(u8::is_ascii_digit)) {
        return number(text, at);
    }
    if first == b'`' {
        return backticks(text, at);
    }
    if first.is_ascii_alphabetic() || first == b'_' {
        let len = bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        return Ok((Token::Word(rest[..len].to_string()), at + len));
    }
    match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        Some(mark) => Ok((Token::Mark(mark), at + mark.len())),
        None => {
            let wrong = rest.chars().next().unwrap_or_default();
            let hint = match wrong {
                '=' => " (equality is `==`)",
                '&' => " (and is `&&`)",
                '|' => " (or is `||`)",
                _ => "",
            };
            Err(SyntaxError::new(format!("`{wrong}` has no meaning here{hint}"), at, at + wrong.len_utf8()))
        }
    }
}

fn backticks(text: &str, at: usize) -> Result<(Token, usize), SyntaxError> {
    let inner = &text[at + 1..];
    let len = inner.find('`').unwrap_or(0);
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-/ ".contains(&b);
    if len == 0 || !inner[..len].bytes().all(allowed) {
        let message = "backticks hold a name of letters, digits, `_`, `.`, `-`, `/` and blanks";
        return Err(SyntaxError::new(message, at, at + 1));
    }
    Ok((Token::Quoted(inner[..len].to_string()), at + len + 2))
}

fn number(text: &str, at: usize) -> Result<(Token, usize), SyntaxError> {
    let bytes = &text.as_bytes()[at..];
    if bytes.starts_with(b"0x") || bytes.starts_with(b"0X") {
        let len = 2 + bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        return integer(text, at, at + len, &text[at + 2..at + len], 16);
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(0);
    let mut len = whole;
    if bytes.get(len) == Some(&b'.') && digits(len + 1) > 0 {
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits((len + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    if len == whole {
        return integer(text, at, at + len, &text[at..at + len], 10);
    }
    let end = end_of_number(text, at, at + len)?;
    match text[at..end].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Literal(Literal::Double(value)), end)),
        _ => Err(SyntaxError::new("the number is out of range for a double", at, end)),
    }
}

fn integer(text: &str, at: usize, end: usize, digits: &str, radix: u32) -> Result<(Token, usize), SyntaxError> {
    let value = u64::from_str_radix(digits, radix);
    if text[end..].starts_with(['u', 'U']) {
        let end = end_of_number(text, at, end + 1)?;
        return match value {
            Ok(value) => Ok((Token::Literal(Literal::Uint(value)), end)),
            Err(_) => Err(SyntaxError::new("the number is out of range for a uint", at, end)),
        };
    }
    let end = end_of_number(text, at, end)?;
    match value.map(|value| (i64::try_from(value), value)) {
        Ok((Ok(value), _)) => Ok((Token::Literal(Literal::Int(value)), end)),
        Ok((_, value)) if value == i64::MIN.unsigned_abs() => Ok((Token::LeastInt, end)),
        _ => Err(SyntaxError::new("the number is out of range for an int", at, end)),
    }
}

fn end_of_number(text: &str, at: usize, end: usize) -> Result<usize, SyntaxError> {
    let joined = text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if joined { Err(SyntaxError::new("a number runs into a name", at, end + 1)) } else { Ok(end) }
}
