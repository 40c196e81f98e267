//! The type of a plain scalar, the way Kubernetes reads it.
//!
//! kubectl and every component convert YAML through `sigs.k8s.io/yaml`, whose resolver is go-yaml version 2: YAML 1.1
//! booleans, octal numbers by a leading zero, no base 60, and timestamps that stay strings on the way to JSON. The rows
//! follow its `resolve.go`. Quoted scalars are always strings and never come here. Where a change of type matters (labels,
//! environment variables) is for others to say; `surprise` only tells that there is one.

/// What a plain scalar is. A string is the text itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Typed {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A floating point number, or an integer beyond 64 bits.
    Float(f64),
    /// None of these.
    Str,
}

/// Types a plain (unquoted, untagged) scalar.
pub fn resolve(raw: &str) -> Typed {
    let Some(&first) = raw.as_bytes().first() else { return Typed::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(raw),
        b'.' => dotted(raw),
        b'0'..=b'9' | b'+' | b'-' => number(raw),
        _ => Typed::Str,
    }
}

fn word(raw: &str) -> Typed {
    match raw {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Typed::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Typed::Bool(false),
        "~" | "null" | "Null" | "NULL" => Typed::Null,
        _ => Typed::Str,
    }
}

fn dotted(raw: &str) -> Typed {
    match raw {
        ".nan" | ".NaN" | ".NAN" => Typed::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" => Typed::Float(f64::INFINITY),
        _ => decimal(raw),
    }
}

fn number(raw: &str) -> Typed {
    match raw {
        "+.inf" | "+.Inf" | "+.INF" => return Typed::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !raw.contains('_') {
        return integer(raw).unwrap_or_else(|| decimal(raw));
    }
    let plain = raw.replace('_', "");
    integer(&plain).unwrap_or_else(|| decimal(&plain))
}

/// An integer with Go's base prefixes: `0x`, `0b`, `0o`, and a leading zero for octal.
fn integer(plain: &str) -> Option<Typed> {
    let (sign, magnitude) = match plain.as_bytes().first()? {
        b'+' => ("+", &plain[1..]),
        b'-' => ("-", &plain[1..]),
        _ => ("", plain),
    };
    let (radix, digits) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &magnitude[2..]),
        [b'0', b'b' | b'B', ..] => (2, &magnitude[2..]),
        [b'0', b'o' | b'O', ..] => (8, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let unsigned = u64::from_str_radix(digits, radix).ok()?;
    let signed = if sign == "-" { 0_i64.checked_sub_unsigned(unsigned) } else { i64::try_from(unsigned).ok() };
    match signed {
        Some(value) => Some(Typed::Int(value)),
        None if sign.is_empty() => Some(Typed::Float(unsigned as f64)),
        None => None,
    }
}

/// A decimal number as YAML writes it: digits, one dot, an exponent. Beyond the range of a double it is no number.
fn decimal(plain: &str) -> Typed {
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() && is_decimal(plain) => Typed::Float(value),
        _ => Typed::Str,
    }
}

fn is_decimal(plain: &str) -> bool {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    mantissa.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && mantissa.bytes().any(|b| b.is_ascii_digit())
}

/// A plain scalar that kubectl reads as something else than it looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surprise {
    /// A word such as `NO`, `on` or `y` that is a boolean.
    Bool(bool),
    /// `0644`, `0x1F`, `1_000`: an integer written otherwise than it is printed.
    Int(i64),
    /// `1.10`, `1e3`, `12e5`, `08`: a number that is printed otherwise than it was written.
    Float(f64),
    /// A date. It stays a string under kubectl, but becomes a date in other YAML tools.
    Date,
}

/// Whether a plain scalar's value differs from its text. `true`, `5` and `1.5` are no surprise, nor is `null`.
pub fn surprise(raw: &str) -> Option<Surprise> {
    match resolve(raw) {
        Typed::Bool(value) if !raw.eq_ignore_ascii_case(if value { "true" } else { "false" }) => {
            Some(Surprise::Bool(value))
        }
        Typed::Int(value) if value.to_string() != raw => Some(Surprise::Int(value)),
        Typed::Float(value) if float_text(value) != raw => Some(Surprise::Float(value)),
        Typed::Str if is_date(raw) => Some(Surprise::Date),
        _ => None,
    }
}

/// `YYYY-M-D`, alone or with a time after `T`, `t` or a blank.
fn is_date(raw: &str) -> bool {
    let (date, time) = raw.split_once(['T', 't', ' ']).map_or((raw, None), |(date, time)| (date, Some(time)));
    let mut parts = date.split('-');
    let mut part = |digits: std::ops::RangeInclusive<usize>, values: std::ops::RangeInclusive<u32>| {
        parts.next().is_some_and(|text| {
            digits.contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && text.parse().is_ok_and(|value| values.contains(&value))
        })
    };
    let day = part(4..=4, 0..=9999) && part(1..=2, 1..=12) && part(1..=2, 1..=31);
    day && parts.next().is_none() && time.is_none_or(|time| time.contains(':') && time.as_bytes()[0].is_ascii_digit())
}

/// The text of a scalar that stands as a mapping's key: JSON knows only strings there. `None` for null, which has none.
pub fn key_text(value: Typed) -> Option<String> {
    match value {
        Typed::Bool(value) => Some(value.to_string()),
        Typed::Int(value) => Some(value.to_string()),
        Typed::Float(value) => Some(float_text(value)),
        Typed::Null | Typed::Str => None,
    }
}

