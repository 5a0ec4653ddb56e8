//! `docs/api.md` is the page that describes the API, as Markdown.

use std::fmt::Write;

use scraper::{ElementRef, Html, Selector};

use crate::app::TestApp;

const HEAD: &str = "# The HTTP API\n
Every request, what it takes and what it answers. A field with `?` may be missing; a body with `…` is a list.
The program serves this page at `/api/docs`, and for programs as OpenAPI at `/api/openapi.json`.
Every request may be refused otherwise than is listed, with `malformed`, `rate_limited` or `unavailable` for one; a refusal has the same body everywhere, `application/problem+json`.
[errors.md](errors.md) has what a caller does about each code.\n
A test writes this page and compares it with the program.
";

fn select<'a>(within: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    within.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn text(within: ElementRef<'_>, selector: &str) -> String {
    select(within, selector).first().map(|found| found.text().collect()).unwrap_or_default()
}

fn fenced(shape: &str) -> String {
    format!("\n```text\n{shape}\n```\n")
}

fn operation(operation: ElementRef<'_>) -> String {
    let part = |selector| text(operation, selector);
    let mut lines = format!("\n### `{} {}`\n\n{}\n", part(".api-method"), part(".api-path"), part(".api-summary"));
    for paragraph in [part(".prose"), part(".api-body > .muted")].iter().filter(|text| !text.is_empty()) {
        write!(lines, "\n{paragraph}\n").expect("text takes text");
    }
    for request in select(operation, ".api-body > pre") {
        write!(lines, "\nRequest:\n{}", fenced(&request.text().collect::<String>())).expect("text takes text");
    }
    let lists = select(operation, ".api-list").into_iter().zip(select(operation, "h3").into_iter().filter(is_list));
    for (list, heading) in lists {
        write!(lines, "\n{}:\n\n", heading.text().collect::<String>()).expect("text takes text");
        let entries = select(list, "div").into_iter().filter(|entry| text(*entry, "code") != "default");
        lines.extend(entries.map(|entry| format!("- `{}`: {}\n", text(entry, "code"), told(entry))));
    }
    let bodies = select(operation, ".api-list > div").into_iter().filter(|entry| text(*entry, "code").starts_with('2'));
    lines.extend(bodies.map(|entry| text(entry, "pre")).filter(|body| !body.is_empty()).map(|body| fenced(&body)));
    lines
}

/// Whether a heading is above a list.
fn is_list(heading: &ElementRef<'_>) -> bool {
    heading.text().collect::<String>() != "Request"
}

fn told(entry: ElementRef<'_>) -> String {
    let more = if select(entry, "dd pre").is_empty() { text(entry, "dd") } else { String::new() };
    [text(entry, ".muted"), more].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(". ")
}

fn markdown(page: &Html) -> String {
    let mut lines = HEAD.to_owned();
    for group in select(page.root_element(), ".api-group") {
        write!(lines, "\n## {}\n", text(group, "h2")).expect("text takes text");
        lines.extend(select(group, ".api-operation").into_iter().map(operation));
    }
    lines
}

#[tokio::test]
async fn the_page_about_the_api_is_what_the_program_serves() {
    let app = TestApp::start().await;
    let page = app.get("/api/docs").send().await.text();
    let now = markdown(&Html::parse_document(&page));

    let written = concat!(env!("CARGO_TARGET_TMPDIR"), "/api.md");
    std::fs::write(written, &now).expect("the directory for tests can be written to");
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md")).unwrap_or_default();
    assert!(now == kept, "the API has changed: cp {written} docs/api.md");
}
