//! k8sready: a production-readiness auditor for Kubernetes.
//!
//! The modules below are the layers, in the order of the flow; each imports only from those above it.

pub mod vocabulary;

pub mod source;

pub mod syntax;

pub mod values;

pub mod expr;

pub mod inventory;

pub mod facts;

pub mod rule;

pub mod engine;

pub mod triage;

pub mod score;

pub mod report;

pub mod cli;

pub mod settings;

pub mod audit;

pub mod commands;
