//! Releases and their ends (`data/releases.yaml`), as of the day that the audit is for.
//!
//! Which version somebody runs is others' business; this file says what is known about it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::builder::FactBuilder;
use crate::syntax::Origin;
use crate::values::KubeVersion;
use crate::vocabulary::NodeId;

/// One minor release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Minor {
    #[serde(rename = "released")]
    _released: Date,
    maintenance: Option<Date>,
    end: Option<Date>,
    /// The newest patch release.
    patch: Option<u32>,
    /// Patches that damage data.
    #[serde(default)]
    r#unsafe: Vec<u32>,
    /// Patches below it block a safe upgrade to the next minor.
    blocks_below: Option<u32>,
}

/// The table as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    date: String,
    kubernetes: BTreeMap<u32, Minor>,
    etcd: BTreeMap<u32, Minor>,
}

/// What is known of releases on one day.
#[derive(Clone, Debug)]
pub struct Releases {
    table: Table,
    as_of: Date,
}

impl Releases {
    /// The table that is compiled in.
    pub fn load(as_of: Date) -> Result<Releases, String> {
        let table = serde_saphyr::from_str(include_str!("../../data/releases.yaml"))
            .map_err(|error| format!("data/releases.yaml: {error}"))?;
        Ok(Releases { table, as_of })
    }

    /// When the table was last checked.
    pub fn date(&self) -> &str {
        &self.table.date
    }

    fn ended(&self, minor: &Minor) -> bool {
        minor.end.is_some_and(|end| end < self.as_of)
    }

    /// A release of Kubernetes: `{text, minor, patch, ended, end, minorsPastEnd, maintenance, moving, behind, newest}`. `minorsPastEnd` counts from
    /// the newest minor that has ended: 0 for that one. Releases older than the table have ended too.
    pub fn kubernetes(&self, facts: &mut FactBuilder, text: &str, origin: &Origin) -> NodeId {
        let version = text.parse::<KubeVersion>().ok().filter(|version| version.major == 1);
        let moving =
            version.is_none() && ["stable", "latest", "ci/", "release/"].iter().any(|sign| text.starts_with(sign));
        let minors = &self.table.kubernetes;
        let newest_end = minors.iter().rev().find(|(_, minor)| self.ended(minor)).map_or(0, |(number, _)| *number);
        let number = version.as_ref().map(|version| version.minor);
        let row = number.and_then(|number| minors.get(&number));
        let ended = number.is_some_and(|number| number <= newest_end);
        let in_maintenance = row.and_then(|row| row.maintenance).is_some_and(|from| from <= self.as_of);
        let past = number.filter(|_| ended).map_or(0, |number| i64::from(newest_end - number));
        let oldest = || minors.values().next().and_then(|row| row.end).map(|end| format!("before {end}"));
        let end = match row {
            Some(row) => row.end.map(|end| end.to_string()),
            None => oldest().filter(|_| ended),
        };
        let patch = version.and_then(|version| version.patch);
        let newest_patch = row.and_then(|row| row.patch).filter(|_| !ended);
        let behind = newest_patch.zip(patch).map(|(newest, patch)| i64::from(newest.saturating_sub(patch)));
        let newest = number.zip(newest_patch).map(|(minor, patch)| format!("1.{minor}.{patch}"));
        let fields = [
            ("text", facts.str(text, origin.clone())),
            ("minor", facts.opt_int(number.map(i64::from), origin.clone())),
            ("patch", facts.opt_int(patch.map(i64::from), origin.clone())),
            ("ended", facts.bool(ended, origin.clone())),
            ("end", facts.opt_str(end.as_deref(), origin.clone())),
            ("minorsPastEnd", facts.int(past, origin.clone())),
            ("maintenance", facts.bool(in_maintenance && !ended, origin.clone())),
            ("moving", facts.bool(moving, origin.clone())),
            ("behind", facts.opt_int(behind, origin.clone())),
            ("newest", facts.opt_str(newest.as_deref(), origin.clone())),
        ];
        facts.map(&fields, origin.clone())
    }

    /// The last day of support of a minor of Kubernetes 1, if it is known.
    pub fn end(&self, minor: i64) -> Option<Date> {
        self.table.kubernetes.get(&u32::try_from(minor).ok()?)?.end
    }

    /// The day that the audit is for.
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// A release of etcd 3: `{text, minor, patch, ended, end, unsafe, blocks}`; all but the text is null where it is no
    /// version. `blocks`: the patch that is needed before the next minor, null if it is there.
    pub fn etcd(&self, facts: &mut FactBuilder, text: &str, origin: &Origin) -> NodeId {
        let version = text.parse::<KubeVersion>().ok();
        let three = version.as_ref().filter(|version| version.major == 3);
        let minors = &self.table.etcd;
        let newest_end = minors.iter().rev().find(|(_, minor)| self.ended(minor)).map_or(0, |(number, _)| *number);
        let row = three.and_then(|version| minors.get(&version.minor));
        let ended = version.as_ref().is_some_and(|version| version.major < 3)
            || three.is_some_and(|version| version.minor <= newest_end);
        let patch = three.and_then(|version| version.patch);
        let damages = row.zip(patch).is_some_and(|(row, patch)| row.r#unsafe.contains(&patch));
        let needed = row.and_then(|row| row.blocks_below).filter(|needed| patch.is_some_and(|patch| patch < *needed));
        let end = row.and_then(|row| row.end).map(|end| end.to_string());
        let fields = [
            ("text", facts.str(text, origin.clone())),
            ("minor", facts.opt_int(three.map(|version| i64::from(version.minor)), origin.clone())),
            ("patch", facts.opt_int(patch.map(i64::from), origin.clone())),
            ("ended", facts.bool(ended, origin.clone())),
            ("end", facts.opt_str(end.as_deref(), origin.clone())),
            ("unsafe", facts.bool(damages, origin.clone())),
            ("blocks", facts.opt_int(needed.map(i64::from), origin.clone())),
        ];
        facts.map(&fields, origin.clone())
    }
}