/// A float as JSON and Go print it: the shortest digits, with an exponent below 1e-4 and from 1e21 on.
fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_string();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> String {
        match resolve(raw) {
            Typed::Null => "null".to_string(),
            Typed::Bool(value) => format!("bool {value}"),
            Typed::Int(value) => format!("int {value}"),
            Typed::Float(value) => format!("float {value}"),
            Typed::Str => "str".to_string(),
        }
    }

    #[test]
    fn plain_scalars_have_the_types_that_kubernetes_gives_them() {
        let rows: &[(&str, &[&str])] = &[
            ("null", &["", "~", "null", "Null", "NULL"]),
            ("bool true", &["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]),
            ("bool false", &["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]),
            ("str", &["yES", "oN", "tRUE", "nULL", "nil", "none", "yes!", "o", "f", "t", "<<", "=", "NaN", "inf"]),
            ("int 0", &["0", "-0", "+0", "00", "0x0", "0_"]),
            ("int 420", &["0644", "0o644", "0O644", "420", "+420", "0b110100100", "0x1A4", "0X1a4", "4_2_0", "0_644"]),
            ("int -420", &["-0644", "-0o644", "-420", "-0b110100100", "-0x1a4"]),
            ("int 1000", &["1_000", "1000", "1__000_"]),
            ("int 9223372036854775807", &["9223372036854775807", "0x7fffffffffffffff"]),
            ("int -9223372036854775808", &["-9223372036854775808"]),
            ("float 9223372036854776000", &["9223372036854775808", "0x8000000000000000", "+9223372036854775808"]),
            ("float 18446744073709552000", &["18446744073709551616"]),
            ("float 8", &["08", "8.", "8.0", "8e0", "008", "+8.0", "0_8"]),
            ("float 1000", &["1e3", "1E3", "1e+3", "1_0e2", "1000.0"]),
            ("float 0.5", &[".5", "0.5", "+.5", "5e-1", ".5e0"]),
            ("float -0.5", &["-.5", "-0.5"]),
            ("float inf", &[".inf", ".Inf", ".INF", "+.inf"]),
            ("float -inf", &["-.inf", "-.Inf", "-.INF"]),
            ("float NaN", &[".nan", ".NaN", ".NAN"]),
            ("float 0", &["1e-999", "0.0"]),
            ("str", &["1:30", "190:20:30", "12h", "1.2.3", "0x", "0b", "0o", "0b2", "0o9", "0xg", "1e", "1e+", "e3"]),
            ("str", &[".", "..", "._5", ".5_0", "-", "+", "--1", "+-1", "-+1", "1e999", "-inf", "+nan", "1 2", "０"]),
            ("str", &["2024-01-01", "2024-01-01T10:00:00Z", "2024-1-1 10:00:00", "-0x8000000000000001"]),
        ];
        for (expected, texts) in rows {
            for raw in *texts {
                assert_eq!(shown(raw), *expected, "`{raw}`");
            }
        }
    }

    #[test]
    fn a_value_that_is_printed_otherwise_than_written_is_a_surprise() {
        for (raw, expected) in [
            ("NO", Surprise::Bool(false)),
            ("on", Surprise::Bool(true)),
            ("y", Surprise::Bool(true)),
            ("yes", Surprise::Bool(true)),
            ("0644", Surprise::Int(420)),
            ("0x1F", Surprise::Int(31)),
            ("1_000", Surprise::Int(1000)),
            ("+5", Surprise::Int(5)),
            ("1e3", Surprise::Float(1000.0)),
            ("12e5", Surprise::Float(1_200_000.0)),
            ("1.10", Surprise::Float(1.1)),
            ("1.30", Surprise::Float(1.3)),
            ("08", Surprise::Float(8.0)),
            (".5", Surprise::Float(0.5)),
            ("2024-01-31", Surprise::Date),
            ("2024-1-3T10:00:00Z", Surprise::Date),
        ] {
            assert_eq!(surprise(raw), Some(expected), "`{raw}`");
        }
    }

    #[test]
    fn what_reads_as_it_looks_is_no_surprise() {
        for raw in [
            "true",
            "FALSE",
            "null",
            "~",
            "",
            "5",
            "-5",
            "1.5",
            "0.25",
            "web",
            "1.2.3",
            "2024-13-01",
            "2024-01-01x",
            "2024-01",
            "1024-01-01-1",
            "12h",
            "Norway",
            "2024-01-01 ",
            "150000.5",
            "1234567",
        ] {
            assert_eq!(surprise(raw), None, "`{raw}`");
        }
    }

    #[test]
    fn keys_become_the_strings_that_json_has() {
        for (raw, expected) in [
            ("on", "true"),
            ("n", "false"),
            ("0644", "420"),
            ("8080", "8080"),
            ("1.10", "1.1"),
            ("1e25", "1e+25"),
            ("0.00001", "1e-05"),
            (".inf", ".inf"),
            ("-.inf", "-.inf"),
            (".nan", ".nan"),
        ] {
            assert_eq!(key_text(resolve(raw)).as_deref(), Some(expected), "`{raw}`");
        }
        assert_eq!(key_text(resolve("~")), None);
        assert_eq!(key_text(resolve("web")), None);
    }
}
