//! The types of Kubernetes' own kinds, from `data/schema.txt`.
//!
//! One line an entry, blanks between words, written by `tools/schema.py` from the published definitions:
//! ```text
//! date 2026-11-24
//! versions 33 37                              minors of Kubernetes 1 that it knows
//! kind apps/v1 Deployment apps.v1.Deployment  API version, kind, type; minors where not all serve it
//! type apps.v1.Deployment
//!  spec! @apps.v1.DeploymentSpec              a field of the type above; `!`: required; minors where not all have it
//! ```
//! A field's type is `str`, `str(A|B)`, `bool`, `i32`, `i64`, `num`, `quantity`, `intstr`, `time`, `bytes`, `any`, `[list]`,
//! `{map}` or `@type`. Minors are `34-` (since), `-36` (until) or `34-36`. It knows no ranges and no formats of names.

use rustc_hash::FxHashMap;

/// The text of the table.
const TEXT: &str = include_str!("../../../data/schema.txt");

/// Index of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeId(u32);

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Anything.
    Any,
    /// A text; the values that it may have, separated by `|`, empty for all.
    Str(&'static str),
    /// A boolean.
    Bool,
    /// An integer of 32 bits.
    I32,
    /// An integer of 64 bits.
    I64,
    /// A number.
    Num,
    /// An amount: `500m`.
    Quantity,
    /// A number or a text.
    IntOrStr,
    /// A point in time, RFC 3339.
    Time,
    /// Bytes in base 64.
    Bytes,
    /// A list.
    List(Box<Ty>),
    /// A map with free keys.
    Map(Box<Ty>),
    /// A map with known keys.
    Object(TypeId),
}

/// Minors of Kubernetes 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minors {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

impl Minors {
    /// Whether one of them is `minor`; what lies outside the table counts as its nearest end.
    fn hold(self, minor: u32, known: Minors) -> bool {
        let minor = minor.clamp(known.first, known.last);
        (self.first..=self.last).contains(&minor)
    }
}

/// A field of a type.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it must be.
    pub ty: Ty,
    /// Whether it must be there.
    pub required: bool,
    /// Who has it.
    minors: Minors,
}

/// The table.
#[derive(Debug)]
pub struct Schema {
    /// The day it was made.
    pub date: &'static str,
    known: Minors,
    /// The fields of each type, sorted by name.
    types: Vec<Vec<Field>>,
    kinds: FxHashMap<(&'static str, &'static str), (TypeId, Minors)>,
    names: FxHashMap<&'static str, TypeId>,
}

impl Schema {
    /// Reads the table.
    pub fn load() -> Result<Schema, String> {
        let mut reader = Reader::default();
        for (index, line) in TEXT.lines().enumerate() {
            reader.line(line).ok_or_else(|| format!("data/schema.txt:{}: `{line}` is not understood", index + 1))?;
        }
        Ok(Schema {
            date: reader.date,
            known: reader.known,
            types: reader.types,
            kinds: reader.kinds,
            names: reader.names,
        })
    }

    /// The type of a kind at a version of Kubernetes; `None` where there is no such kind.
    pub fn kind(&self, api_version: &str, kind: &str, minor: u32) -> Option<TypeId> {
        let (id, minors) = self.kinds.get(&(api_version, kind))?;
        minors.hold(minor, self.known).then_some(*id)
    }

    /// A type by its name: `core.v1.PodSpec`.
    pub fn named(&self, name: &str) -> Option<TypeId> {
        self.names.get(name).copied()
    }

    /// The fields of a type.
    pub fn fields(&self, id: TypeId) -> &[Field] {
        &self.types[id.0 as usize]
    }

    /// A field of a type, whoever has it.
    pub fn field(&self, id: TypeId, name: &str) -> Option<&Field> {
        let fields = self.fields(id);
        fields.binary_search_by(|field| field.name.cmp(name)).ok().map(|index| &fields[index])
    }

    /// Whether a version of Kubernetes has a field.
    pub fn has(&self, field: &Field, minor: u32) -> bool {
        field.minors.hold(minor, self.known)
    }

    /// The first minor that has a field.
    pub fn since(&self, field: &Field) -> u32 {
        field.minors.first
    }
}

struct Reader {
    date: &'static str,
    known: Minors,
    /// The fields of each type, sorted by name.
    types: Vec<Vec<Field>>,
    names: FxHashMap<&'static str, TypeId>,
    kinds: FxHashMap<(&'static str, &'static str), (TypeId, Minors)>,
    current: TypeId,
}

