//! What one etcd member runs as: its release, the storage under its data directory, its resources.
//!
//! Which volume lies under a directory of the host cannot be seen from files.

use crate::facts::builder::FactBuilder;
use crate::facts::component::{Component, FlagTable};
use crate::facts::releases::Releases;
use crate::syntax::{Origin, View};
use crate::values::{ImageRef, Quantity};
use crate::vocabulary::NodeId;

/// Directories that usually lie in memory.
const IN_MEMORY: &[&str] = &["/dev/shm", "/run", "/var/run"];

/// `release`: what the image's tag says; null where nothing says it.
pub fn release(facts: &mut FactBuilder, releases: &Releases, component: &Component<'_>) -> NodeId {
    let anchor = Origin::Node(component.place);
    let Some(body) = component.body else { return facts.null(anchor) };
    let tag = body.get("imageTag").and_then(|tag| Some((tag.str()?.to_string(), tag)));
    let image = || {
        let image = body.get("image")?;
        Some((image.str()?.parse::<ImageRef>().ok()?.tag?, image))
    };
    let Some((text, place)) = tag.or_else(image) else { return facts.null(anchor) };
    releases.etcd(facts, &text, &Origin::Node(place.at()))
}

/// `storage`: `emptyDir`, `memory` or `disk`, at what says so.
pub fn storage(facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
    let flag = component.flags.text(table, "data-dir").ok().flatten();
    let configured = component.body.and_then(|body| body.get("dataDir"));
    let (path, origin) = match configured {
        Some(path) => (path.str().map(str::to_string), Origin::Node(path.at())),
        None => (flag, component.flags.origin(table, "data-dir")),
    };
    let Some(path) = path else { return facts.str("disk", origin) };
    let in_memory = |path: &str| {
        IN_MEMORY
            .iter()
            .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let Some(volume) = component.pod.zip(component.body).and_then(|(spec, body)| volume_below(spec, body, &path))
    else {
        return facts.str(if in_memory(&path) { "memory" } else { "disk" }, origin);
    };
    if let Some(key) = volume.key("emptyDir") {
        return facts.str("emptyDir", Origin::Key(key));
    }
    match volume.path("hostPath.path").filter(|host| host.str().is_some_and(in_memory)) {
        Some(host) => facts.str("memory", Origin::Node(host.at())),
        None => facts.str("disk", origin),
    }
}

/// The volume that is mounted at or above a path of a container.
fn volume_below<'a>(spec: View<'a>, container: View<'a>, path: &str) -> Option<View<'a>> {
    let holds = |mount: &View<'a>| {
        let folder = mount.str_at("mountPath").map(|folder| folder.trim_end_matches('/'));
        folder.and_then(|folder| path.strip_prefix(folder)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = container.get("volumeMounts").into_iter().flat_map(View::items).filter(holds);
    let name = mounts.max_by_key(|mount| mount.str_at("mountPath").map_or(0, str::len))?.str_at("name")?;
    spec.get("volumes")?.items().find(|volume| volume.str_at("name") == Some(name))
}

/// `resources`: `{requested, cpuLimit, memoryLimit}` of a container, in millicores and bytes; null for what is no container.
pub fn resources(facts: &mut FactBuilder, component: &Component<'_>) -> NodeId {
    let anchor = Origin::Node(component.place);
    let Some(container) = component.body.filter(|body| body.get("image").is_some()) else { return facts.null(anchor) };
    let origin = container.origin_of("resources");
    let requests = container.path("resources.requests");
    let requested = requests.is_some_and(|requests| requests.get("cpu").is_some() || requests.get("memory").is_some());
    let limit = |path: &'static str, read: fn(Quantity) -> Option<i64>| {
        let value = container.path(path)?;
        let text = value.str().map(str::to_string).or_else(|| value.int().map(|number| number.to_string()))?;
        Some((read(text.parse().ok()?)?, value))
    };
    let node = |facts: &mut FactBuilder, found: Option<(i64, View<'_>)>| match found {
        Some((number, value)) => facts.int(number, Origin::Node(value.at())),
        None => facts.null(origin.clone()),
    };
    let cpu = node(facts, limit("resources.limits.cpu", Quantity::millis));
    let memory = node(facts, limit("resources.limits.memory", Quantity::as_integer));
    let known = facts.bool(requested, origin.clone());
    facts.map(&[("requested", known), ("cpuLimit", cpu), ("memoryLimit", memory)], origin)
}
