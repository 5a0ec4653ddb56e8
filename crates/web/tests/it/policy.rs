//! Pages live under the content security policy `default-src 'self'`.

use serde_json::{Value, json};

use crate::pages::{pages, select};

#[test]
fn no_page_carries_inline_script_or_style() {
    for (name, page) in pages("plain") {
        assert!(select(&page, "style").is_empty(), "{name}");
        for script in select(&page, "script:not([type='application/ld+json'])") {
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

#[test]
fn data_in_a_page_is_json_whatever_its_texts_say() {
    const HOSTILE: &str = "</script><script>alert(1)</script><!--";
    for (name, page) in pages(HOSTILE) {
        for data in select(&page, "script[type='application/ld+json']") {
            let data: Value = serde_json::from_str(&data.text().collect::<String>()).unwrap();
            assert_eq!((&data["@type"], &data["name"]), (&json!("Event"), &json!(HOSTILE)), "{name}");
            assert_eq!(
                (&data["offers"]["@type"], &data["offers"]["price"]),
                (&json!("Offer"), &json!("12.50")),
                "{name}"
            );
        }
        let told = ["meta[name=description]", "link[rel=canonical]", "meta[property='og:title']"];
        let is_public = select(&page, "meta[name=robots][content=noindex]").is_empty();
        for tag in told {
            assert_eq!(select(&page, tag).len(), usize::from(is_public), "{name}: {tag}");
        }
        assert!(!is_public || name.contains("ticket"), "{name} is for its reader alone");
    }
}
