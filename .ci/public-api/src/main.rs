//! Prints the public API of a crate, a line for each item, from its rustdoc JSON.

use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("public-api-text FILE.json")?;
    // What every type has, or derives, tells nobody anything.
    let api = public_api::Builder::from_rustdoc_json(std::path::PathBuf::from(json))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    let mut out = std::io::stdout().lock();
    for item in api.items() {
        writeln!(out, "{item}")?;
    }
    Ok(())
}
