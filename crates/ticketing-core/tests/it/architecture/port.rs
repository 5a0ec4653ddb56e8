//! Reads the ports: their methods, and what their contracts promise.

use std::collections::BTreeSet;

use super::workspace::{Source, Tree};

/// A trait of `ports/`, counted.
pub(super) struct Port {
    pub(super) name: String,
    pub(super) methods: usize,
    pub(super) default_methods: usize,
}

/// Every public trait of `ports/`.
pub(super) fn port_traits() -> Vec<Port> {
    sources()
        .iter()
        .flat_map(|source| source.text.split("\npub trait ").skip(1).map(port).collect::<Vec<_>>())
        .collect()
}

/// Every rule that a contract of `ports/` names.
pub(super) fn contract_rules() -> BTreeSet<String> {
    sources()
        .iter()
        .flat_map(|source| source.text.split("/// # Contract").skip(1).flat_map(promises).collect::<Vec<_>>())
        .collect()
}

fn sources() -> Vec<Source> {
    Tree::of("crates/ticketing-core/src/ports").sources()
}

/// Counts the methods of a trait whose text begins with its name.
fn port(text: &str) -> Port {
    let (body, _) = text.split_once("\n}").expect("a trait ends");
    let name = body.split([':', ' ', '{']).next().unwrap_or_default().to_owned();
    let code = body.lines().skip(1).filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let methods = code.split("fn ").skip(1).collect::<Vec<_>>();
    let default_methods = methods.iter().filter(|method| has_body(method)).count();
    Port { name, methods: methods.len(), default_methods }
}

/// Whether a body begins before the declaration ends.
fn has_body(method: &str) -> bool {
    method.find('{').is_some_and(|body| method.find(';').is_none_or(|end| body < end))
}

/// The last word in backticks of each item of a contract, which ends where the next section begins.
fn promises(contract: &str) -> Vec<String> {
    let lines = contract.lines().skip(1).map_while(|line| line.trim_start().strip_prefix("///"));
    let items = lines.take_while(|line| !line.starts_with(" # ")).collect::<Vec<_>>().join(" ");
    let items = items.split(" - ").skip(1).filter_map(|item| item.trim().strip_suffix("`."));
    items.filter_map(|item| item.rsplit('`').next()).map(str::to_owned).collect()
}
