//! The small languages inside scalars: quantities, durations, versions, selectors, images, schedules, addresses.
//!
//! Each type is parsed from text, compared, and printed in its canonical form; an error says what is wrong with the text.
//! Nothing here knows where the text came from: no trees, no spans beyond the text itself, no Kubernetes kinds.

mod quantity;

pub use quantity::{Format, Quantity, QuantityError};
