//! `Quantity`: amounts of CPU, memory and everything else Kubernetes counts (`500m`, `1.5Gi`, `12e6`).
//!
//! The value is exact: a decimal mantissa and exponent, no floating point. It holds 38 significant digits; Kubernetes
//! holds any number, so sums beyond that are `None` here. Which unit a resource is counted in is not known here.
//!
//! Source: k8s.io/apimachinery, `pkg/api/resource/quantity.go`.

mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

pub use parse::QuantityError;

/// The family of suffixes a quantity was written with, and is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `n u m k M G T P E` or no suffix.
    DecimalSi,
    /// `Ki Mi Gi Ti Pi Ei`.
    BinarySi,
    /// `e6`, `E-3`.
    DecimalExponent,
}

/// An exact amount. Equality, order and hash look at the value alone: `1Ki` equals `1024`.
///
/// ```
/// use k8sready::values::Quantity;
/// let half: Quantity = "0.5".parse()?;
/// assert_eq!(half.to_string(), "500m");
/// assert!(half < "1Ki".parse()?);
/// assert_eq!(half.checked_add(half).and_then(|q| q.as_integer()), Some(1));
/// # Ok::<(), k8sready::values::QuantityError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// Without trailing decimal zeros, so that equal values have equal parts; 0 has exponent 0.
    mantissa: i128,
    exponent: i32,
    format: Format,
}

impl Quantity {
    /// No amount.
    pub const ZERO: Quantity = Quantity { mantissa: 0, exponent: 0, format: Format::DecimalSi };

    /// A whole amount without suffix.
    pub fn from_integer(value: i64) -> Self {
        Quantity::new(i128::from(value), 0, Format::DecimalSi)
    }

    /// `mantissa * 10^exponent`.
    fn new(mut mantissa: i128, mut exponent: i32, format: Format) -> Self {
        if mantissa == 0 {
            return Quantity { mantissa, exponent: 0, format };
        }
        while mantissa % 10 == 0 && exponent < i32::MAX {
            mantissa /= 10;
            exponent += 1;
        }
        Quantity { mantissa, exponent, format }
    }

