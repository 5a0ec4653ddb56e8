//! The layout of this crate, as a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The modules of this crate from the ground up, folders and files alike: each knows those before it.
const FLOORS: [&str; 17] = [
    "say",
    "network",
    "config",
    "telemetry",
    "state",
    "http",
    "remote",
    "live",
    "api",
    "site",
    "demo",
    "runtime",
    "marketplace",
    "wiring",
    "surface",
    "embed",
    "serve",
];
/// What stands above all: the command line, and the roots of the library and the program.
const TOP: [&str; 3] = ["cli", "lib", "main"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let nested = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The floor that a file belongs to: its folder, or the file itself.
fn floor(path: &Path) -> String {
    let path = path.strip_prefix(source()).expect("below the sources");
    let first = path.iter().next().expect("a name").to_str().expect("text");
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of the crate that a file names, behind `crate::` and in braces behind it; its own tests may name any.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.split("crate::").skip(1).flat_map(heads).collect()
}

/// The first name of each path that follows `crate::`.
fn heads(rest: &str) -> Vec<String> {
    let name = |path: &str| path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut depth = 0;
    let mut heads = vec![String::new()];
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => heads.push(String::new()),
            _ => {
                depth += i32::from(character == '{') - i32::from(character == '}');
                heads.last_mut().expect("one at least").push(character);
            }
        }
    }
    heads.iter().map(|path| name(path)).filter(|head| !head.is_empty()).collect()
}

#[test]
fn no_floor_knows_one_above_it() {
    let mut upward = BTreeSet::new();
    for path in sources(&source()) {
        let floor = floor(&path);
        if TOP.contains(&&*floor) {
            continue;
        }
        let own = FLOORS.iter().position(|known| *known == floor);
        let own = own.unwrap_or_else(|| panic!("{floor} stands on no floor"));
        let below = FLOORS.get(..=own).expect("its own floor and those before it");
        let text = fs::read_to_string(&path).expect("text");
        let above = named(&text).into_iter().filter(|name| !below.contains(&&**name));
        upward.extend(above.map(|name| format!("{floor} knows {name}: {}", path.display())));
    }

    assert_eq!(upward, BTreeSet::new());
}

#[test]
fn names_are_found_in_braces_too() {
    let found =
        named("use crate::http::{client, limits};\nuse crate::{\n    demo::{a, b},\n    wiring,\n};\n// crate::site\n");

    assert_eq!(found.iter().collect::<Vec<_>>(), ["demo", "http", "wiring"]);
}

#[test]
fn the_api_alone_brings_no_pages_and_no_program() {
    let cargo = Command::new(env!("CARGO"))
        .args(["tree", "-p", "ticketing-server", "--no-default-features", "-e", "normal", "--prefix", "none"])
        .args(["--offline", "--locked"])
        // Otherwise what other crates of the workspace need counts, too.
        .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION")
        .output()
        .expect("cargo runs");
    let listed = String::from_utf8(cargo.stdout).expect("text");
    let names: BTreeSet<_> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    let forbidden =
        ["argon2", "clap", "leptos", "ticketing-crypto", "ticketing-web", "tower-http", "tracing-subscriber"];

    assert!(names.contains("ticketing-server") && names.contains("axum"), "{listed}");
    assert_eq!(forbidden.iter().filter(|name| names.contains(**name)).collect::<Vec<_>>(), [&""; 0]);
}
