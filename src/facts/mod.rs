//! What an expert would say about the input: fact trees a subject, every value with an origin.
//!
//! An adapter knows one tool's vocabulary and fills one model; bytes, quoting and positions are others' business, and no
//! adapter judges. `descriptor` says what each subject offers to rules.

mod access;
mod builder;
mod network;
mod subject;
mod workload;

pub use builder::{FactBuilder, Fallback};
pub use subject::{Subject, SubjectKind};

use rayon::prelude::*;

use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Where a finding about an object points for want of better: its name, else its kind, else itself.
pub fn anchor(root: View<'_>) -> NodeRef {
    root.path("metadata.name").or_else(|| root.get("kind")).unwrap_or(root).at()
}

/// Another object as a fact: kind, name, namespace, and the object itself; it points at the object's name.
fn neighbour(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Str(""))),
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::Null)),
        ("object", facts.refer(root.at())),
    ];
    facts.map(&fields, Origin::Node(anchor(root)))
}

/// Builds the facts of every document and adds their trees to the inventory; returns the subjects in document order.
pub fn build(inventory: &mut Inventory) -> Result<Vec<Subject>, String> {
    let known = workload::Known::load()?;
    let first = inventory.forest().next_id().0;
    let ids: Vec<DocumentId> = inventory.objects().map(|(id, _)| id).collect();
    let shared = &*inventory;
    let built: Vec<(Tree, Vec<Subject>)> = ids
        .par_iter()
        .enumerate()
        .map(|(index, &id)| {
            let tree = TreeId(first + u32::try_from(index).unwrap_or(u32::MAX));
            object_facts(shared, &known, id, tree)
        })
        .collect();
    let mut subjects = Vec::new();
    for (tree, of_document) in built {
        inventory.add_tree(tree);
        subjects.extend(of_document);
    }
    Ok(subjects)
}

/// The facts of one object; kinds without facts get an empty tree and only the raw subject.
fn object_facts(inventory: &Inventory, known: &workload::Known, id: DocumentId, tree: TreeId) -> (Tree, Vec<Subject>) {
    let document = inventory.document(id);
    let built = match document.kind() {
        "Service" if document.key.as_ref().is_some_and(|key| key.group.is_empty()) => network::service(inventory, id, tree),
        "PodDisruptionBudget" => network::pdb(inventory, id, tree),
        "Role" | "ClusterRole" => access::role(inventory, id, tree),
        "RoleBinding" | "ClusterRoleBinding" => access::binding(inventory, id, tree),
        _ => workload::build(inventory, known, id, tree),
    };
    let (tree, mut subjects) = built.unwrap_or_else(|| (empty_tree(), Vec::new()));
    subjects.push(Subject::of(SubjectKind::Object, document.root, inventory, id));
    (tree, subjects)
}

fn empty_tree() -> Tree {
    Tree::new(crate::vocabulary::SourceId::default(), std::sync::Arc::from(""))
}
