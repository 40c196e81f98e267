//! The `control-plane`, `node` and `etcd` subjects: how many of everything, reached through what.
//!
//! `kubeadm` reads kubeadm's documents; `etcd` judges nothing but says how etcd is reached and kept. Counting follows one
//! rule: only what names itself is counted. A lone InitConfiguration, or a join file that names no node, proves nothing
//! about how many will be made from it, and the number is unknown.

mod declared;
mod drift;
mod etcd;
mod etcd_member;
mod kubeadm;
mod networks;
mod node;
mod pool;
mod renewal;
mod zones;

pub use declared::{Declared, Endpoint};
pub use drift::drift;
pub use etcd::{Etcd, EtcdSource, Spread, Volume, contradiction, one_manifest};
pub use kubeadm::ControlPlane;
pub use node::{
    Joining, Taints, of_joining as node_of_joining, of_kube_proxy, of_kubeadm as node_of_kubeadm,
    of_tool as node_of_tool,
};
pub use pool::Pool;
pub use renewal::renewed;
pub use zones::{running_nodes, zones_of};
