//! What a pod names: ConfigMaps, Secrets and claims, its service account, the Service of a StatefulSet, its own labels.
//!
//! Says whether what is named is in the input. Where the input does not show everything of a kind, an absence is unknown:
//! Secrets are seldom kept with manifests, so a missing one counts only where others of its namespace are.

use super::Workload;
use crate::facts::builder::{Fallback, hidden};
use crate::inventory::{DocumentId, Fit, Labels, Link, hides, label_selector};
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// ConfigMaps that the cluster makes in every namespace.
const ALWAYS_THERE: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"];

/// Kinds that must select their own template.
const SELECTING: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"];

/// One name as written.
struct Named<'a> {
    kind: &'static str,
    name: View<'a>,
    key: Option<View<'a>>,
    optional: bool,
    /// A volume, not a variable.
    mounted: bool,
}

enum Answer {
    Yes,
    No,
    Unknown(Reason),
}

impl<'a> Workload<'a> {
    pub(super) fn references(&mut self) -> Vec<(&'static str, NodeId)> {
        let nodes: Vec<NodeId> = self.named().iter().map(|named| self.reference(named)).collect();
        let list = self.facts.list(&nodes);
        let (account, exists) = self.service_account();
        vec![
            ("references", list),
            ("serviceAccount", account),
            ("serviceAccountExists", exists),
            ("selectorMatches", self.selector_matches()),
            ("headlessService", self.headless_service()),
        ]
    }

