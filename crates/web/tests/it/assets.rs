//! The files that pages refer to are there, and only they.

use ticketing_web::{asset, door_script_path, script_path, search_script_path, stylesheet_path};

use crate::pages::{pages, select};

#[test]
fn every_file_that_a_page_refers_to_is_there() {
    for (name, page) in pages("plain") {
        let links =
            select(&page, "link[rel=icon], link[rel=stylesheet]").into_iter().filter_map(|link| link.attr("href"));
        let scripts = select(&page, "script[src]").into_iter().filter_map(|script| script.attr("src"));
        let paths: Vec<_> = links.chain(scripts).collect();
        let at_door = name.starts_with("door") && name != "door links";
        let searches = name.starts_with("catalog");
        assert_eq!(paths.len(), 3 + usize::from(at_door) + usize::from(searches), "{name}");
        for path in paths {
            let asset = asset(path).unwrap();
            assert_eq!(asset.path, path);
            assert!(!asset.bytes.is_empty(), "{path}");
        }
    }
}

#[test]
fn the_style_sheet_needs_nothing_that_the_policy_refuses() {
    let style = asset(stylesheet_path()).unwrap();
    let text = str::from_utf8(style.bytes).unwrap();
    for refused in ["data:", "http:", "https:", "@import"] {
        // The banner of the generator names its home page; a comment loads nothing.
        let loaded = text.split_once("*/").map_or(text, |(_, rest)| rest);
        assert!(!loaded.contains(refused), "{refused}");
    }
}

#[test]
fn the_scripts_are_small() {
    assert!(asset(script_path()).unwrap().bytes.len() <= 12288);
    assert!(asset(door_script_path()).unwrap().bytes.len() <= 9472);
    assert!(asset(search_script_path()).unwrap().bytes.len() <= 1024);
}
