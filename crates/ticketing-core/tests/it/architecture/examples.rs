//! Everything that people look up has an example, which the doc tests run.

use super::NONE;
use super::workspace::{Source, Tree};

/// Some items of a file, each as `path: line`, with its docs.
fn documented(source: &Source, is_item: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut docs = String::new();
    let mut found = Vec::new();
    for line in source.text.lines().map(str::trim) {
        if line.starts_with("///") {
            docs.push_str(line);
        } else if is_item(line) {
            found.push((format!("{}: {line}", source.path), std::mem::take(&mut docs)));
        } else if !line.starts_with("#[") {
            docs.clear();
        }
    }
    found
}

/// Checks that there are so many items at least, each with an example.
fn assert_examples(sources: &[Source], at_least: usize, is_item: impl Fn(&str) -> bool) {
    let found = sources.iter().flat_map(|source| documented(source, &is_item)).collect::<Vec<_>>();
    let silent = found.iter().filter(|(_, docs)| !docs.contains("```")).map(|(item, _)| item.clone());

    assert!(found.len() >= at_least, "only {} were found", found.len());
    assert_eq!(silent.collect::<Vec<_>>(), NONE, "have no example");
}

fn is_function(line: &str) -> bool {
    ["pub fn ", "pub const fn ", "pub async fn "].iter().any(|function| line.starts_with(function))
}

#[test]
fn every_port_has_an_example() {
    let ports = Tree::of("crates/ticketing-core/src/ports").sources();

    assert_examples(&ports, 20, |line| line.starts_with("pub trait "));
}

#[test]
fn every_use_case_has_an_example() {
    let mut services = Tree::of("crates/ticketing-core/src/usecase").sources();
    // Batchers decide what use cases ask of them.
    services.retain(|source| !source.path.contains("/batcher"));

    assert_examples(&services, 20, |line| line.starts_with("pub async fn "));
}

#[test]
fn everything_that_a_market_can_do_has_an_example() {
    let parts = ["builder", "market", "engines", "api", "testing"].map(|part| format!("crates/ticketing/src/{part}"));
    let mut market = Tree::of("crates/ticketing/src").sources();
    market.retain(|source| parts.iter().any(|part| source.path.starts_with(part)));

    assert_examples(&market, 35, is_function);
    assert_examples(&Tree::of("crates/ticketing/src/commands").sources(), 3, |line| line.starts_with("pub struct "));
}

#[test]
fn every_configuration_of_an_adapter_has_an_example() {
    let adapters = Tree::of(super::ADAPTERS).sources();

    assert_examples(&adapters, 6, |line| line.starts_with("pub struct ") && line.contains("Config "));
}
