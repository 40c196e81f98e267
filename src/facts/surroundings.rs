//! Surroundings: what other documents decide for a container, gathered once for the whole input.
//!
//! LimitRanges that fill in requests and limits, and images that Kustomize roots replace. Other transformers are not read.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::inventory::{DocumentId, EnvironmentId, Inventory};
use crate::syntax::View;
use crate::values::ImageRef;

/// Documents that decide for containers elsewhere.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// LimitRanges that fill in requests or limits, by namespace.
    defaults: FxHashMap<Option<Arc<str>>, Vec<(DocumentId, Defaults)>>,
    /// ResourceQuotas by namespace.
    quotas: FxHashMap<Option<Arc<str>>, Vec<DocumentId>>,
    /// Policies of other admission engines.
    guards: Vec<DocumentId>,
    /// What generators and operators make, by kind and name.
    made: FxHashMap<(&'static str, String), Vec<Maker>>,
    /// Secrets by namespace and folder.
    secrets: FxHashMap<Kept, Vec<DocumentId>>,
    /// Environments with a role that lets somebody create Secrets.
    secret_makers: FxHashSet<EnvironmentId>,
    /// Bindings by the names of service accounts that they grant something.
    granted: FxHashMap<String, Vec<DocumentId>>,
    /// Replacements by registry and repository of the image that they replace.
    images: FxHashMap<(String, String), Vec<Replacement>>,
}

/// Kinds of policies of other admission engines.
const GUARDS: &[&str] = &[
    "ClusterPolicy",
    "ValidatingPolicy",
    "ConstraintTemplate",
    "ClusterAdmissionPolicy",
    "ValidatingAdmissionPolicy",
    "SecurityContextConstraints",
];

/// Kinds whose controllers make an object: the kind, what it makes, and where its name stands.
const MAKERS: &[(&str, &str, &[&str])] = &[
    ("ExternalSecret", "Secret", &["spec.target.name", "metadata.name"]),
    ("SealedSecret", "Secret", &["spec.template.metadata.name", "metadata.name"]),
    ("Certificate", "Secret", &["spec.secretName"]),
    ("VaultStaticSecret", "Secret", &["spec.destination.name"]),
    ("VaultDynamicSecret", "Secret", &["spec.destination.name"]),
    ("InfisicalSecret", "Secret", &["spec.managedSecretReference.secretName"]),
    ("OnePasswordItem", "Secret", &["metadata.name"]),
    ("Bundle", "ConfigMap", &["metadata.name"]),
    ("Bundle", "Secret", &["metadata.name"]),
];

/// A namespace, and the folder in which its objects are kept.
type Kept = (Option<Arc<str>>, String);

fn kept(inventory: &Inventory, id: DocumentId) -> Kept {
    let folder = inventory.path(id).rsplit_once('/').map_or("", |(folder, _)| folder);
    (inventory.document(id).namespace(), folder.to_string())
}

/// Who makes an object.
#[derive(Debug)]
enum Maker {
    Object(DocumentId),
    /// The Kustomize root with this environment.
    Root(usize),
}

/// What takes the place of an image; only tag and digest matter here.
#[derive(Debug)]
struct Replacement {
    /// Index of the Kustomize root's environment.
    environment: usize,
    /// No digest, and a tag that moves.
    mutable: bool,
}

