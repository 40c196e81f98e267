//! The small languages inside scalars: quantities, durations, versions, selectors, images, schedules, addresses.
//!
//! Each type is parsed from text, compared, and printed in its canonical form; an error says what is wrong with the text.
//! Nothing here knows where the text came from: no trees, no spans beyond the text itself, no Kubernetes kinds.

mod cidr;
mod cron;
mod duration;
mod endpoint;
mod image;
mod quantity;
mod selector;
mod shellwords;
mod timespan;
mod url;
mod version;

pub use cidr::{Cidr, CidrError, is_local, is_private};
pub use cron::{Cron, CronError};
pub use duration::{DurationError, GoDuration};
pub use endpoint::{EndpointError, HostPort};
pub use image::{ImageError, ImageRef, MUTABLE_TAGS};
pub use quantity::{Format, Quantity, QuantityError};
pub use selector::{Operator, Requirement, Selector, SelectorError};
pub use shellwords::{Redirect, Separator, ShellCommand, ShellWord, shell_commands};
pub use timespan::{Milliseconds, haproxy_millis, systemd_millis};
pub use url::{Url, UrlError};
pub use version::{KubeVersion, Stage, VersionError};
