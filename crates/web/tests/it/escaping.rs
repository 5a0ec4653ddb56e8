//! Text is text: whatever it says, a page stays the page it is.

use scraper::Html;

use crate::pages::{pages, select};

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=\"alert(1)\">",
    "' autofocus onfocus='alert(1)",
    "</textarea></title></select></option><script>alert(1)</script>",
    "<!-- --!> & &lt;script&gt; <![CDATA[",
    "\n`${1}`=/> javascript:alert(1)",
];

/// The elements of a page in order, each with the names of its attributes.
fn structure(page: &Html) -> Vec<String> {
    let names = select(page, "*").into_iter().map(|element| {
        let mut attributes: Vec<_> = element.value().attrs().map(|(name, _)| name).collect();
        attributes.sort_unstable();
        format!("{} {attributes:?}", element.value().name())
    });
    names.collect()
}

#[test]
fn hostile_text_never_changes_the_structure_of_a_page() {
    let plain = pages("plain");
    for text in HOSTILE {
        for ((name, plain), (_, hostile)) in plain.iter().zip(pages(text)) {
            assert_eq!(structure(&hostile), structure(plain), "{name}: {text}");
        }
    }
}

#[test]
fn hostile_text_is_shown_as_it_is() {
    for text in HOSTILE {
        for (name, page) in pages(text) {
            let shown = page.root_element().text().any(|shown| shown.contains(text));
            assert!(shown, "{name}: {text}");
        }
    }
}

#[test]
fn what_was_typed_is_kept() {
    for text in HOSTILE {
        for (name, page) in pages(text).into_iter().filter(|(name, _)| *name == "edit") {
            let area = select(&page, "textarea[name=description]").remove(0);
            // A parser of fragments drops the line break that a browser drops.
            let kept = area.text().collect::<String>();
            assert_eq!(kept.strip_prefix('\n').unwrap_or(&kept), text.trim_start_matches('\n'), "{name}");
            let title = select(&page, "input[name=title]").remove(0);
            assert_eq!(title.attr("value"), Some(text), "{name}");
            let currency = select(&page, "select[name=currency] option[selected]").remove(0);
            assert_eq!(currency.attr("value"), Some(text), "{name}");
        }
    }
}

#[test]
fn a_page_is_titled_by_its_ticket() {
    for text in HOSTILE {
        for (name, page) in pages(text).into_iter().filter(|(name, _)| *name == "ticket") {
            let title = select(&page, "head > title").remove(0).text().collect::<String>();
            assert_eq!(title, format!("Error: {text} · Ticketing"), "{name}");
        }
    }
}
