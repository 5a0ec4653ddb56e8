//! How the site is found: `/robots.txt` and `/sitemap.xml`, and `/.well-known/change-password`.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use ticketing_api::paths;
use ticketing_api::tickets::TicketsFound;

use crate::http::problem::Problem;

use super::context::PageContext;
use super::onward::Onward;
use super::refusal::Refusal;

/// How many pages of the catalogue the map shows, soonest first: more is found by the links of the site.
const MAPPED_PAGES: usize = 5;
/// How many tickets a page of them has.
const MAPPED_TICKETS: usize = 100;
/// As often as crawlers need to look.
const FOR_AN_HOUR: &str = "public, max-age=3600";

/// What belongs to the signed-in account, and what is sent there by forms.
const PRIVATE: [&str; 10] =
    ["/account", "/alerts/", "/api/", "/confirm/", "/forgot", "/my/", "/orders", "/reset/", "/sell", "/sign"];

pub(super) async fn robots(context: PageContext) -> Response {
    let private = PRIVATE.map(|path| format!("Disallow: {}\n", context.base.at(path))).concat();
    let map = context.origin().map(|origin| format!("Sitemap: {origin}{}\n", context.base.at("/sitemap.xml")));
    file("text/plain; charset=utf-8", format!("User-agent: *\n{private}{}", map.unwrap_or_default()))
}

pub(super) async fn sitemap(context: PageContext) -> Result<Response, Refusal> {
    let unknown = || Problem::not_found("route_not_found", "it is not known where this site is found");
    let origin = context.origin().ok_or_else(unknown)?;
    let mut pages = vec!["/".to_owned()];
    let mut cursor = String::new();
    for _ in 0..MAPPED_PAGES {
        let address = format!("{}?sort=soonest&limit={MAPPED_TICKETS}&cursor={cursor}", paths::TICKETS);
        let found: TicketsFound = context.read(&address).await?;
        pages.extend(found.items.iter().map(|ticket| format!("/tickets/{}", ticket.id)));
        let Some(next) = found.next_cursor else { break };
        cursor = next;
    }
    let entry = |page: &String| format!("<url><loc>{origin}{}</loc></url>", context.base.at(page));
    let entries: String = pages.iter().map(entry).collect();
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{entries}</urlset>\n"
    );
    Ok(file("application/xml", xml))
}

/// Where password managers send people.
pub(super) async fn change_password() -> Onward {
    Onward::to("/account")
}

fn file(kind: &'static str, text: String) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, FOR_AN_HOUR)], text).into_response()
}
