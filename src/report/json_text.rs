//! JSON text that is safe to look at: indented, and with invisible characters written as `\u202e`, as is a bracket that
//! would begin a command to a build agent.
//!
//! serde_json escapes C0 controls only; a report printed to a terminal must not carry bidi marks or C1 controls raw.
//! The escapes are ordinary JSON: a parser gets the same strings back.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::escape::{begins_command, is_unsafe};

/// Writes a value, indented by two spaces, with a newline at the end.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Safe(PrettyFormatter::new()));
    value.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

struct Safe(PrettyFormatter<'static>);

/// Passes layout on to the pretty formatter.
macro_rules! layout {
    ($($name:ident($($arg:ident: $type:ty)?)),+) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $arg: $type)?) -> io::Result<()> {
            self.0.$name(writer $(, $arg)?)
        })+
    };
}

impl Formatter for Safe {
    layout!(
        begin_array(), end_array(), begin_array_value(first: bool), end_array_value(), begin_object(), end_object(),
        begin_object_key(first: bool), begin_object_value(), end_object_value()
    );

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        let acts = |(at, c): &(usize, char)| is_unsafe(*c) || (*c == '[' && begins_command(&fragment[..*at]));
        for (at, c) in fragment.char_indices().filter(acts) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_comes_back_and_nothing_invisible_is_written(text in any::<String>()) {
            let mut bytes = Vec::new();
            super::write(&[&text], &mut bytes).unwrap();
            let written = String::from_utf8(bytes).unwrap();
            let back: Vec<String> = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(&back[0], &text);
            prop_assert!(!written.chars().any(|c| c != '\n' && super::is_unsafe(c)));
        }
    }
}
