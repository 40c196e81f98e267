//! `data/defaults.txt` and `data/zeros.txt`: what an API server adds to an object, and which zero values its types drop.
//!
//! The first file says at its head how a line is written. A line of the second is a type, the fields whose zero value is
//! gone (`-a,b`), and the structs that are always there (`+c,d`).

use rustc_hash::FxHashMap;

use super::super::table::{Schema, TypeId};

const DEFAULTS: &str = include_str!("../../../../data/defaults.txt");
const ZEROS: &str = include_str!("../../../../data/zeros.txt");

/// What a default is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Int(i64),
    /// A boolean.
    Bool(bool),
    /// A text.
    Str(&'static str),
    /// A map that its own type fills.
    Map,
    /// A list of texts, separated by commas.
    List(&'static str),
    /// The value of the field beside it.
    Copy(&'static str),
    /// By the tag of the image beside it.
    PullPolicy,
    /// Something that only the cluster knows.
    Unknown,
    /// More in the map or list than is written.
    More,
    /// Nothing, whatever is written.
    Gone,
}

/// When a default holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// A field is there.
    Present(&'static str),
    /// A field is one of these.
    Is(&'static str, &'static str),
    /// The whole object is of that kind.
    Kind(&'static str),
    /// The map stands directly in the object.
    Top,
}

/// A line of the table.
#[derive(Debug)]
pub struct Added {
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: Value,
    /// Conditions, and whether they must hold or must not.
    pub conditions: Vec<(Condition, bool)>,
}

/// What happens to the fields of one type.
#[derive(Debug, Default)]
pub struct OfType {
    /// What is added, in this order.
    pub defaults: Vec<Added>,
    /// Fields whose zero value is gone.
    pub drops: &'static str,
    /// Structs that are always there.
    pub structs: &'static str,
}

/// Both tables, by type.
#[derive(Debug, Default)]
pub struct Defaults(FxHashMap<TypeId, OfType>);

impl Defaults {
    /// Reads the tables. Types that the schema does not know are left out: they are no longer served.
    pub fn load(schema: &Schema) -> Result<Defaults, String> {
        let mut types: FxHashMap<TypeId, OfType> = FxHashMap::default();
        let lines = |text: &'static str| text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines(ZEROS) {
            let mut words = line.split(' ');
            let (Some(name), Some(drops), Some(structs)) = (words.next(), words.next(), words.next()) else {
                return Err(format!("data/zeros.txt: `{line}` is not understood"));
            };
            let Some(ty) = schema.named(name) else { continue };
            let of = types.entry(ty).or_default();
            (of.drops, of.structs) = (drops.trim_start_matches('-'), structs.trim_start_matches('+'));
        }
        let mut current = None;
        for line in lines(DEFAULTS) {
            match line.strip_prefix("type ") {
                Some(name) => current = schema.named(name),
                None => {
                    let row = row(line.trim_start())
                        .ok_or_else(|| format!("data/defaults.txt: `{line}` is not understood"))?;
                    if let Some(ty) = current {
                        types.entry(ty).or_default().defaults.push(row);
                    }
                }
            }
        }
        Ok(Defaults(types))
    }

    /// What happens to a type.
    pub fn of(&self, ty: TypeId) -> Option<&OfType> {
        self.0.get(&ty)
    }
}

/// Whether a comma-separated list has a word.
pub fn lists(words: &str, word: &str) -> bool {
    words.split(',').any(|listed| listed == word)
}

fn row(line: &'static str) -> Option<Added> {
    let (assignment, conditions) = match line.split_once(" if ") {
        Some((assignment, conditions)) => (assignment, conditions.split(" and ").map(condition).collect()),
        None => (line, Vec::new()),
    };
    let (field, value) = assignment.split_once(' ')?;
    Some(Added { field, value: self::value(value), conditions })
}

fn value(word: &'static str) -> Value {
    let list = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    match word {
        "?" => Value::Unknown,
        "*" => Value::More,
        "-" => Value::Gone,
        "{}" => Value::Map,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "\"\"" => Value::Str(""),
        "=pull-policy" => Value::PullPolicy,
        _ => match (list, word.strip_prefix('='), word.parse()) {
            (Some(words), _, _) => Value::List(words),
            (_, Some(field), _) => Value::Copy(field),
            (_, _, Ok(number)) => Value::Int(number),
            _ => Value::Str(word),
        },
    }
}

fn condition(word: &'static str) -> (Condition, bool) {
    let (word, wanted) = word.strip_prefix('!').map_or((word, true), |word| (word, false));
    let condition = match (word.strip_prefix('@'), word.split_once('=')) {
        (Some(kind), _) => Condition::Kind(kind),
        (_, Some((field, values))) => Condition::Is(field, values),
        _ if word == "top" => Condition::Top,
        _ => Condition::Present(word),
    };
    (condition, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_tables_is_one_of_the_schema() {
        let schema = Schema::load().unwrap();
        let defaults = Defaults::load(&schema).unwrap();
        for name in DEFAULTS.lines().filter_map(|line| line.strip_prefix("type ")) {
            let ty = schema.named(name).unwrap_or_else(|| panic!("{name} is no type"));
            for row in &defaults.of(ty).unwrap().defaults {
                assert!(schema.field(ty, row.field).is_some(), "{row:?} is no field of {name}");
            }
        }
    }
}
