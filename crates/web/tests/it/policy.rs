//! Pages live under the content security policy `default-src 'self'`.

use crate::pages::{pages, select};

#[test]
fn no_page_carries_inline_script_or_style() {
    for (name, page) in pages("plain") {
        assert!(select(&page, "style").is_empty(), "{name}");
        for script in select(&page, "script") {
            assert_eq!(script.text().count(), 0, "{name}");
            assert_eq!(script.attr("type"), Some("module"), "{name}");
        }
    }
}

#[test]
fn no_element_carries_inline_script_or_style() {
    for (name, page) in pages("plain") {
        for element in select(&page, "*") {
            for (attribute, _) in element.value().attrs() {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {attribute}");
            }
        }
    }
}

#[test]
fn every_page_has_what_readers_navigate_by() {
    for (name, page) in pages("plain") {
        for landmark in ["html[lang]", "head > title", "a[href='#content']", "header nav", "main#content", "h1"] {
            assert_eq!(select(&page, landmark).len(), 1, "{name}: {landmark}");
        }
    }
}
