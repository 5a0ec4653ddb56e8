//! The shape of the workspace: who may know whom, and what must not be found where.
//!
//! Each test is one arrow or one habit of `ARCHITECTURE.md` and `CONTRIBUTING.md`.
//! A test names every offender, so that one run shows everything to correct.

mod examples;
mod port;
mod words;
mod workspace;

use std::collections::BTreeSet;
use std::process::Command;

use port::{contract_rules, port_traits};
use workspace::{Source, Tree, read, root, tree};

const NONE: [String; 0] = [];

/// The modules of the core from the ground up: each knows those before it.
const FLOORS: [&str; 6] = ["domain", "wire", "ports", "messaging", "usecase", "assembly"];

const ADAPTERS: &str = "crates/adapters";

/// The names of all adapter packages, the conformance kit among them.
fn adapters() -> BTreeSet<String> {
    let folders = tree().folders_under(ADAPTERS);
    folders.iter().map(|folder| tree().package(folder)).collect()
}

fn outside(path: &'static str) -> impl Fn(&&Source) -> bool {
    move |source| !source.path.starts_with(path)
}

/// Every Rust file but the ones that name what is forbidden in order to forbid it.
fn rust_files() -> Vec<Source> {
    let own = "crates/ticketing-core/tests/it/architecture";
    tree().sources().into_iter().filter(|source| !source.path.starts_with(own)).collect()
}

#[test]
fn the_domain_knows_no_io_and_no_clock() {
    let forbidden = ["async ", ".await", "tracing", "SystemTime", "Instant", "tokio"];
    let domain = Tree::of("crates/ticketing-core/src/domain").sources();

    assert!(domain.len() > 5);
    assert_eq!(domain.iter().flat_map(|source| source.code_with(&forbidden)).collect::<Vec<_>>(), NONE);
}

#[test]
fn no_floor_of_the_core_knows_one_above_it() {
    let sources = Tree::of("crates/ticketing-core/src").sources();
    for (number, floor) in FLOORS.iter().enumerate() {
        let [file, folder] = [".rs", "/"].map(|end| format!("crates/ticketing-core/src/{floor}{end}"));
        let own = |source: &&Source| source.path == file || source.path.starts_with(&folder);
        let above = FLOORS.iter().skip(number + 1).map(|floor| format!("crate::{floor}")).collect::<Vec<_>>();
        let above = above.iter().map(String::as_str).collect::<Vec<_>>();
        let upward = sources.iter().filter(own).flat_map(|source| source.code_with(&above));

        assert!(sources.iter().any(|source| source.path == file), "{floor} is a module");
        assert_eq!(upward.collect::<Vec<_>>(), NONE, "{floor} knows what is above it");
    }
}

