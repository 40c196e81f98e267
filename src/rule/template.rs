//! Message templates: text with `{expressions}`.

/// One piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// An expression, with its offset in the template.
    Expression(&'a str, usize),
}

/// Splits a template. Braces nest (map literals); an unclosed brace is an error at its offset.
pub fn pieces(template: &str) -> Result<Vec<Piece<'_>>, usize> {
    let mut pieces = Vec::new();
    let mut rest = 0;
    while let Some(open) = template[rest..].find('{').map(|at| at + rest) {
        if open > rest {
            pieces.push(Piece::Text(&template[rest..open]));
        }
        let close = closing(template, open).ok_or(open)?;
        pieces.push(Piece::Expression(&template[open + 1..close], open + 1));
        rest = close + 1;
    }
    if rest < template.len() {
        pieces.push(Piece::Text(&template[rest..]));
    }
    Ok(pieces)
}

/// The brace that closes the one at `open`; braces in quotes do not count.
fn closing(template: &str, open: usize) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in template[open..].char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 1 => return Some(open + at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn text_and_expressions_alternate() {
        let found = pieces("`{a.b}` runs {n}").unwrap();
        let expected =
            [Piece::Text("`"), Piece::Expression("a.b", 2), Piece::Text("` runs "), Piece::Expression("n", 14)];
        assert_eq!(found, expected);
    }

    #[test]
    fn braces_nest_and_hide_in_quotes() {
        assert_eq!(pieces("{ {'a': 1}['}'] }").unwrap(), [Piece::Expression(" {'a': 1}['}'] ", 1)]);
    }

    #[test]
    fn an_open_brace_is_an_error_at_its_place() {
        assert_eq!(pieces("ab{c"), Err(2));
    }
}
