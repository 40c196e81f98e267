//! Snapshot files: a scan as gzip of JSON lines (`docs/snapshot.md`), the same bytes for the same scan.
//!
//! Written beside its target and moved there, readable by its owner alone; streamed both ways. Whoever reads one trusts
//! nothing: what is cut off, blown up, or no snapshot at all is an error with the line's number, and never a smaller scan.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};

use super::{Answer, ClusterName, ListState, Listed, Resource, Scan, ScannedObject};

/// Version of the format.
const VERSION: u32 = 1;
/// A line, an object that is, may be that long; an API server refuses objects of a tenth of it.
const MAX_LINE: usize = 16 << 20;
/// What a file may unpack to, all in all.
const MAX_TOTAL: u64 = 8 << 30;
/// Text packs 10 to 50 times smaller. What packs better than this is no cluster.
const MAX_RATIO: u64 = 400;
/// Small files are not worth a ratio.
const RATIO_FROM: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    k8sready_snapshot: u32,
    cluster: Cluster,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cluster {
    name: String,
    context: String,
    server: String,
    version: String,
    taken_at: String,
}

/// Every line but the first and those of objects.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Line {
    List(ListLine),
    Answer(AnswerLine),
    /// The last line: how many objects stand before it.
    End(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListLine {
    group: String,
    version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    state: State,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inconsistent: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum State {
    Complete,
    Namespaces(Vec<String>),
    Selected(String),
    Forbidden,
    Absent,
    Failed(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AnswerLine {
    path: String,
    status: Option<u16>,
    text: String,
}

/// Writes a snapshot. It appears whole or not at all.
pub fn write_snapshot(path: &Path, scan: &Scan) -> io::Result<()> {
    if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return Err(io::Error::other("it is a symbolic link"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are readable by their owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    write_to(scan, &mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn write_to(scan: &Scan, out: impl Write) -> io::Result<()> {
    // Neither time nor name of the file goes into the packed bytes.
    let mut out = BufWriter::new(GzBuilder::new().write(BufWriter::new(out), Compression::default()));
    let ClusterName { name, context, server, version, taken_at } = scan.cluster.clone();
    let cluster = Cluster { name, context, server, version, taken_at };
    line(&mut out, &Header { k8sready_snapshot: VERSION, cluster })?;
    for listed in &scan.lists {
        line(&mut out, &Line::List(list_line(listed)))?;
    }
    for Answer { path, status, text } in &scan.answers {
        line(&mut out, &Line::Answer(AnswerLine { path: path.clone(), status: *status, text: text.clone() }))?;
    }
    for ScannedObject { list, text } in &scan.objects {
        writeln!(out, "{OBJECT}{list}{OF}{text}}}")?;
    }
    line(&mut out, &Line::End(scan.objects.len()))?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?.flush()
}

/// `{"of":3,"object":{…}}`, with the object as it is in the scan.
const OBJECT: &str = "{\"of\":";
const OF: &str = ",\"object\":";

fn line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn list_line(listed: &Listed) -> ListLine {
    let Resource { group, version, kind, plural, namespaced } = listed.resource.clone();
    let state = match &listed.state {
        ListState::Complete => State::Complete,
        ListState::Namespaces(names) => State::Namespaces(names.clone()),
        ListState::Selected(what) => State::Selected(what.clone()),
        ListState::Forbidden => State::Forbidden,
        ListState::Absent => State::Absent,
        ListState::Failed(why) => State::Failed(why.clone()),
    };
    ListLine { group, version, kind, plural, namespaced, state, inconsistent: listed.inconsistent }
}

fn listed(line: ListLine) -> Listed {
    let ListLine { group, version, kind, plural, namespaced, state, inconsistent } = line;
    let state = match state {
        State::Complete => ListState::Complete,
        State::Namespaces(names) => ListState::Namespaces(names),
        State::Selected(what) => ListState::Selected(what),
        State::Forbidden => ListState::Forbidden,
        State::Absent => ListState::Absent,
        State::Failed(why) => ListState::Failed(why),
    };
    Listed { resource: Resource { group, version, kind, plural, namespaced }, state, inconsistent }
}

/// Reads a snapshot. The error says what is wrong with the file, without quoting it.
pub fn read_snapshot(path: &Path) -> Result<Scan, String> {
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Err("is no ordinary file".to_string());
    }
    read_from(file)
}

fn read_from(packed: impl Read) -> Result<Scan, String> {
    let counted = BufReader::new(Counted { inner: packed, count: 0 });
    let mut lines = Lines { unpacked: BufReader::new(GzDecoder::new(counted)), number: 0, total: 0 };
    let header = lines.next()?.ok_or("is empty")?;
    let header: Header =
        serde_json::from_str(&header).map_err(|_| "is no snapshot: its first line is not that of one".to_string())?;
    if header.k8sready_snapshot != VERSION {
        return Err(format!("has format {}; this k8sready reads format {VERSION}", header.k8sready_snapshot));
    }
    let Cluster { name, context, server, version, taken_at } = header.cluster;
    let cluster = ClusterName { name, context, server, version, taken_at };
    let mut scan = Scan { cluster, ..Scan::default() };
    let ended = loop {
        let Some(text) = lines.next()? else { break false };
        let bad = || format!("line {} is not one of a snapshot", lines.number);
        if let Some(object) = text.strip_prefix(OBJECT) {
            scan.objects.push(object_line(object, scan.lists.len()).ok_or_else(bad)?);
            continue;
        }
        match serde_json::from_str(&text).map_err(|_| bad())? {
            Line::List(line) => scan.lists.push(listed(line)),
            Line::Answer(AnswerLine { path, status, text }) => scan.answers.push(Answer { path, status, text }),
            Line::End(count) if count == scan.objects.len() => break true,
            Line::End(_) => return Err("is damaged: objects are missing".to_string()),
        }
    };
    if !ended || lines.next()?.is_some() {
        return Err("is damaged: it has no end, or goes on after it".to_string());
    }
    Ok(scan)
}

fn object_line(rest: &str, lists: usize) -> Option<ScannedObject> {
    let (list, text) = rest.split_once(OF)?;
    let list: u32 = list.parse().ok().filter(|list| (*list as usize) < lists)?;
    Some(ScannedObject { list, text: text.strip_suffix('}')?.into() })
}

/// Counts the packed bytes.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

/// Lines within bounds.
struct Lines<R: Read> {
    unpacked: BufReader<GzDecoder<BufReader<Counted<R>>>>,
    number: usize,
    total: u64,
}

impl<R: Read> Lines<R> {
    fn next(&mut self) -> Result<Option<String>, String> {
        self.number += 1;
        let mut line = Vec::new();
        let limit = MAX_LINE as u64 + 1;
        let read = (&mut self.unpacked).take(limit).read_until(b'\n', &mut line);
        let read = read.map_err(|error| format!("is damaged, or no gzip: {error}"))?;
        self.total += read as u64;
        let packed = self.unpacked.get_ref().get_ref().get_ref().count.max(1);
        let blown = self.total > RATIO_FROM && self.total / packed > MAX_RATIO;
        if line.len() > MAX_LINE || self.total > MAX_TOTAL || blown {
            return Err(format!("unpacks to more than a cluster can hold (line {})", self.number));
        }
        if read == 0 {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(format!("is cut off in line {}", self.number));
        }
        String::from_utf8(line).map(Some).map_err(|_| format!("line {} is no text", self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan() -> Scan {
        let resource = |kind: &str, plural: &str| Resource {
            group: String::new(),
            version: "v1".to_string(),
            kind: kind.to_string(),
            plural: plural.to_string(),
            namespaced: true,
        };
        let list = |kind, plural, state| Listed { resource: resource(kind, plural), state, inconsistent: false };
        Scan {
            cluster: ClusterName { name: "prod".into(), version: "v1.37.1".into(), ..ClusterName::default() },
            lists: vec![
                list("Pod", "pods", ListState::Namespaces(vec!["shop".into()])),
                list("Service", "services", ListState::Failed("410".into())),
                Listed { inconsistent: true, ..list("Node", "nodes", ListState::Complete) },
            ],
            objects: vec![ScannedObject { list: 0, text: r#"{"kind":"Pod","a":"}\n"}"#.into() }],
            answers: vec![Answer { path: "/readyz".into(), status: None, text: "no route\n".into() }],
        }
    }

    fn packed(scan: &Scan) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_to(scan, &mut bytes).unwrap();
        bytes
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut out = GzBuilder::new().write(Vec::new(), Compression::best());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_written_alike() {
        let bytes = packed(&scan());
        let read = read_from(&bytes[..]).unwrap();
        assert_eq!(read, scan());
        assert_eq!(packed(&read), bytes);
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = packed(&scan());
        for end in 0..bytes.len() {
            assert!(read_from(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_snapshot_is_refused_with_a_reason() {
        let head =
            r#"{"k8sreadySnapshot":1,"cluster":{"name":"a","context":"","server":"","version":"","takenAt":""}}"#;
        for (text, why) in [
            ("", "is empty"),
            ("{}\n", "first line"),
            ("{\"k8sreadySnapshot\":1}\n", "first line"),
            (&head.replace(":1", ":2"), "cut off"),
            (&format!("{}\n", head.replace(":1", ":2")), "format 2"),
            (&format!("{head}\n"), "no end"),
            (&format!("{head}\n{{\"of\":0,\"object\":{{}}}}\n"), "line 2 is not"),
            (&format!("{head}\n{{\"what\":1}}\n"), "line 2 is not"),
            (&format!("{head}\n{{\"end\":1}}\n"), "objects are missing"),
            (&format!("{head}\n{{\"end\":0}}\nmore\n"), "goes on"),
        ] {
            let error = read_from(&gzip(text)[..]).unwrap_err();
            assert!(error.contains(why), "{error} ({why})");
        }
        assert!(read_from(&b"PK\x03\x04"[..]).unwrap_err().contains("no gzip"));
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let error = read_from(&gzip(&" ".repeat(MAX_LINE + 2))[..]).unwrap_err();
        assert!(error.contains("more than a cluster can hold"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.gz");
        write_snapshot(&path, &scan()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(read_snapshot(&path).unwrap(), scan());
    }
}
