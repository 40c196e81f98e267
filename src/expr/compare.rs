//! Equality and order of loaded values.
//!
//! Numbers compare across int, uint and double by their mathematical value. Values of different types are unequal, never an
//! error. Lists and maps compare element by element: a known difference decides, otherwise an unknown element makes the
//! answer unknown. Fact trees may be cyclic through references, so a map of a fact tree reached by reference equals another
//! if and only if they are the same node; what remains is bounded by the step budget.

use std::cmp::Ordering;

use super::steps::Steps;
use super::value::{Halt, Outcome, Value, fail, secret, unknown};
use crate::syntax::Data;
use crate::vocabulary::Reason;

/// How deep a structure is compared before the answer is unknown.
const MAX_DEPTH: u32 = 200;

impl<'a> Value<'a> {
    /// Equality of scalars; `None` if the types cannot be compared, or one of them is no scalar.
    #[inline]
    pub(super) fn same_scalar(&self, other: &Value<'_>) -> Option<bool> {
        match (self, other) {
            (Value::Str(a), Value::Str(b)) => Some(**a == **b),
            (Value::Int(a), Value::Int(b)) => Some(a == b),
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (Value::Null, Value::Null) => Some(true),
            (Value::Bytes(a), Value::Bytes(b)) => Some(**a == **b),
            (Value::Duration(a), Value::Duration(b)) => Some(a == b),
            (Value::Timestamp(a), Value::Timestamp(b)) => Some(a == b),
            (Value::Quantity(a), Value::Quantity(b)) => Some(**a == **b),
            (Value::Library(a), Value::Library(b)) => Some(a == b),
            (Value::Type(a), Value::Type(b)) => Some(a == b),
            _ => numbers(self, other).map(|order| order == Some(Ordering::Equal)),
        }
    }

    /// Equality of any two loaded values.
    #[inline]
    pub(super) fn equals(&self, other: &Value<'a>, steps: &Steps) -> Outcome<bool> {
        match self.same_scalar(other) {
            Some(same) => Ok(same),
            None => self.same_structure(other, steps, 0),
        }
    }

    fn same_structure(&self, other: &Value<'a>, steps: &Steps, depth: u32) -> Outcome<bool> {
        steps.charge(1)?;
        if depth > MAX_DEPTH {
            return unknown(&Steps::reason());
        }
        if let Some(verdict) = same_secret(self, other).or_else(|| same_reference(self, other).map(Ok)) {
            return verdict;
        }
        if let (Some(a), Some(b)) = (self.sequence(), other.sequence()) {
            if let Some(reason) = a.open().or(b.open()) {
                return unknown(reason);
            }
            if a.len() != b.len() {
                return Ok(false);
            }
            return all_same((0..a.len()).map(|i| (a.at(i), b.at(i))), steps, depth);
        }
        match (self, other) {
            (Value::Optional(None), Value::Optional(None)) => Ok(true),
            (Value::Optional(Some(a)), Value::Optional(Some(b))) => {
                all_same([((**a).clone(), (**b).clone())].into_iter(), steps, depth)
            }
            _ => self.same_map(other, steps, depth),
        }
    }

    fn same_map(&self, other: &Value<'a>, steps: &Steps, depth: u32) -> Outcome<bool> {
        let (Some((a, open_a)), Some((b, open_b))) = (self.pairs(), other.pairs()) else { return Ok(false) };
        if let Some(reason) = open_a.or(open_b) {
            return unknown(&reason);
        }
        if a.len() != b.len() {
            return Ok(false);
        }
        let mut both = Vec::with_capacity(a.len());
        for (key, value) in a {
            steps.charge(1)?;
            match other.element(&key.load()?)? {
                Some(counterpart) => both.push((value, counterpart)),
                None => return Ok(false),
            }
        }
        all_same(both.into_iter(), steps, depth)
    }

    /// Order of two loaded values; an error if the types have none. `None` for NaN.
    #[inline]
    pub(super) fn order(&self, other: &Value<'_>) -> Outcome<Option<Ordering>> {
        Ok(match (self, other) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Str(a), Value::Str(b)) => Some((**a).cmp(&**b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Bytes(a), Value::Bytes(b)) => Some((**a).cmp(&**b)),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
            (Value::Quantity(a), Value::Quantity(b)) => Some((**a).cmp(&**b)),
            _ => match numbers(self, other) {
                Some(order) => order,
                None if self.is_secret() || other.is_secret() => return secret(),
                None => return fail(format!("{} and {} have no order", self.type_name(), other.type_name())),
            },
        })
    }

    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Value::Node(site) if matches!(site.data(), Data::Redacted(_)))
    }
}

/// A secret is not the empty string; whether it is any other string is not known.
fn same_secret(a: &Value<'_>, b: &Value<'_>) -> Option<Outcome<bool>> {
    let other = match (a.is_secret(), b.is_secret()) {
        (true, true) => return Some(secret()),
        (true, false) => b,
        (false, true) => a,
        (false, false) => return None,
    };
    Some(match other {
        Value::Str(text) if !text.is_empty() => secret(),
        _ => Ok(false),
    })
}

/// Identity, for two maps of fact trees of which at least one was reached by reference.
fn same_reference(a: &Value<'_>, b: &Value<'_>) -> Option<bool> {
    let (Value::Node(a), Value::Node(b)) = (a, b) else { return None };
    let (to_a, to_b) = (a.target(), b.target());
    if (a.is_reference() || b.is_reference()) && to_a.tree().has_origins() && to_b.tree().has_origins() {
        return matches!(a.data(), Data::Map(_)).then(|| to_a.at() == to_b.at());
    }
    None
}

fn all_same<'a>(pairs: impl Iterator<Item = (Value<'a>, Value<'a>)>, steps: &Steps, depth: u32) -> Outcome<bool> {
    let mut doubt: Option<Reason> = None;
    for (a, b) in pairs {
        let same = match (a.load(), b.load()) {
            (Ok(a), Ok(b)) => match a.same_scalar(&b) {
                Some(same) => Ok(same),
                None => a.same_structure(&b, steps, depth + 1),
            },
            (Err(halt), _) | (_, Err(halt)) => Err(halt),
        };
        match same {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(halt) => match *halt {
                Halt::Unknown(reason) => doubt = doubt.or(Some(reason)),
                Halt::Error(_) => return Err(halt),
            },
        }
        steps.charge(1)?;
    }
    doubt.map_or(Ok(true), |reason| unknown(&reason))
}

/// Order of two numbers; the outer `None` if they are not both numbers, the inner for NaN.
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Option<Ordering>> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Int(a), Value::Double(b)) => with_double(i128::from(*a), *b),
        (Value::Uint(a), Value::Double(b)) => with_double(i128::from(*a), *b),
        (Value::Double(a), Value::Int(b)) => with_double(i128::from(*b), *a).map(Ordering::reverse),
        (Value::Double(a), Value::Uint(b)) => with_double(i128::from(*b), *a).map(Ordering::reverse),
        _ => return None,
    })
}

/// Exact: a double beyond 2^64 decides by its sign, any other has a whole part that fits.
fn with_double(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    if double.abs() > 2e19 {
        return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let floor = double.floor();
    let order = whole.cmp(&(floor as i128));
    Some(if order == Ordering::Equal && double > floor { Ordering::Less } else { order })
}
