//! The metrics that the alerts and the dashboard name, and those that a text of metrics has.

use std::collections::BTreeSet;
use std::path::Path;

/// What operators are given to watch a marketplace with, in the folder of the repository.
const FILES: [&str; 2] = ["deploy/prometheus/rules.yaml", "deploy/grafana/ticketing.json"];

/// The text of a file of the repository.
pub(crate) fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    std::fs::read_to_string(path).expect(file)
}

/// Every metric that an alert or a panel names.
pub(crate) fn named() -> BTreeSet<String> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let texts = FILES.map(read);
    let words = texts.iter().flat_map(|text| text.split(|letter| !is_of_name(letter)));
    words.filter(|word| word.starts_with("ticketing_")).map(str::to_owned).collect()
}

/// Every metric that a marketplace gives.
pub(crate) fn given(metrics: &str) -> BTreeSet<String> {
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    let names = samples.filter_map(|line| line.split(['{', ' ']).next());
    names.filter(|name| name.starts_with("ticketing_")).map(str::to_owned).collect()
}
