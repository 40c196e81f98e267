//! Reading a quantity: number, suffix, and the rounding that Kubernetes applies while parsing.

use std::fmt;
use std::str::FromStr;

use super::{BINARY, DECIMAL, Format, Quantity};

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityError {
    /// Nothing there.
    Empty,
    /// It does not start with a number.
    NoNumber,
    /// The suffix is none of Kubernetes'; byte offset where it starts.
    Suffix(usize),
    /// It is a number, with more digits than can be held.
    TooManyDigits,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuantityError::Empty => f.write_str("a quantity cannot be empty"),
            QuantityError::NoNumber => f.write_str("a quantity starts with a number"),
            QuantityError::Suffix(_) => f.write_str(
                "the suffix is none of n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or an exponent like e3",
            ),
            QuantityError::TooManyDigits => f.write_str("the number has more digits than can be held"),
        }
    }
}

impl std::error::Error for QuantityError {}

/// Parsing keeps nine decimal places; anything finer is rounded away from zero.
const NANO: i32 = -9;

/// Binary quantities are capped here without a word.
const BINARY_CAP: i128 = i64::MAX as i128;

/// Decimal digits of the cap; whatever has more before its point is above it.
const CAP_DIGITS: usize = 19;

/// What a suffix stands for.
enum Scale {
    Ten(i32, Format),
    Two(u32),
}

impl FromStr for Quantity {
    type Err = QuantityError;

    /// Accepts what Kubernetes accepts, oddities included: a lone sign or point is zero.
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Empty);
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        if unsigned.len() == suffix.len() && !suffix.is_empty() {
            return Err(QuantityError::NoNumber);
        }
        let scale = scale(suffix).ok_or(QuantityError::Suffix(text.len() - suffix.len()))?;
        let amount = magnitude(whole, fraction, &scale)?;
        Ok(if text.starts_with('-') { amount.negated() } else { amount })
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn scale(suffix: &str) -> Option<Scale> {
    let index =
        |suffixes: &[&str]| suffixes.iter().position(|known| *known == suffix).and_then(|i| i32::try_from(i).ok());
    if let Some(index) = index(&DECIMAL) {
        return Some(Scale::Ten((index - 3) * 3, Format::DecimalSi));
    }
    if let Some(index) = index(&BINARY) {
        return Some(Scale::Two(index.unsigned_abs() * 10));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some(Scale::Ten(exponent, Format::DecimalExponent))
}

/// The value without its sign.
fn magnitude(whole: &str, fraction: &str, scale: &Scale) -> Result<Quantity, QuantityError> {
    let mut digits = format!("{whole}{fraction}");
    let places = i32::try_from(fraction.len()).map_err(|_| QuantityError::TooManyDigits)?;
    match *scale {
        Scale::Ten(power, format) => {
            let exponent = power.checked_sub(places).ok_or(QuantityError::TooManyDigits)?;
            // Digits below nano only decide the rounding, however many there are.
            let below = usize::try_from(i64::from(NANO) - i64::from(exponent)).unwrap_or(0).min(digits.len());
            let dropped = digits.split_off(digits.len() - below);
            let exponent = exponent.max(NANO);
            let mantissa = significant(&digits, exponent, format)?;
            let finer = dropped.bytes().any(|digit| digit != b'0');
            let step = Quantity::new(i128::from(finer), NANO, format);
            mantissa.checked_add(step).map(|sum| Quantity { format, ..sum }).ok_or(QuantityError::TooManyDigits)
        }
        Scale::Two(power) => {
            if whole.trim_start_matches('0').len() > CAP_DIGITS {
                return Ok(Quantity::new(BINARY_CAP, 0, Format::BinarySi));
            }
            let decimal = significant(&digits, -places, Format::BinarySi)?;
            binary(decimal, power)
        }
    }
}

/// Decimal digits times a power of ten.
fn significant(digits: &str, exponent: i32, format: Format) -> Result<Quantity, QuantityError> {
    let trimmed = digits.trim_end_matches('0');
    if trimmed.is_empty() {
        return Ok(Quantity::new(0, 0, format));
    }
    let zeros = i32::try_from(digits.len() - trimmed.len()).map_err(|_| QuantityError::TooManyDigits)?;
    let mantissa = trimmed.parse().map_err(|_| QuantityError::TooManyDigits)?;
    Ok(Quantity::new(mantissa, exponent.checked_add(zeros).ok_or(QuantityError::TooManyDigits)?, format))
}

/// Multiplies by a power of two, caps, rounds; an amount below 1 prints as a decimal.
fn binary(amount: Quantity, power: u32) -> Result<Quantity, QuantityError> {
    let cap = Quantity::new(BINARY_CAP, 0, Format::BinarySi);
    let scaled = amount.mantissa.checked_mul(1 << power).ok_or(QuantityError::TooManyDigits)?;
    let exact = Quantity::new(scaled, amount.exponent, Format::BinarySi);
    let nanos = if exact.exponent < NANO {
        Quantity::new(exact.rounded_away(NANO).ok_or(QuantityError::TooManyDigits)?, NANO, Format::BinarySi)
    } else {
        exact
    };
    let below_one = nanos.sign() > 0 && nanos < Quantity::from_integer(1);
    let format = if below_one { Format::DecimalSi } else { Format::BinarySi };
    Ok(Quantity { format, ..nanos.min(cap) })
}
