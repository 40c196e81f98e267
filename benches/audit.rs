//! What an audit costs, part by part: parsing alone (the denominator), facts, evaluation, and the whole.
//!
//! The budgets are ratios: the whole at most 2.5 times parsing, twice the input at most 2.1 times the time.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark or test may stop")]

mod generator;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use k8sready::audit::{active, audit_inputs};
use k8sready::cli::{Args, Command, ConfigFile};
use k8sready::engine::{Passes, evaluate};
use k8sready::facts::{self, Assumptions};
use k8sready::inventory::{self, Input};
use k8sready::rule::RuleSet;
use k8sready::settings::{RuleSettings, Settings};
use k8sready::source::SourceKind;
use k8sready::syntax::Budget;
use k8sready::syntax::yaml::{Parsers, read_within};
use k8sready::vocabulary::{SourceId, Span};

const SEED: u64 = 20;

fn inputs(objects: usize) -> Vec<Input> {
    let files = generator::files(objects, SEED).into_iter();
    files.map(|(path, text)| Input { path, kind: SourceKind::File, named: false, text: Ok(text) }).collect()
}

fn settings() -> Settings {
    use clap::Parser as _;
    let Command::Audit(args) = Args::parse_from(["k8sready", "audit", "."]).command else { unreachable!() };
    Settings::build(&args, &ConfigFile::default(), "2026-11-24".parse().expect("a date")).expect("valid")
}

fn parse(inputs: &[Input], parsers: Parsers) -> usize {
    let read = |input: &Input| {
        let text: Arc<str> = Arc::from(input.text.as_deref().expect("text"));
        let whole = Span::new(0, text.len());
        read_within(SourceId(0), &text, whole, Budget::default(), parsers).0.len()
    };
    inputs.iter().map(read).sum()
}

fn benchmarks(criterion: &mut Criterion) {
    let settings = settings();
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let mut group = criterion.benchmark_group("audit");
    group.sample_size(10);
    for objects in [5_000, 10_000] {
        let inputs = inputs(objects);
        let bytes: usize = inputs.iter().map(|input| input.text.as_deref().map_or(0, str::len)).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        for (name, parsers) in [("parse", Parsers::CompleteOnly), ("parse-quick", Parsers::Both)] {
            let parse = || black_box(parse(&inputs, parsers));
            group.bench_function(format!("{name}/{objects}"), |bench| bench.iter(parse));
        }
        let whole =
            || black_box(audit_inputs(&settings, inputs.clone(), Vec::new()).expect("an audit").report.findings.len());
        group.bench_function(format!("whole-one-thread/{objects}"), |bench| bench.iter(|| one_thread.install(whole)));
        group.bench_function(format!("whole/{objects}"), |bench| bench.iter(whole));
    }
    let rules = RuleSet::built_in().expect("the rules");
    let active = active(&rules, &RuleSettings::default()).expect("a selection");
    let mut loaded = inventory::load(inputs(10_000), false);
    let facts = facts::build(&mut loaded.inventory, Assumptions::default()).expect("facts");
    group.bench_function("evaluate/10000", |bench| {
        bench.iter(|| black_box(evaluate(&loaded.inventory, &facts, &active, &[], Passes::Count).outcomes.len()));
    });
    group
        .bench_function("rules", |bench| bench.iter(|| black_box(RuleSet::built_in().expect("the rules").rules.len())));
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
