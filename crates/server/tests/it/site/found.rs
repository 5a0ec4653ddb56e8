//! How the site is found, and what it says of itself there.

use serde_json::{Value, json};

use super::{Browser, member};
use crate::app::{TestApp, id, offer};

/// A ticket to an event at a place.
async fn opera(app: &TestApp) -> Value {
    let sally = app.sign_up("sally").await;
    let mut offer = offer("Opera", 1250, 2);
    offer["startsAt"] = json!("2030-06-01T19:30");
    offer["timeZone"] = json!("Europe/Vienna");
    (offer["venue"], offer["city"]) = (json!("State Opera"), json!("Vienna"));
    app.sell_as(&sally, &offer).await
}

#[tokio::test]
async fn a_ticket_says_what_it_is_to_search_engines() {
    let app = TestApp::start().await;
    let ticket = opera(&app).await;
    let mut browser = Browser::new(&app);
    let address = format!("http://shop.example/tickets/{}", id(&ticket));

    browser.open(&format!("/tickets/{}?utm_source=x", id(&ticket))).await;

    assert_eq!(browser.attributes("link[rel=canonical]", "href"), [address.as_str()]);
    assert_eq!(browser.attributes("meta[property='og:url']", "content"), [address.as_str()]);
    assert_eq!(browser.attributes("meta[property='og:title']", "content"), ["Opera"]);
    let cards = browser.attributes("meta[property='og:image']", "content");
    let card = cards[0].strip_prefix("http://shop.example").expect("a whole address").to_owned();
    let picture = app.get(&card).send().await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/png"));
    let description = "Opera · Sat 1 Jun 2030, 19:30, Vienna time · State Opera, Vienna · 12.50 EUR each";
    assert_eq!(browser.attributes("meta[name=description]", "content"), [description]);
    let data: Value = serde_json::from_str(&browser.texts("script[type='application/ld+json']")[0]).unwrap();
    assert_eq!((&data["@type"], &data["startDate"]), (&json!("Event"), &json!("2030-06-01T17:30:00.000Z")));
    assert_eq!((&data["location"]["name"], &data["location"]["address"]), (&json!("State Opera"), &json!("Vienna")));
    let offer = json!({"@type": "Offer", "url": address, "price": "12.50", "priceCurrency": "EUR",
                       "availability": "https://schema.org/InStock"});
    assert_eq!(data["offers"], offer);
}

#[tokio::test]
async fn pages_of_one_reader_are_not_found() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    for (page, hidden) in [("/", 0), ("/?q=opera", 1), ("/orders", 1), ("/account", 1), ("/nowhere", 1)] {
        ada.open(page).await;
        assert_eq!(ada.attributes("meta[name=robots]", "content").len(), hidden, "{page}");
        assert_eq!(ada.attributes("link[rel=canonical]", "href").len(), 1 - hidden, "{page}");
    }
}

#[tokio::test]
async fn crawlers_are_told_what_there_is() {
    let app = TestApp::start().await;
    let ticket = opera(&app).await;

    let robots = app.get("/robots.txt").send().await;
    let map = app.get("/sitemap.xml").send().await;

    assert_eq!(robots.header("content-type"), "text/plain; charset=utf-8");
    let robots = robots.text();
    assert!(robots.starts_with("User-agent: *\n") && robots.contains("Disallow: /orders\n"), "{robots}");
    assert!(robots.ends_with("Sitemap: http://shop.example/sitemap.xml\n"), "{robots}");
    assert_eq!((map.header("content-type"), map.header("cache-control")), ("application/xml", "public, max-age=3600"));
    let map = map.text();
    assert!(map.contains("<loc>http://shop.example/</loc>"), "{map}");
    assert!(map.contains(&format!("<loc>http://shop.example/tickets/{}</loc>", id(&ticket))), "{map}");
}

#[tokio::test]
async fn a_file_that_is_missing_is_no_page() {
    let app = TestApp::start().await;

    for path in ["/apple-touch-icon.png", "/assets/nope.css", "/.well-known/security.txt", "/ads.txt"] {
        let reply = app.get(path).send().await;
        assert_eq!(reply.problem(), (404, "route_not_found"), "{path}");
    }
    let reply = app.get("/.well-known/change-password").send().await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/account"));
    assert_eq!(app.get("/signin/").send().await.status, 308);
}

#[tokio::test]
async fn the_description_of_the_api_is_compressed() {
    let app = TestApp::start().await;

    for path in ["/api/docs", "/api/openapi.json"] {
        let packed = app.get(path).header("accept-encoding", "gzip").send().await;
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        assert_eq!(app.get(path).send().await.header("content-encoding"), "", "{path}");
    }
}
