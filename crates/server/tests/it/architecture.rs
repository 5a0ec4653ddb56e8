//! The layout of this crate, as a test.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let nested = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn the_composition_root_alone_names_adapters() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");

    let elsewhere = |path: &&PathBuf| !path.ends_with("wiring.rs") && !path.starts_with(source.join("wiring"));
    for path in sources(&source).iter().filter(elsewhere) {
        let text = fs::read_to_string(path).expect("text");
        for adapter in ["memory", "crypto", "mongodb", "kafka", "redis"] {
            assert!(!text.contains(&format!("ticketing_{adapter}")), "{} names {adapter}", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in sources(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.starts_with("//! "), "{}", path.display());
    }
}