#[test]
fn the_core_brings_no_runtime_and_no_vendor() {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "-p", "ticketing-core", "-e", "normal", "--prefix", "none", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    let listed = String::from_utf8(cargo.stdout).unwrap();
    let forbidden = ["tokio", "axum", "hyper", "leptos", "rdkafka", "mongodb", "redis", "mockall"];
    let names = listed.lines().filter_map(|line| line.split(' ').next());

    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    assert!(listed.starts_with("ticketing-core "), "{listed}");
    assert_eq!(names.filter(|name| forbidden.contains(name)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_adapter_knows_the_core_and_no_other_adapter() {
    for folder in tree().folders_under(ADAPTERS) {
        let ours = |name: &String| name.starts_with("ticketing-") && name != "ticketing-core";

        assert_eq!(tree().dependencies(&folder, "dependencies").into_iter().filter(ours).collect::<Vec<_>>(), NONE);
        assert_eq!(
            tree().dependencies(&folder, "build-dependencies").into_iter().filter(ours).collect::<Vec<_>>(),
            NONE
        );
    }
}

#[test]
fn an_adapter_is_tested_with_the_kit_and_the_reference_alone() {
    let helpers = ["ticketing-core", "ticketing-conformance", "ticketing-memory"];
    for folder in tree().folders_under(ADAPTERS) {
        let others = tree().dependencies(&folder, "dev-dependencies");
        let others = others.into_iter().filter(|name| name.starts_with("ticketing-"));

        assert_eq!(others.filter(|name| !helpers.contains(&name.as_str())).collect::<Vec<_>>(), NONE, "{folder}");
    }
}

#[test]
fn the_core_knows_none_of_the_other_crates() {
    let ours = tree().dependencies("crates/ticketing-core", "dependencies");

    assert_eq!(ours.into_iter().filter(|name| name.starts_with("ticketing-")).collect::<Vec<_>>(), NONE);
}

#[test]
fn the_api_knows_the_core_alone() {
    let known = tree().dependencies("crates/api", "dependencies");
    let ours = known.into_iter().filter(|name| name.starts_with("ticketing-") || name == "axum");

    assert_eq!(ours.collect::<Vec<_>>(), ["ticketing-core"]);
}

#[test]
fn pages_know_neither_a_server_nor_an_adapter() {
    let known = tree().dependencies("crates/web", "dependencies");
    let forbidden = |name: &String| {
        let server = ["axum", "hyper", "tower", "tower-http", "tokio", "ticketing-server"];
        server.contains(&name.as_str()) || adapters().contains(name)
    };

    assert_eq!(known.into_iter().filter(forbidden).collect::<Vec<_>>(), NONE);
}

#[test]
fn the_server_names_adapters_where_it_is_put_together() {
    let names = adapters().into_iter().map(|name| name.replace('-', "_")).collect::<Vec<_>>();
    let names = names.iter().map(String::as_str).collect::<Vec<_>>();
    let server = Tree::of("crates/server/src").sources();
    let elsewhere =
        server.iter().filter(outside("crates/server/src/wiring")).filter(outside("crates/server/src/embed.rs"));

    assert!(names.contains(&"ticketing_memory"));
    assert_eq!(elsewhere.flat_map(|source| source.code_with(&names)).collect::<Vec<_>>(), NONE);
}

#[test]
fn http_statuses_are_the_servers_business() {
    let sources = Tree::of("crates").sources();
    let own = "crates/ticketing-core/tests/it/architecture";
    let elsewhere = sources.iter().filter(outside("crates/server/")).filter(outside(own));

    assert_eq!(elsewhere.flat_map(|source| source.code_with(&["StatusCode"])).collect::<Vec<_>>(), NONE);
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    let silent = tree().sources().into_iter().filter(|source| !source.text.starts_with("//! "));

    assert_eq!(silent.map(|source| source.path).collect::<Vec<_>>(), NONE);
}

#[test]
fn no_file_or_folder_is_a_drawer_for_everything() {
    let drawers = ["utils", "util", "common", "helpers", "types", "models", "shared", "misc"];
    let is_drawer = |path: &str| path.split('/').any(|part| drawers.contains(&part.trim_end_matches(".rs")));

    assert_eq!(tree().sources().into_iter().map(|s| s.path).filter(|path| is_drawer(path)).collect::<Vec<_>>(), NONE);
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    let forbidden = ["#[ignore", "#[should_panic", "todo!", "unimplemented!", "dbg!"];

    assert_eq!(rust_files().iter().flat_map(|source| source.code_with(&forbidden)).collect::<Vec<_>>(), NONE);
}

#[test]
fn a_lint_is_silenced_with_a_reason() {
    let sources = rust_files();
    let silenced = sources.iter().flat_map(|source| source.code_with(&["[allow(", "[expect("]));

    assert_eq!(silenced.filter(|line| !line.contains("reason =")).collect::<Vec<_>>(), NONE);
}

#[test]
fn tests_wait_for_conditions_and_never_for_durations() {
    let sources = rust_files();
    let tests = sources.iter().filter(|source| source.path.contains("/tests/"));
    let sleeps = tests.flat_map(|source| source.code_with(&["thread::sleep", "time::sleep", "time::{sleep"]));
    // A real engine has its own clock, and a process is looked at again and again.
    let is_excused = |line: &String| ["// time is real", "// between two looks"].iter().any(|why| line.ends_with(why));

    assert_eq!(sleeps.filter(|line| !is_excused(line)).collect::<Vec<_>>(), NONE);
}

#[test]
fn a_port_is_small_and_promises_nothing_by_default() {
    let ports = port_traits();
    let large = ports.iter().filter(|port| port.methods > 7).map(|port| port.name.clone());
    let default = ports.iter().filter(|port| port.default_methods > 0).map(|port| port.name.clone());

    assert!(ports.iter().any(|port| port.name == "OrderStore" && port.methods == 7));
    assert_eq!(large.collect::<Vec<_>>(), NONE);
    assert_eq!(default.collect::<Vec<_>>(), NONE);
}

#[test]
fn every_promise_of_a_port_is_a_rule_and_every_rule_a_promise() {
    let listed = read("crates/adapters/conformance/src/macros.rs");
    let is_word =
        |line: &&str| line.contains('_') && line.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
    let rules = listed.lines().map(str::trim).filter(is_word).map(str::to_owned).collect::<BTreeSet<_>>();
    let promises = contract_rules();

    assert!(promises.len() > 50);
    assert_eq!(promises.difference(&rules).collect::<Vec<_>>(), [""; 0], "promised, but no rule");
    assert_eq!(rules.difference(&promises).collect::<Vec<_>>(), [""; 0], "a rule, but not promised");
}

#[test]
fn every_error_code_is_documented_and_every_documented_one_exists() {
    let edges = [Tree::of("crates/ticketing-core/src/usecase"), Tree::of("crates/server/src")];
    let sources = edges.iter().flat_map(Tree::sources).collect::<Vec<_>>();
    let used = sources.iter().flat_map(Source::error_codes).collect::<BTreeSet<_>>();
    let docs = read("docs/errors.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented = rows.map(|(code, _)| code.to_owned()).collect::<BTreeSet<_>>();

    assert!(used.contains("sold_out"));
    assert_eq!(used.difference(&documented).collect::<Vec<_>>(), [""; 0], "used, but not in docs/errors.md");
    let is_used = |code: &&String| sources.iter().any(|source| source.text.contains(&format!("\"{code}\"")));
    let unused = documented.iter().filter(|code| !is_used(code));
    assert_eq!(unused.collect::<Vec<_>>(), [""; 0], "in docs/errors.md, but never used");
}

#[test]
fn every_dependency_has_its_reason() {
    let reasons = read("docs/decisions/0007-dependencies.md");
    let ours = |name: &String| name == "ticketing" || name.starts_with("ticketing-");
    let named = tree().dependencies(".", "workspace.dependencies");

    assert!(named.len() > 10);
    let unexplained = named.into_iter().filter(|name| !ours(name) && !reasons.contains(&format!("`{name}`")));
    assert_eq!(unexplained.collect::<Vec<_>>(), NONE);
}

#[test]
fn every_crate_is_on_the_map() {
    let map = read("ARCHITECTURE.md");
    let crates = [tree().folders_under("crates"), tree().folders_under(ADAPTERS)].concat();
    let missing = crates.into_iter().filter(|folder| !map.contains(&format!("`{folder}")));

    assert_eq!(missing.collect::<Vec<_>>(), NONE);
}