impl Surroundings {
    /// Reads all documents once.
    pub fn gather(inventory: &Inventory) -> Self {
        let environments: FxHashMap<&str, usize> =
            inventory.environments().iter().enumerate().map(|(at, found)| (found.path.as_str(), at)).collect();
        let mut surroundings = Surroundings::default();
        for (id, document) in inventory.objects() {
            let root = document.view(inventory.forest());
            match document.kind() {
                "LimitRange" => {
                    let defaults = Defaults::read(root);
                    surroundings.defaults.entry(inventory.document(id).namespace()).or_default().push((id, defaults));
                }
                "ResourceQuota" => surroundings.quotas.entry(inventory.document(id).namespace()).or_default().push(id),
                "Secret" => surroundings.secrets.entry(kept(inventory, id)).or_default().push(id),
                "RoleBinding" | "ClusterRoleBinding" => surroundings.add_granted(id, root),
                "Role" | "ClusterRole" if creates_secrets(root) => {
                    _ = surroundings.secret_makers.insert(document.environment)
                }
                kind if GUARDS.contains(&kind) => surroundings.guards.push(id),
                kind if MAKERS.iter().any(|(maker, ..)| *maker == kind) => surroundings.add_made(id, kind, root),
                // The environment of what a Kustomize root pulls in is named after the root's directory.
                "Kustomization" | "Component" => {
                    let path = inventory.path(id);
                    let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
                    if let Some(&environment) = environments.get(directory) {
                        surroundings.add_replacements(environment, root);
                        surroundings.add_generated(environment, root);
                    }
                }
                _ => {}
            }
        }
        surroundings
    }

    fn add_replacements(&mut self, environment: usize, root: View<'_>) {
        for entry in root.get("images").into_iter().flat_map(View::items) {
            let text = |key| entry.str_at(key).map(str::to_string);
            let name = entry.str_at("name").and_then(|name| name.parse::<ImageRef>().ok());
            let (tag, digest) = (text("newTag"), text("digest"));
            if let (Some(name), true) = (name, tag.is_some() || digest.is_some()) {
                let key = (name.registry.clone(), name.repository.clone());
                let mutable = ImageRef { tag, digest, ..name }.is_mutable_tag();
                self.images.entry(key).or_default().push(Replacement { environment, mutable });
            }
        }
    }

    fn add_granted(&mut self, id: DocumentId, root: View<'_>) {
        let subjects = root.get("subjects").into_iter().flat_map(View::items);
        for subject in subjects.filter(|subject| subject.str_at("kind") == Some("ServiceAccount")) {
            if let Some(name) = subject.str_at("name") {
                self.granted.entry(name.to_string()).or_default().push(id);
            }
        }
    }

    fn add_made(&mut self, id: DocumentId, kind: &str, root: View<'_>) {
        for (_, makes, paths) in MAKERS.iter().filter(|(maker, ..)| *maker == kind) {
            for name in paths.iter().filter_map(|path| root.str_at(path)) {
                self.made.entry((makes, name.to_string())).or_default().push(Maker::Object(id));
            }
        }
    }

