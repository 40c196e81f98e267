//! The items of a list dump (`kubectl get -o yaml|json`), found without reading them: each is then read as a document of
//! its own, so that a dump of any size is never one tree.
//!
//! Knows only the shape that dumps have: a map with `items` and a `kind` that ends in `List`. Anything else is left to the
//! ordinary readers, and so is a dump whose items refer to each other by anchors.

use std::sync::Arc;

use rayon::prelude::*;

use super::{Format, Read, Tree, json, yaml};
use crate::vocabulary::{ProblemKind, SourceId, Span};

/// Reads a list dump item by item; `None` when the text is none, or when its items cannot be read one by one.
pub fn read(format: Format, source: SourceId, text: &Arc<str>) -> Option<Read> {
    if !text.contains("items") || !text.contains("List") {
        return None;
    }
    let (items, reader): (Vec<Span>, Reader) = match format {
        Format::Json => (json_items(text)?, json::read),
        Format::Yaml => (yaml_items(text)?, yaml_item),
        _ => return None,
    };
    let parts: Vec<_> = items.into_par_iter().with_min_len(16).map(|item| reader(source, text, item)).collect();
    let mut read = Read { trees: Vec::new(), problems: Vec::new(), format };
    for (trees, problems) in parts {
        read.trees.extend(trees);
        read.problems.extend(problems);
    }
    let broken = read.problems.iter().any(|problem| problem.kind == ProblemKind::ParseError);
    (!broken).then_some(read)
}

type Reader = fn(SourceId, &Arc<str>, Span) -> (Vec<Tree>, Vec<crate::vocabulary::Problem>);

/// `- apiVersion: …` is a list of one element; the element is the document.
fn yaml_item(source: SourceId, text: &Arc<str>, item: Span) -> (Vec<Tree>, Vec<crate::vocabulary::Problem>) {
    let (mut trees, problems) = yaml::read(source, text, item);
    for tree in &mut trees {
        if let &[element] = tree.elements(tree.root()) {
            tree.set_root(element);
        }
    }
    (trees, problems)
}

/// Items stand at column 0 below `items:`, as kubectl writes them.
fn yaml_items(text: &str) -> Option<Vec<Span>> {
    let mut items: Vec<Span> = Vec::new();
    let (mut inside, mut is_list, mut offset) = (false, false, 0);
    for line in text.split_inclusive('\n') {
        let (start, content) = (offset, line.trim_end());
        offset += line.len();
        match content.as_bytes().first() {
            None | Some(b' ' | b'#') => {}
            Some(b'-') if inside && content.starts_with("- ") => items.push(Span::new(start, start)),
            Some(b'-') if content == "---" && start == 0 => continue,
            Some(b'-') => return None,
            Some(_) => {
                inside = content == "items:";
                is_list |= content.strip_prefix("kind: ").is_some_and(|kind| kind.ends_with("List"));
                continue;
            }
        }
        if let Some(item) = items.last_mut().filter(|_| inside) {
            *item = Span::new(item.start as usize, offset);
        }
    }
    (is_list && !items.is_empty()).then_some(items)
}

/// The elements of the top-level `items`.
fn json_items(text: &str) -> Option<Vec<Span>> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    scan.expect(b'{')?;
    let (mut items, mut is_list) = (None, false);
    loop {
        let key = scan.value()?;
        scan.expect(b':')?;
        match &text[key.range()] {
            "\"items\"" => items = Some(scan.elements()?),
            name => {
                let value = scan.value()?;
                is_list |= name == "\"kind\"" && text[value.range()].ends_with("List\"");
            }
        }
        match scan.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    items.filter(|items: &Vec<Span>| is_list && !items.is_empty())
}

/// Steps over JSON values without understanding them.
struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    /// The next byte that is no white space, taken.
    fn next(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.at += 1;
        self.bytes.get(self.at - 1).copied()
    }

    fn skip_blanks(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// The span of the next value: a string, a bracketed value, or a bare word.
    fn value(&mut self) -> Option<Span> {
        self.skip_blanks();
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => self.string()?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => break,
                b'}' | b']' => depth -= 1,
                b',' | b':' if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
            let closed = matches!(self.bytes[self.at - 1], b'"' | b'}' | b']');
            if depth == 0 && closed {
                break;
            }
        }
        (self.at > start).then(|| Span::new(start, self.at))
    }

    /// From an opening quote to its closing one.
    fn string(&mut self) -> Option<()> {
        loop {
            self.at += 1;
            match *self.bytes.get(self.at)? {
                b'\\' => self.at += 1,
                b'"' => return Some(()),
                _ => {}
            }
        }
    }

    /// The spans of an array's elements.
    fn elements(&mut self) -> Option<Vec<Span>> {
        self.expect(b'[')?;
        let mut elements = Vec::new();
        loop {
            self.skip_blanks();
            if *self.bytes.get(self.at)? == b']' {
                self.at += 1;
                return Some(elements);
            }
            elements.push(self.value()?);
            self.skip_blanks();
            match *self.bytes.get(self.at)? {
                b',' => self.at += 1,
                b']' => {}
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(format: Format, text: &str) -> Option<Vec<String>> {
        let text: Arc<str> = Arc::from(text);
        let read = read(format, SourceId(0), &text)?;
        let name =
            |tree: &Tree| tree.get(tree.root(), "name").and_then(|name| tree.str(name)).unwrap_or("?").to_string();
        Some(read.trees.iter().map(name).collect())
    }

    #[test]
    fn items_of_dumps_are_documents_of_their_own() {
        let yaml = "apiVersion: v1\nitems:\n- name: a\n  text: |\n    - b\n\n    c\n- name: b\n# end\nkind: PodList\nmetadata: {}\n";
        assert_eq!(names(Format::Yaml, yaml), Some(vec!["a".to_string(), "b".to_string()]));
        let json = r#" {"kind": "List", "items": [ {"name": "a", "x": ["]", {"y": "\"}"}]} , {"name": "b"}], "n": 1, "t": true}"#;
        assert_eq!(names(Format::Json, json), Some(vec!["a".to_string(), "b".to_string()]));
    }

    #[test]
    fn spans_count_from_the_beginning_of_the_text() {
        let text: Arc<str> = Arc::from("items:\n- name: a\n- name: b\nkind: List\n");
        let read = read(Format::Yaml, SourceId(0), &text).unwrap();
        let second = &read.trees[1];
        let name = second.get(second.root(), "name").unwrap();
        assert_eq!(&text[second.node(name).span.range()], "b");
        assert_eq!(second.node(name).span.start, 25);
    }

    #[test]
    fn what_is_no_dump_is_left_alone() {
        for text in [
            "items:\n- name: a\nkind: Menu\n",
            "kind: List\n",
            "items:\n- a: &x 1\n- b: *x\nkind: List\n",
            "- a\n",
            "a: 1\n---\nkind: List\nitems:\n- b: 1\n",
        ] {
            assert_eq!(names(Format::Yaml, text), None, "{text:?}");
        }
        for text in [
            "{}",
            "{\"items\": [1,]}",
            "{\"kind\": \"List\", \"items\": [{]}",
            "[",
            "{\"kind\": \"Pod\", \"items\": [1]}",
        ] {
            assert_eq!(names(Format::Json, text), None, "{text:?}");
        }
    }
}
