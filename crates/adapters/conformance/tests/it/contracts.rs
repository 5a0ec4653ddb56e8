//! Every line of a contract names a rule, and every rule is named by a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ticketing_conformance::report::Family;

/// Module and name of each rule, by port.
type Rules = BTreeMap<String, BTreeSet<(String, String)>>;

#[test]
fn every_contract_line_has_its_rule_and_every_rule_its_line() {
    let (promised, proven) = (contracts(), rules());

    for (ports, proven) in &proven {
        let promised: BTreeSet<_> = ports.split(' ').flat_map(|port| of(&promised, port)).collect();
        let unproven: Vec<_> = promised.difference(proven).collect();
        let unpromised: Vec<_> = proven.difference(&promised).collect();
        assert!(unproven.is_empty(), "{ports}: no rule for the contract lines {unproven:?}");
        assert!(unpromised.is_empty(), "{ports}: no contract line for the rules {unpromised:?}");
    }
    let covered: BTreeSet<_> = proven.keys().flat_map(|ports| ports.split(' ')).collect();
    let uncovered: Vec<_> = promised.keys().filter(|port| !covered.contains(port.as_str())).collect();
    assert!(uncovered.is_empty(), "no family proves the contracts of {uncovered:?}");
}

fn of(rules: &Rules, port: &str) -> BTreeSet<(String, String)> {
    assert!(rules.contains_key(port), "{port} has no contract");
    rules.get(port).cloned().unwrap_or_default()
}

/// The rules of the kit, by the ports of their family.
fn rules() -> Rules {
    use ticketing_conformance::{
        attempt_keys, attempt_notes, audit_reader, clock, drafts, gateway, identity, limits, log, mailer, outbox,
        parking, search_index, sessions, store, ticket_feed, timers, transport,
    };

    let mut all = Rules::new();
    add(&mut all, &clock::CLOCK);
    add(&mut all, &store::ACCOUNT_STORE);
    add(&mut all, &store::TICKET_STORE);
    add(&mut all, &store::ORDER_STORE);
    add(&mut all, &store::PAYMENT_STORE);
    add(&mut all, &store::PASS_STORE);
    add(&mut all, &store::LETTER_STORE);
    add(&mut all, &outbox::OUTBOX);
    add(&mut all, &transport::TRANSPORT);
    add(&mut all, &parking::PARKING);
    add(&mut all, &timers::TIMERS);
    add(&mut all, &gateway::GATEWAY);
    add(&mut all, &attempt_keys::ATTEMPT_KEYS);
    add(&mut all, &attempt_notes::ATTEMPT_NOTES);
    add(&mut all, &identity::PASSWORDS);
    add(&mut all, &identity::TOKENS);
    add(&mut all, &identity::PASSES);
    add(&mut all, &identity::LINKS);
    add(&mut all, &search_index::SEARCH_INDEX);
    add(&mut all, &sessions::SESSIONS);
    add(&mut all, &limits::LIMITS);
    add(&mut all, &drafts::DRAFTS);
    add(&mut all, &mailer::MAILER);
    add(&mut all, &ticket_feed::TICKET_FEED);
    add(&mut all, &audit_reader::AUDIT_READER);
    add(&mut all, &log::EVENT_LOG);
    all
}

fn add<F: ?Sized>(all: &mut Rules, family: &Family<F>) {
    let rules = family.rules.iter().map(|rule| (family.module.to_owned(), rule.name.to_owned()));
    all.insert(family.ports.join(" "), rules.collect());
}

/// What the documentation of the ports promises.
fn contracts() -> Rules {
    let mut all = Rules::new();
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ticketing-core/src/ports")) {
        let source = fs::read_to_string(file).expect("a source file");
        let mut docs = String::new();
        for line in source.lines().map(str::trim_start) {
            if let Some(doc) = line.strip_prefix("///") {
                docs.push_str(doc);
                docs.push('\n');
            } else if !line.starts_with("#[") {
                if let (Some(port), Some(contract)) = (port(line), contract(&docs)) {
                    all.insert(port.to_owned(), promises(contract));
                }
                docs.clear();
            }
        }
    }
    all
}

/// Every file of a folder and of those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The name of the trait that a line declares.
fn port(line: &str) -> Option<&str> {
    let name = line.strip_prefix("pub trait ")?;
    name.split(|c: char| !c.is_alphanumeric()).next()
}

/// The contract section of a doc comment.
fn contract(docs: &str) -> Option<&str> {
    let (_, contract) = docs.split_once("# Contract\n")?;
    Some(contract.split_once("\n # ").map_or(contract, |(contract, _)| contract))
}

/// The rules that a contract names: the last word in backticks of each of its lines.
fn promises(contract: &str) -> BTreeSet<(String, String)> {
    let (introduction, lines) = contract.split_once("\n - ").expect("a contract has lines");
    let module = last_in_backticks(introduction).expect("a contract names the module of its rules");
    lines
        .split("\n - ")
        .map(|line| {
            let rule = last_in_backticks(line).unwrap_or_default();
            assert!(line.trim_end().ends_with(&format!("`{rule}`.")), "a contract line ends with its rule: {line}");
            (module.to_owned(), rule.to_owned())
        })
        .collect()
}

fn last_in_backticks(text: &str) -> Option<&str> {
    text.rsplit('`').nth(1)
}