impl Default for Reader {
    fn default() -> Self {
        Reader {
            date: "",
            known: Minors { first: 0, last: 0 },
            types: Vec::new(),
            names: FxHashMap::default(),
            kinds: FxHashMap::default(),
            current: TypeId(0),
        }
    }
}

impl Reader {
    fn line(&mut self, line: &'static str) -> Option<()> {
        if let Some(field) = line.strip_prefix(' ') {
            return self.field(field);
        }
        let mut words = line.split(' ');
        match words.next()? {
            "type" => self.current = self.named(words.next()?),
            "kind" => {
                let (api, kind, ty) = (words.next()?, words.next()?, words.next()?);
                let minors = self.minors(words.next())?;
                let id = self.named(ty);
                self.kinds.insert((api, kind), (id, minors));
            }
            "date" => self.date = words.next()?,
            "versions" => {
                self.known = Minors { first: words.next()?.parse().ok()?, last: words.next()?.parse().ok()? };
            }
            word => return word.starts_with('#').then_some(()),
        }
        Some(())
    }

    /// The values of a text may have blanks, so the minors are told from the end.
    fn field(&mut self, line: &'static str) -> Option<()> {
        let (name, rest) = line.split_once(' ')?;
        let is_minors =
            |word: &str| word.contains('-') && word.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit());
        let (ty, minors) = match rest.rsplit_once(' ').filter(|(_, last)| is_minors(last)) {
            Some((ty, minors)) => (ty, Some(minors)),
            None => (rest, None),
        };
        let minors = self.minors(minors)?;
        let ty = self.ty(ty)?;
        let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        self.types[self.current.0 as usize].push(Field { name, ty, required, minors });
        Some(())
    }

    fn named(&mut self, name: &'static str) -> TypeId {
        let next = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        let id = *self.names.entry(name).or_insert(next);
        if id == next {
            self.types.push(Vec::new());
        }
        id
    }

    fn minors(&self, word: Option<&str>) -> Option<Minors> {
        let Some(word) = word else { return Some(self.known) };
        let (first, last) = word.split_once('-')?;
        let end = |text: &str, otherwise: u32| if text.is_empty() { Some(otherwise) } else { text.parse().ok() };
        Some(Minors { first: end(first, self.known.first)?, last: end(last, self.known.last)? })
    }

    fn ty(&mut self, word: &'static str) -> Option<Ty> {
        let inner = |open: char, close: char| word.strip_prefix(open)?.strip_suffix(close);
        if let Some(element) = inner('[', ']') {
            return Some(Ty::List(Box::new(self.ty(element)?)));
        }
        if let Some(value) = inner('{', '}') {
            return Some(Ty::Map(Box::new(self.ty(value)?)));
        }
        if let Some(name) = word.strip_prefix('@') {
            return Some(Ty::Object(self.named(name)));
        }
        if let Some(values) = word.strip_prefix("str(") {
            return Some(Ty::Str(values.strip_suffix(')')?));
        }
        Some(match word {
            "any" => Ty::Any,
            "str" => Ty::Str(""),
            "bool" => Ty::Bool,
            "i32" => Ty::I32,
            "i64" => Ty::I64,
            "num" => Ty::Num,
            "quantity" => Ty::Quantity,
            "intstr" => Ty::IntOrStr,
            "time" => Ty::Time,
            "bytes" => Ty::Bytes,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_understood_and_knows_what_a_release_added() {
        let schema = Schema::load().unwrap();
        let pod = schema.kind("v1", "Pod", 36).unwrap();
        let Ty::Object(spec) = schema.field(pod, "spec").unwrap().ty else { panic!("a Pod's spec is an object") };
        assert!(schema.field(spec, "containers").unwrap().required);
        assert_eq!(schema.kind("v1", "Deployment", 36), None);
        assert!(schema.kind("apps/v1", "Deployment", 12).is_some(), "older than the table is as its oldest");
        let recent = schema.types.iter().flatten().find(|field| field.minors.first == 36).unwrap();
        assert!(schema.has(recent, 36) && !schema.has(recent, 35));
    }

    #[test]
    fn fields_are_sorted_for_the_search() {
        for fields in &Schema::load().unwrap().types {
            assert!(fields.is_sorted_by_key(|field| field.name), "{fields:?}");
        }
    }
}
