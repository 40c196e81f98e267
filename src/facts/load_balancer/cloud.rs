//! Balancers that a cloud makes: those of kOps and of Cluster API on AWS in front of API servers, and those of Services.
//!
//! Sources: kOps `pkg/apis/kops/v1alpha2` and `upup/pkg/fi/cloudup/populatecluster_spec.go` (class Classic and type Public
//! where nothing is said); cluster-api-provider-aws `AWSLoadBalancerSpec` (classic, internet-facing, open to everybody);
//! cloud-provider-aws and the AWS Load Balancer Controller (annotations of Services; without a type it is a classic one).

use super::{Balancer, Check};
use crate::facts::builder::FactBuilder;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

/// What a cloud's balancer is like.
#[derive(Default)]
pub(super) struct Cloud {
    /// `classic`, `network`, `application` or `dns` (names only, no balancer), and where that is said.
    pub kind: Option<(&'static str, Origin)>,
    /// It sends to back ends of all zones, where somebody says so.
    pub crosses_zones: Option<(bool, Origin)>,
    /// Where it shows that everybody on the internet reaches it.
    pub open: Option<Origin>,
}

impl Cloud {
    /// `kind`, `crossesZones` and `open`.
    pub(super) fn facts(&self, facts: &mut FactBuilder, place: &Origin) -> [(&'static str, NodeId); 3] {
        let (kind, at) = self.kind.clone().map_or((None, place.clone()), |(kind, at)| (Some(kind), at));
        let crosses = match &self.crosses_zones {
            Some((crosses, at)) => facts.bool(*crosses, at.clone()),
            None => facts.null(place.clone()),
        };
        let open = self.open.clone();
        [
            ("kind", facts.opt_str(kind, at)),
            ("crossesZones", crosses),
            ("open", facts.bool(open.is_some(), open.unwrap_or_else(|| place.clone()))),
        ]
    }
}

/// The balancer that a document makes a cloud put before API servers or a Service.
pub(super) fn read<'a>(inventory: &'a Inventory, id: DocumentId, root: View<'a>) -> Option<Balancer<'a>> {
    let key = inventory.document(id).key.as_ref()?;
    match &*key.kind {
        "Cluster" if &*key.group == "kops.k8s.io" => Some(kops(root)),
        "AWSCluster" => aws_cluster(root),
        "Service" if key.group.is_empty() => service(root),
        _ => None,
    }
}

/// Ranges that mean everybody.
fn is_everybody(range: View<'_>) -> bool {
    matches!(range.str(), Some("0.0.0.0/0" | "::/0"))
}

fn everybody(list: Option<View<'_>>) -> Option<Origin> {
    list.into_iter().flat_map(View::items).find(|range| is_everybody(*range)).map(|range| Origin::Node(range.at()))
}

fn at(view: View<'_>) -> Origin {
    Origin::Node(view.at())
}

fn of_api<'a>(tool: &'static str, root: View<'a>, cloud: Cloud) -> Balancer<'a> {
    let place = crate::facts::anchor(root);
    let name = root.str_at("metadata.name").unwrap_or_default();
    let check = (Check::Tcp, Origin::Node(place));
    Balancer { api_server: true, check, cloud, ..Balancer::new(tool, "Cluster", name, place) }
}

fn kops(root: View<'_>) -> Balancer<'_> {
    let balancer = root.path("spec.api.loadBalancer");
    let access = everybody(root.path("spec.kubernetesApiAccess").or_else(|| root.path("spec.api.access")));
    let cloud = root.path("spec.cloudProvider");
    let on_aws = cloud.is_some_and(|cloud| cloud.str() == Some("aws") || cloud.get("aws").is_some());
    let internal = balancer.is_some_and(|balancer| balancer.str_at("type") == Some("Internal"));
    let kind = match balancer {
        Some(balancer) => match balancer.get("class") {
            Some(class) if class.str() == Some("Network") => Some(("network", at(class))),
            Some(class) if class.str() == Some("Classic") => Some(("classic", at(class))),
            None if on_aws => Some(("classic", balancer.key("type").map_or_else(|| at(balancer), Origin::Key))),
            _ => None,
        },
        None => by_names_only(root),
    };
    let cross = balancer.and_then(|balancer| balancer.get("crossZoneLoadBalancing"));
    let crosses_zones = cross.and_then(|cross| Some((cross.bool()?, at(cross))));
    of_api("kops", root, Cloud { kind, crosses_zones, open: access.filter(|_| !internal) })
}

/// `spec.api.dns`, with several members of etcd and so several API servers behind one name.
fn by_names_only(root: View<'_>) -> Option<(&'static str, Origin)> {
    let api = root.path("spec.api")?;
    let dns = api.key("dns")?;
    let mut clusters = root.path("spec.etcdClusters").into_iter().flat_map(View::items);
    let several = clusters.any(|etcd| etcd.get("etcdMembers").is_some_and(|members| members.items().len() > 1));
    several.then_some(("dns", Origin::Key(dns)))
}

fn aws_cluster(root: View<'_>) -> Option<Balancer<'_>> {
    let section = root.path("spec.controlPlaneLoadBalancer").filter(|section| section.is_map())?;
    let kind = match section.get("loadBalancerType") {
        Some(kind) => match kind.str()? {
            "disabled" => return None,
            "nlb" => Some(("network", at(kind))),
            "alb" => Some(("application", at(kind))),
            "classic" | "elb" => Some(("classic", at(kind))),
            _ => None,
        },
        None => section.entries().next().and_then(|(name, _)| Some(("classic", Origin::Key(section.key(name)?)))),
    };
    let scheme = section.get("scheme");
    let internal = scheme.is_some_and(|scheme| scheme.str() == Some("internal") || scheme.unknown().is_some());
    let rules = section.get("ingressRules").filter(|rules| !rules.is_null());
    let listed = rules.into_iter().flat_map(View::items).find_map(|rule| everybody(rule.get("cidrBlocks")));
    let unruled = scheme.filter(|_| rules.is_none()).map(at);
    let cross = section.get("crossZoneLoadBalancing");
    let crosses_zones = cross.and_then(|cross| Some((cross.bool()?, at(cross))));
    let open = listed.or(unruled).filter(|_| !internal);
    Some(of_api("cluster-api", root, Cloud { kind, crosses_zones, open }))
}

/// What the annotations of a cloud begin with.
const AWS: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// A Service whose annotations say what AWS makes for it.
fn service(root: View<'_>) -> Option<Balancer<'_>> {
    if root.str_at("spec.type") != Some("LoadBalancer") {
        return None;
    }
    let notes = root.path("metadata.annotations")?;
    let annotation = |name: &str| notes.get(&format!("{AWS}{name}"));
    let first = notes.entries().find(|(name, _)| name.starts_with(AWS))?.0;
    let of_controller = root.path("spec.loadBalancerClass").is_some() || annotation("nlb-target-type").is_some();
    let kind = match annotation("type") {
        Some(kind) => match kind.str() {
            Some("nlb" | "nlb-ip" | "external") => Some(("network", at(kind))),
            _ => None,
        },
        None if of_controller => None,
        None => notes.key(first).map(|key| ("classic", Origin::Key(key))),
    };
    let off = |note: View<'_>| (note.str() == Some("false")).then(|| (false, at(note)));
    let by_attribute =
        |note: View<'_>| note.str()?.contains("load_balancing.cross_zone.enabled=false").then(|| (false, at(note)));
    let crosses_zones = annotation("cross-zone-load-balancing-enabled")
        .and_then(off)
        .or_else(|| annotation("attributes").and_then(by_attribute));
    let place = crate::facts::anchor(root);
    let name = root.str_at("metadata.name").unwrap_or_default();
    let cloud = Cloud { kind, crosses_zones, open: None };
    Some(Balancer { cloud, ..Balancer::new("service", "Service", name, place) })
}

/// Where a Service shows that everybody on the internet reaches it: it has no list of ranges, or one with everybody in it,
/// and nothing keeps its balancer inside.
pub(super) fn open_service(root: View<'_>, kind: View<'_>) -> Option<Origin> {
    if kind.str() != Some("LoadBalancer") {
        return None;
    }
    let mut notes = root.path("metadata.annotations").into_iter().flat_map(View::entries);
    let internal = notes.any(|(name, value)| {
        let text = value.str().unwrap_or_default().to_ascii_lowercase();
        (name.ends_with("load-balancer-scheme") && text == "internal")
            || (name.contains("internal") && text != "false")
            || (name.ends_with("load-balancer-type") && text == "internal")
            || name.starts_with("metallb")
    });
    let ranges = root.path("spec.loadBalancerSourceRanges").filter(|ranges| !ranges.is_null());
    match ranges {
        _ if internal => None,
        Some(ranges) => everybody(Some(ranges)),
        None => Some(at(kind)),
    }
}