    fn add_generated(&mut self, environment: usize, root: View<'_>) {
        for (list, makes) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
            let names = root.get(list).into_iter().flat_map(View::items).filter_map(|entry| entry.str_at("name"));
            for name in names {
                self.made.entry((makes, name.to_string())).or_default().push(Maker::Root(environment));
            }
        }
    }

    /// Whether a generator or an operator makes an object of that kind and name for `of`.
    pub fn makes(&self, inventory: &Inventory, of: DocumentId, kind: &'static str, name: &str) -> bool {
        let visible = &inventory.environments()[inventory.document(of).environment.index()].visible;
        let makers = self.made.get(&(kind, name.to_string()));
        makers.into_iter().flatten().any(|maker| match maker {
            Maker::Object(id) => inventory.meets(of, *id),
            Maker::Root(root) => visible.iter().any(|environment| environment.index() == *root),
        })
    }

    /// Whether the folder of `of` declares any Secret of its namespace: those who keep some there keep all.
    pub fn keeps_secrets(&self, inventory: &Inventory, of: DocumentId) -> bool {
        // Who may create Secrets makes them at run time.
        let visible = &inventory.environments()[inventory.document(of).environment.index()].visible;
        if visible.iter().any(|environment| self.secret_makers.contains(environment)) {
            return false;
        }
        let secrets = self.secrets.get(&kept(inventory, of));
        secrets.into_iter().flatten().any(|&secret| inventory.sees(of, secret))
    }

    /// Whether a binding in sight grants a service account of that name something.
    pub fn grants(&self, inventory: &Inventory, of: DocumentId, account: &str) -> bool {
        self.granted.get(account).into_iter().flatten().any(|&binding| inventory.sees(of, binding))
    }

    /// Whether a policy of another admission engine holds beside a namespace.
    pub fn guarded(&self, inventory: &Inventory, namespace: DocumentId) -> bool {
        self.guards.iter().any(|&guard| inventory.sees(namespace, guard))
    }

    /// Whether a namespace has a ResourceQuota.
    pub fn has_quota(&self, inventory: &Inventory, namespace: DocumentId, name: &Arc<str>) -> bool {
        let quotas = self.quotas.get(&Some(name.clone()));
        quotas.into_iter().flatten().any(|&quota| inventory.sees(namespace, quota))
    }

    /// Whether a namespace has a LimitRange.
    pub fn has_limit_range(&self, inventory: &Inventory, namespace: DocumentId, name: &Arc<str>) -> bool {
        let ranges = self.defaults.get(&Some(name.clone()));
        ranges.into_iter().flatten().any(|(range, _)| inventory.sees(namespace, *range))
    }

    /// The LimitRange that fills in what `row` names for the containers of `of`.
    pub fn limit_default(&self, inventory: &Inventory, of: DocumentId, row: usize) -> Option<DocumentId> {
        let ranges = self.defaults.get(&inventory.document(of).namespace())?;
        ranges.iter().find(|(range, defaults)| defaults.0[row] && inventory.sees(of, *range)).map(|(range, _)| *range)
    }

    /// Whether the image that runs can change under its reference, after Kustomize replaced it.
    pub fn mutable(&self, inventory: &Inventory, of: DocumentId, image: &ImageRef) -> bool {
        let visible = &inventory.environments()[inventory.document(of).environment.index()].visible;
        let seen = |entry: &&Replacement| visible.iter().any(|environment| environment.index() == entry.environment);
        let entries = self.images.get(&(image.registry.clone(), image.repository.clone()));
        entries.into_iter().flatten().find(seen).map_or_else(|| image.is_mutable_tag(), |entry| entry.mutable)
    }
}

fn creates_secrets(role: View<'_>) -> bool {
    let any = |rule: View<'_>, list: &str, words: [&str; 2]| {
        rule.get(list)
            .into_iter()
            .flat_map(View::items)
            .any(|item| item.str().is_some_and(|text| words.contains(&text)))
    };
    let mut rules = role.get("rules").into_iter().flat_map(View::items);
    rules.any(|rule| any(rule, "resources", ["secrets", "*"]) && any(rule, "verbs", ["create", "*"]))
}

/// What a LimitRange can fill in: the fact's name, the field that says so, the others that do in its absence. Without
/// `default`, the API server takes `max` for it, without `defaultRequest` first `default`, then `min`
/// (`SetDefaults_LimitRangeItem` of core/v1).
pub const DEFAULTED: &[(&str, &[&str], &str)] = &[
    ("cpuLimit", &["default", "max"], "cpu"),
    ("cpuRequest", &["defaultRequest", "default", "max", "min"], "cpu"),
    ("memoryLimit", &["default", "max"], "memory"),
    ("memoryRequest", &["defaultRequest", "default", "max", "min"], "memory"),
    ("storageLimit", &["default", "max"], "ephemeral-storage"),
];

/// Which rows of `DEFAULTED` a LimitRange fills in.
#[derive(Clone, Copy, Debug, Default)]
struct Defaults([bool; DEFAULTED.len()]);

impl Defaults {
    fn read(root: View<'_>) -> Self {
        let items = root.path("spec.limits").into_iter().flat_map(View::items);
        let mut defaults = Defaults::default();
        for item in items.filter(|item| item.str_at("type") == Some("Container")) {
            for (row, (_, fields, resource)) in DEFAULTED.iter().enumerate() {
                let given = |field: &&str| item.get(field).is_some_and(|values| values.get(resource).is_some());
                defaults.0[row] |= fields.iter().any(given);
            }
        }
        defaults
    }
}