    /// Every ConfigMap, Secret and claim that environment variables and volumes name.
    fn named(&self) -> Vec<Named<'a>> {
        let spec = self.template.spec;
        let mut all = Vec::new();
        for container in
            ["initContainers", "containers"].into_iter().flat_map(|list| spec.get(list)).flat_map(View::items)
        {
            for variable in container.get("env").into_iter().flat_map(View::items) {
                all.extend(whole(variable.path("valueFrom.configMapKeyRef"), "ConfigMap", "name", true));
                all.extend(whole(variable.path("valueFrom.secretKeyRef"), "Secret", "name", true));
            }
            for source in container.get("envFrom").into_iter().flat_map(View::items) {
                all.extend(whole(source.get("configMapRef"), "ConfigMap", "name", false));
                all.extend(whole(source.get("secretRef"), "Secret", "name", false));
            }
        }
        let variables = all.len();
        for volume in spec.get("volumes").into_iter().flat_map(View::items) {
            all.extend(whole(volume.get("configMap"), "ConfigMap", "name", false));
            all.extend(whole(volume.get("secret"), "Secret", "secretName", false));
            all.extend(whole(volume.get("persistentVolumeClaim"), "PersistentVolumeClaim", "claimName", false));
            for source in volume.path("projected.sources").into_iter().flat_map(View::items) {
                all.extend(whole(source.get("configMap"), "ConfigMap", "name", false));
                all.extend(whole(source.get("secret"), "Secret", "name", false));
            }
        }
        all[variables..].iter_mut().for_each(|named| named.mounted = true);
        all
    }

    fn reference(&mut self, named: &Named<'a>) -> NodeId {
        let origin = Origin::Node(named.name.at());
        let found = named.name.str().map(|name| self.inventory.named(self.id, named.kind, name)).unwrap_or_default();
        let exists = self.exists(named, &found);
        let has_key = self.has_key(named, &found);
        let key = match named.key {
            Some(key) => self.facts.refer(key.at()),
            None => self.facts.null(origin.clone()),
        };
        let key_origin = named.key.map_or_else(|| origin.clone(), |key| Origin::Node(key.at()));
        let fields = [
            ("kind", self.facts.str(named.kind, origin.clone())),
            ("name", self.facts.refer(named.name.at())),
            ("key", key),
            ("optional", self.facts.bool(named.optional, origin.clone())),
            ("exists", self.answer(exists, origin.clone())),
            ("hasKey", self.answer(has_key, key_origin)),
        ];
        self.facts.map(&fields, origin)
    }

    fn answer(&mut self, answer: Answer, origin: Origin) -> NodeId {
        match answer {
            Answer::Yes => self.facts.bool(true, origin),
            Answer::No => self.facts.bool(false, origin),
            Answer::Unknown(reason) => self.facts.unknown(reason, origin),
        }
    }

    fn exists(&self, named: &Named<'a>, found: &[DocumentId]) -> Answer {
        let Some(name) = named.name.str() else {
            return match hides(named.name) {
                Some(reason) => Answer::Unknown(reason.clone()),
                None => Answer::Yes,
            };
        };
        let always = named.kind == "ConfigMap" && ALWAYS_THERE.contains(&name)
            || named.kind == "PersistentVolumeClaim" && self.is_claim_template(named.name);
        if always || !found.is_empty() || self.surroundings.makes(self.inventory, self.id, named.kind, name) {
            return Answer::Yes;
        }
        let secret =
            named.kind == "Secret" && (named.mounted || !self.surroundings.keeps_secrets(self.inventory, self.id));
        match self.inventory.completeness(named.kind, self.id).reason() {
            Some(reason) => Answer::Unknown(reason.clone()),
            None if secret => Answer::Unknown(Reason::new(
                UnknownCode::Partial,
                "Secrets are often made at run time, or kept elsewhere",
            )),
            None if self.inventory.is_named_elsewhere(named.kind, name) => elsewhere(),
            None => Answer::No,
        }
    }

    /// Whether some of the found objects holds the key; true where none is asked for or nothing was found.
    fn has_key(&self, named: &Named<'a>, found: &[DocumentId]) -> Answer {
        let Some(key) = named.key.filter(|_| !found.is_empty()) else { return Answer::Yes };
        let Some(key) = key.str() else { return Answer::Yes };
        let mut doubt = None;
        for &id in found {
            let root = self.inventory.document(id).view(self.inventory.forest());
            let maps = ["data", "stringData", "binaryData"].into_iter().filter_map(|field| root.get(field));
            for map in maps.chain([root]) {
                if map.get(key).is_some() {
                    return Answer::Yes;
                }
                doubt = doubt.or_else(|| hides(map).cloned());
            }
        }
        doubt.map_or(Answer::No, Answer::Unknown)
    }

    /// Whether the volume is one that a StatefulSet's claim template takes the place of.
    fn is_claim_template(&self, claim: View<'a>) -> bool {
        let volumes = self.template.spec.get("volumes").into_iter().flat_map(View::items);
        let mut named = volumes.filter(|volume| {
            volume.path("persistentVolumeClaim.claimName").is_some_and(|name| name.at() == claim.at())
        });
        let Some(volume) = named.next().and_then(|volume| volume.str_at("name")) else { return false };
        let templates = self.root.path("spec.volumeClaimTemplates").into_iter().flat_map(View::items);
        templates.filter_map(|template| template.str_at("metadata.name")).any(|name| name == volume)
    }

    fn service_account(&mut self) -> (NodeId, NodeId) {
        let spec = self.template.spec;
        let path = if spec.get("serviceAccountName").is_none() && spec.get("serviceAccount").is_some() {
            "serviceAccount"
        } else {
            "serviceAccountName"
        };
        let name = self.facts.lookup(spec, path, Fallback::Str("default"));
        let origin = spec.origin_of(path);
        let answer = match spec.str_at(path) {
            Some("" | "default") => Answer::Yes,
            Some(name) if !self.inventory.named(self.id, "ServiceAccount", name).is_empty() => Answer::Yes,
            Some(name) => match self.inventory.completeness("ServiceAccount", self.id).reason() {
                Some(reason) => Answer::Unknown(reason.clone()),
                None if self.inventory.is_named_elsewhere("ServiceAccount", name) => elsewhere(),
                None => Answer::No,
            },
            None => hidden(spec, path).map_or(Answer::Yes, |reason| Answer::Unknown(reason.clone())),
        };
        (name, self.answer(answer, origin))
    }

    fn selector_matches(&mut self) -> NodeId {
        const PATH: &str = "spec.selector";
        let origin = self.root.origin_of(PATH);
        let applies = SELECTING.contains(&self.template.kind.kind) && self.template.kind.group != "extensions";
        let answer = match self.root.path(PATH) {
            _ if !applies => Answer::Yes,
            None => match hidden(self.root, PATH) {
                Some(reason) => Answer::Unknown(reason.clone()),
                None if self.inventory.environments()[self.inventory.document(self.id).environment.index()]
                    .kustomized =>
                {
                    Answer::Unknown(Reason::new(UnknownCode::Partial, "Kustomize may add the selector"))
                }
                None => Answer::No,
            },
            Some(selector) => match label_selector(selector) {
                None => Answer::No,
                Some(shown) if shown.selector.is_empty() && shown.hidden.is_none() => Answer::No,
                Some(shown) => match Labels::of(self.template.template).fit(&shown, |_, _| None) {
                    Fit::Yes => Answer::Yes,
                    Fit::No => Answer::No,
                    Fit::Perhaps(reason) => Answer::Unknown(reason),
                },
            },
        };
        self.answer(answer, origin)
    }

    /// The Service that gives a StatefulSet's pods their names.
    fn headless_service(&mut self) -> NodeId {
        const PATH: &str = "spec.serviceName";
        let origin = self.root.origin_of(PATH);
        let answer = match self.root.str_at(PATH) {
            _ if self.template.kind.kind != "StatefulSet" => Answer::Yes,
            None | Some("") => hidden(self.root, PATH).map_or(Answer::No, |reason| Answer::Unknown(reason.clone())),
            Some(name) => self.headless(name),
        };
        self.answer(answer, origin)
    }

    fn headless(&self, name: &str) -> Answer {
        let services = self.inventory.named(self.id, "Service", name);
        let mut doubt = self.inventory.completeness("Service", self.id).reason().cloned();
        for &service in &services {
            let root = self.inventory.document(service).view(self.inventory.forest());
            match (root.str_at("spec.clusterIP"), hidden(root, "spec.clusterIP")) {
                (Some("None"), _) if self.selected_by(service) => return Answer::Yes,
                (_, Some(reason)) => doubt = Some(reason.clone()),
                _ => {}
            }
        }
        match doubt {
            Some(reason) => Answer::Unknown(reason),
            None if services.is_empty() && self.inventory.is_named_elsewhere("Service", name) => elsewhere(),
            None => Answer::No,
        }
    }

    /// Whether a Service selects the pods, or may.
    fn selected_by(&self, service: DocumentId) -> bool {
        let links = self.inventory.links();
        links.from(Link::Service, service).contains(&self.id) || links.doubt(Link::Service, service).is_some()
    }
}

/// Another environment has it: a base that is built into this one, or a variant of it.
fn elsewhere() -> Answer {
    Answer::Unknown(crate::facts::declared_elsewhere())
}

/// A name and what goes with it, if the source is there.
fn whole<'a>(source: Option<View<'a>>, kind: &'static str, field: &str, keyed: bool) -> Option<Named<'a>> {
    let source = source?;
    let name = source.get(field)?;
    let key = if keyed { source.get("key") } else { None };
    let optional = source.get("optional").and_then(View::bool) == Some(true);
    Some(Named { kind, name, key, optional, mounted: false })
}
