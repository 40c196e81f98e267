//! Snapshot files in the input: whole or damaged, and how old the newest is.
//!
//! `source` describes what lies in the file. The day is the one in the name, because copies keep that and lose the time of
//! the last change.

use jiff::civil::Date;

use super::{FILE, Fields};
use crate::facts::builder::FactBuilder;
use crate::facts::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, Tree, View};
use crate::vocabulary::{NodeRef, TreeId};

/// The title of a description.
const TITLE: &str = "etcd snapshot";

/// A snapshot file.
struct File<'a> {
    section: View<'a>,
    path: &'a str,
}

impl<'a> File<'a> {
    fn read(inventory: &'a Inventory, id: DocumentId) -> Option<File<'a>> {
        let document = inventory.document(id);
        let section = document.view(inventory.forest()).items().next()?;
        let ours = document.format == Format::Ini && section.str_at("section") == Some(TITLE);
        ours.then(|| File { section, path: inventory.path(id) })
    }

    fn value(&self, key: &str) -> &'a str {
        let mut entries = self.section.get("entries").into_iter().flat_map(View::items);
        entries
            .find(|entry| entry.str_at("key").map(str::trim) == Some(key))
            .and_then(|entry| entry.str_at("value"))
            .unwrap_or_default()
    }

    /// What is wrong with the bytes.
    fn damage(&self) -> Option<&'static str> {
        match self.value("hash").trim() {
            _ if self.value("bytes").trim() == "0" => Some("empty"),
            "torn" => Some("cut off"),
            _ if self.value("database").trim() == "false" => Some("no database of etcd"),
            "differs" => Some("damaged: its hash differs"),
            _ => None,
        }
    }

    fn day(&self) -> Option<Date> {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        day_in(name).or_else(|| self.value("written").trim().parse().ok())
    }

    fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// The day in a name: `2026-11-20`, `20261120`, or seconds since 1970.
fn day_in(name: &str) -> Option<Date> {
    let digits: Vec<&str> = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let date = |year: &str, month: &str, day: &str| {
        let known = (2015..2100).contains(&year.parse::<i16>().ok()?);
        known.then(|| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()).flatten()
    };
    let parted =
        || digits.windows(3).find_map(|part| (part[0].len() == 4).then(|| date(part[0], part[1], part[2])).flatten());
    let packed = || {
        digits.iter().find_map(|part| (part.len() >= 8).then(|| date(&part[..4], &part[4..6], &part[6..8])).flatten())
    };
    let seconds = || {
        let part = digits.iter().find(|part| part.len() == 10 && part.starts_with('1'))?;
        jiff::Timestamp::from_second(part.parse().ok()?).ok()?.to_string().get(..10)?.parse().ok()
    };
    parted().or_else(packed).or_else(seconds)
}

/// The subject of a snapshot file.
pub fn of_file(inventory: &Inventory, as_of: Date, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let file = File::read(inventory, id)?;
    let place = Origin::Node(file.section.get("section")?.at());
    let mut facts = FactBuilder::new(tree, file.section.at());
    let day = file.day();
    let others = inventory.documents().filter(|(other, _)| *other != id && inventory.sees(id, *other));
    let mut siblings =
        others.filter_map(|(other, _)| File::read(inventory, other)).filter(|one| one.folder() == file.folder());
    let newest = !siblings.any(|other| (other.day(), other.path) > (day, file.path));
    let age = day.and_then(|day| as_of.since(day).ok()).map(|age| i64::from(age.get_days()));
    let fields = [
        ("damage", facts.opt_str(file.damage(), place.clone())),
        ("newest", facts.bool(newest, place.clone())),
        ("ageDays", facts.opt_int(age, place.clone())),
    ];
    let node = facts.map(&fields, place.clone());
    let node = Fields { file: Some(node), ..Fields::of("file") }.facts(&mut facts, &place);
    let subject = Subject::of(SubjectKind::Backup, NodeRef { tree, node }, inventory, id);
    let name = file.path.rsplit('/').next().unwrap_or_default().to_string();
    Some((facts.finish(), vec![Subject { label: FILE.into(), name: name.into(), ..subject }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_from_names() {
        let day = |name: &str| day_in(name).map(|day| day.to_string());
        assert_eq!(day("snapshot-2026-11-20.db").as_deref(), Some("2026-11-20"));
        assert_eq!(day("etcd_20261120_0300.db").as_deref(), Some("2026-11-20"));
        assert_eq!(day("etcd-snapshot-node1-1763625600").as_deref(), Some("2025-11-20"));
        assert_eq!(day("snapshot.db"), None);
        assert_eq!(day("etcd-10-20-30.db"), None);
    }
}
