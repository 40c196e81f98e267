//! The type language: what descriptors of facts are written in, and what the checker computes with.
//!
//! Descriptors are `static` tables that may refer to each other in circles (a container names its workload). [`Ty`] is the
//! checker's own form, which can also say "list of list of string".

use std::fmt;
use std::rc::Rc;

/// A type, as descriptors write it.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Anything; checked at run time only.
    Dyn,
    /// `null`
    Null,
    /// A boolean.
    Bool,
    /// A signed integer.
    Int,
    /// An unsigned integer.
    Uint,
    /// A floating point number.
    Double,
    /// A text.
    String,
    /// Bytes.
    Bytes,
    /// A span of time.
    Duration,
    /// A point in time.
    Timestamp,
    /// A Kubernetes quantity.
    Quantity,
    /// A value of a Kubernetes library, by its CEL name.
    Opaque(&'static str),
    /// The type of types.
    Type,
    /// A list.
    List(&'static Type),
    /// A map with text keys.
    Map(&'static Type),
    /// A map with a descriptor: no other fields exist.
    Object(&'static Object),
    /// An optional.
    Optional(&'static Type),
}

/// What is known of a map of fixed shape.
#[derive(Debug)]
pub struct Object {
    /// Its name, e.g. `workload`.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// Every field it may have.
    pub fields: &'static [Field],
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What lies there.
    pub ty: Type,
    /// One line.
    pub doc: &'static str,
    /// What a live cluster must show for the field to be known.
    pub reads: &'static [Read],
}

/// A permission that a field needs in a live cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Read {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// Resource in the plural, or a path that starts with `/`.
    pub resource: &'static str,
    /// `get` or `list`.
    pub verb: &'static str,
    /// The objects by name; empty for all.
    pub names: &'static [&'static str],
    /// Whether a cluster without that API is a normal one.
    pub absent_is_normal: bool,
}

impl Object {
    /// The field of that name.
    pub fn field(&'static self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A type as the checker computes it.
#[derive(Clone, Debug)]
pub enum Ty {
    /// A type without parts, or one straight from a descriptor.
    Plain(Type),
    /// A list.
    List(Rc<Ty>),
    /// A map; the keys are anything.
    Map(Rc<Ty>),
    /// An optional.
    Optional(Rc<Ty>),
    /// A map with the fields listed (the parameters of a rule).
    Record(Rc<Vec<(String, Type)>>),
}

impl Ty {
    /// Anything.
    pub const DYN: Ty = Ty::Plain(Type::Dyn);

    /// Whether nothing is known before run time.
    pub fn is_dyn(&self) -> bool {
        matches!(self, Ty::Plain(Type::Dyn))
    }

    /// What the elements of a list are; `None` if it is no list. Anything is a list of anything.
    pub fn element(&self) -> Option<Ty> {
        match self {
            Ty::Plain(Type::Dyn) => Some(Ty::DYN),
            Ty::Plain(Type::List(inner)) => Some(Ty::Plain(**inner)),
            Ty::List(inner) => Some((**inner).clone()),
            _ => None,
        }
    }

    /// What the values of a map are; `None` if it is no map.
    pub fn entry(&self) -> Option<Ty> {
        match self {
            Ty::Plain(Type::Dyn | Type::Object(_)) | Ty::Record(_) => Some(Ty::DYN),
            Ty::Plain(Type::Map(inner)) => Some(Ty::Plain(**inner)),
            Ty::Map(inner) => Some((**inner).clone()),
            _ => None,
        }
    }

    /// What an optional holds; `None` if it is none.
    pub fn inner(&self) -> Option<Ty> {
        match self {
            Ty::Plain(Type::Dyn) => Some(Ty::DYN),
            Ty::Plain(Type::Optional(inner)) => Some(Ty::Plain(**inner)),
            Ty::Optional(inner) => Some((**inner).clone()),
            _ => None,
        }
    }

    /// An optional of this; an optional stays what it is.
    pub fn optional(self) -> Ty {
        match self {
            Ty::Optional(_) | Ty::Plain(Type::Optional(_)) => self,
            other => Ty::Optional(Rc::new(other)),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        match self {
            Ty::List(_) => Shape::List,
            Ty::Map(_) | Ty::Record(_) => Shape::Map,
            Ty::Optional(_) => Shape::Optional,
            Ty::Plain(plain) => match plain {
                Type::Dyn => Shape::Dyn,
                Type::Null => Shape::Null,
                Type::Bool => Shape::Bool,
                Type::Int | Type::Uint | Type::Double => Shape::Number,
                Type::String => Shape::String,
                Type::Bytes => Shape::Bytes,
                Type::Duration => Shape::Duration,
                Type::Timestamp => Shape::Timestamp,
                Type::Quantity => Shape::Quantity,
                Type::Opaque(name) => Shape::Opaque(name),
                Type::Type => Shape::Type,
                Type::List(_) => Shape::List,
                Type::Map(_) | Type::Object(_) => Shape::Map,
                Type::Optional(_) => Shape::Optional,
            },
        }
    }

    /// Whether a value of one type may equal one of the other. `null` may stand for anything in a document.
    pub(super) fn comparable(&self, other: &Ty) -> bool {
        let (a, b) = (self.shape(), other.shape());
        a == b || [a, b].iter().any(|shape| matches!(shape, Shape::Dyn | Shape::Null))
    }

    /// The common type of two branches: the first if they agree, otherwise anything.
    pub(super) fn join(self, other: &Ty) -> Ty {
        if self.to_string() == other.to_string() { self } else { Ty::DYN }
    }
}

/// Types that differ in shape are never equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Dyn,
    Null,
    Bool,
    Number,
    String,
    Bytes,
    Duration,
    Timestamp,
    Quantity,
    Opaque(&'static str),
    Type,
    List,
    Map,
    Optional,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Dyn => f.write_str("dyn"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Uint => f.write_str("uint"),
            Type::Double => f.write_str("double"),
            Type::String => f.write_str("string"),
            Type::Bytes => f.write_str("bytes"),
            Type::Duration => f.write_str("duration"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::Quantity => f.write_str("quantity"),
            Type::Opaque(name) => f.write_str(name),
            Type::Type => f.write_str("type"),
            Type::List(inner) => write!(f, "list({inner})"),
            Type::Map(inner) => write!(f, "map({inner})"),
            Type::Object(object) => f.write_str(object.name),
            Type::Optional(inner) => write!(f, "optional({inner})"),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Plain(plain) => plain.fmt(f),
            Ty::List(inner) => write!(f, "list({inner})"),
            Ty::Map(inner) => write!(f, "map({inner})"),
            Ty::Optional(inner) => write!(f, "optional({inner})"),
            Ty::Record(_) => f.write_str("map"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static WORKLOAD: Object = Object {
        name: "workload",
        doc: "A workload",
        fields: &[Field {
            name: "containers",
            ty: Type::List(&Type::Object(&CONTAINER)),
            doc: "Its containers",
            reads: &[],
        }],
    };
    static CONTAINER: Object = Object {
        name: "container",
        doc: "A container",
        fields: &[Field { name: "workload", ty: Type::Object(&WORKLOAD), doc: "Where it runs", reads: &[] }],
    };

    #[test]
    fn descriptors_may_refer_to_each_other_in_circles() {
        let Some(Type::List(Type::Object(container))) = WORKLOAD.field("containers").map(|field| field.ty) else {
            panic!("containers is a list of objects")
        };
        assert_eq!(container.field("workload").map(|field| field.ty.to_string()), Some("workload".to_string()));
    }
}