    /// The family of suffixes it was written with.
    pub fn format(self) -> Format {
        self.format
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i32 {
        match self.mantissa.cmp(&0) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is a whole number that fits 64 bits. `1000m` is one; Kubernetes' `AsInt64` looks at the spelling and
    /// refuses it.
    pub fn is_integer(self) -> bool {
        self.as_integer().is_some()
    }

    /// The whole number it is, if it is one and fits 64 bits.
    pub fn as_integer(self) -> Option<i64> {
        i64::try_from(self.shifted(0)?).ok()
    }

    /// The number of thousandths, rounded up (away from zero): millicores of a CPU quantity.
    pub fn millis(self) -> Option<i64> {
        let exact = self.shifted(-3);
        i64::try_from(exact.or_else(|| self.rounded_away(-3))?).ok()
    }

    /// The nearest floating point number.
    pub fn as_f64(self) -> f64 {
        // The standard library's decimal parser rounds correctly; `mantissa as f64 * 10f64.powi(..)` would round twice.
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The sum, printed in the first operand's format unless that operand is zero.
    pub fn checked_add(self, other: Quantity) -> Option<Quantity> {
        match (self.is_zero(), other.is_zero()) {
            (true, _) => return Some(other),
            (_, true) => return Some(self),
            _ => {}
        }
        let exponent = self.exponent.min(other.exponent);
        let sum = self.shifted(exponent)?.checked_add(other.shifted(exponent)?)?;
        Some(Quantity::new(sum, exponent, self.format))
    }

    /// The difference, printed in the first operand's format unless that operand is zero.
    pub fn checked_sub(self, other: Quantity) -> Option<Quantity> {
        self.checked_add(other.negated())
    }

    /// The product with a count, e.g. of replicas.
    pub fn checked_mul(self, count: i64) -> Option<Quantity> {
        Some(Quantity::new(self.mantissa.checked_mul(i128::from(count))?, self.exponent, self.format))
    }

    /// The same amount with the other sign. The mantissa never is `i128::MIN`: parsing and sums stay clear of it.
    pub fn negated(self) -> Quantity {
        Quantity { mantissa: self.mantissa.saturating_neg(), ..self }
    }

    /// The mantissa for a given exponent; `None` where that is no whole number or too large.
    fn shifted(self, exponent: i32) -> Option<i128> {
        if self.mantissa == 0 {
            return Some(0);
        }
        let places = u32::try_from(i64::from(self.exponent) - i64::from(exponent)).ok()?;
        self.mantissa.checked_mul(10i128.checked_pow(places)?)
    }

    /// The mantissa for a larger exponent, rounded away from zero.
    fn rounded_away(self, exponent: i32) -> Option<i128> {
        let places = u32::try_from(i64::from(exponent) - i64::from(self.exponent)).ok()?;
        let Some(divisor) = 10i128.checked_pow(places) else { return Some(self.mantissa.signum()) };
        let rest = self.mantissa % divisor;
        Some(self.mantissa / divisor + rest.signum())
    }

    /// Number of decimal digits before the point (negative: zeros after it).
    fn magnitude(self) -> i64 {
        i64::from(self.mantissa.unsigned_abs().checked_ilog10().unwrap_or(0)) + 1 + i64::from(self.exponent)
    }

    /// Compares absolute values of non-zero quantities.
    fn cmp_abs(self, other: Quantity) -> Ordering {
        let by_size = self.magnitude().cmp(&other.magnitude());
        if by_size.is_ne() {
            return by_size;
        }
        let exponent = self.exponent.min(other.exponent);
        // With equal magnitudes only the larger value can overflow when both are written with the same exponent.
        match (self.shifted(exponent), other.shifted(exponent)) {
            (Some(a), Some(b)) => a.unsigned_abs().cmp(&b.unsigned_abs()),
            (None, _) => Ordering::Greater,
            (_, None) => Ordering::Less,
        }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.sign().cmp(&other.sign()) {
            Ordering::Equal if self.sign() > 0 => self.cmp_abs(*other),
            Ordering::Equal if self.sign() < 0 => other.cmp_abs(*self),
            by_sign => by_sign,
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        (self.mantissa, self.exponent) == (other.mantissa, other.exponent)
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.mantissa, self.exponent).hash(state);
    }
}

/// Decimal suffixes from 10^-9 in steps of 10^3.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Binary suffixes from 2^0 in steps of 2^10.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The canonical form: no fraction, the largest suffix that loses nothing. Kubernetes itself echoes some spellings it
/// was given (`+1`, `1.500`); here equal values in one format print equally.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shifted(0) {
            Some(whole) if self.format == Format::BinarySi && whole.unsigned_abs() >= 1024 => print_binary(whole, f),
            _ => self.print_decimal(f),
        }
    }
}

impl Quantity {
    fn print_decimal(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zeros = self.exponent.rem_euclid(3);
        let exponent = self.exponent - zeros;
        let zeros = &"00"[..usize::try_from(zeros).unwrap_or(0)];
        let suffix = usize::try_from(exponent / 3 + 3).ok().and_then(|index| DECIMAL.get(index));
        match suffix {
            Some(suffix) if self.format != Format::DecimalExponent => write!(f, "{}{zeros}{suffix}", self.mantissa),
            _ if exponent == 0 => write!(f, "{}{zeros}", self.mantissa),
            _ => write!(f, "{}{zeros}e{exponent}", self.mantissa),
        }
    }
}

fn print_binary(mut whole: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut power = 0;
    while whole % 1024 == 0 && power + 1 < BINARY.len() {
        whole /= 1024;
        power += 1;
    }
    write!(f, "{whole}{}", BINARY[power])
}
