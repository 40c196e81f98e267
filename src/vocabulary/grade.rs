//! The closed word lists of a rule: severity, confidence, profile, stability, pillar.

use std::fmt;
use std::str::FromStr;

/// A word that is in none of the lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// What was written.
    pub word: String,
    /// What may be written.
    pub allowed: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of {}", self.word, self.allowed.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// Every word, in declaration order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word used in files and reports.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err(UnknownWord { word: word.to_string(), allowed: Self::WORDS }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                word.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

words! {
    /// How bad a finding is; ordered from harmless to worst.
    Severity {
        /// Worth knowing.
        Info = "info",
        /// Hygiene.
        Low = "low",
        /// Will hurt some day.
        Medium = "medium",
        /// An outage or a breach waits for one ordinary event.
        High = "high",
        /// Broken or open now.
        Critical = "critical",
    }
}

words! {
    /// How sure a rule is when it fails.
    Confidence {
        /// A heuristic.
        Low = "low",
        /// Right in all but odd cases.
        Medium = "medium",
        /// Follows from the input.
        High = "high",
    }
}

words! {
    /// Which rules run; each profile contains the one before it.
    Profile {
        /// What breaks or opens a cluster.
        Essential = "essential",
        /// What a production cluster needs (the default).
        Production = "production",
        /// Opinions and hardening beyond that.
        Strict = "strict",
    }
}

words! {
    /// Where a rule is in its life.
    Stability {
        /// Reported, not scored.
        Preview = "preview",
        /// Reported and scored.
        Stable = "stable",
        /// Goes away; says by what it is replaced.
        Deprecated = "deprecated",
    }
}

words! {
    /// What parts of the input are scored by themselves.
    GroupBy {
        /// One score an environment.
        Environment = "environment",
        /// One score a namespace, wherever it is declared.
        Namespace = "namespace",
    }
}

words! {
    /// The five parts of the score.
    Pillar {
        /// Survives the loss of a part.
        Availability = "availability",
        /// Grows and shrinks with load.
        Scaling = "scaling",
        /// Keeps others out.
        Security = "security",
        /// Can be run and upgraded.
        Operations = "operations",
        /// Comes back after loss.
        Recovery = "recovery",
    }
}
