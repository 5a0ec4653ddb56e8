//! Writes every page and every letter, filled with sample data, into a directory.
//!
//! `cargo run -p ticketing-web --example gallery -- DIR`, then serve `DIR` with
//! any static file server and open `index.html`.

mod letters;
mod people;
mod samples;
mod trade;

use std::path::Path;
use std::{env, fs, io};

use ticketing_web::{asset, icon_path, script_path, stylesheet_path};

fn main() -> io::Result<()> {
    let Some(directory) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: gallery DIR"));
    };
    let directory = Path::new(&directory);
    fs::create_dir_all(directory.join("assets"))?;
    for path in [stylesheet_path(), script_path(), icon_path()] {
        let asset = asset(path).ok_or(io::ErrorKind::NotFound)?;
        fs::write(directory.join(path.trim_start_matches('/')), asset.bytes)?;
    }
    let pages: Vec<_> = trade::pages().into_iter().chain(people::pages()).collect();
    for (name, html) in &pages {
        fs::write(directory.join(format!("{name}.html")), html)?;
    }
    let letters = letters::write(&directory.join("letters"))?.into_iter().map(|name| format!("letters/{name}"));
    let names: Vec<_> = pages.iter().map(|(name, _)| (*name).to_owned()).chain(letters).collect();
    fs::write(directory.join("index.html"), index(&names))
}

fn index(names: &[String]) -> String {
    let links = names.iter().map(|name| format!("<li><a href=\"{name}.html\">{name}</a></li>"));
    format!("<!DOCTYPE html><title>Gallery</title><ul>{}</ul>", links.collect::<String>())
}
