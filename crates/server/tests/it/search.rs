//! Questions about tickets, and what is found.

use serde_json::{Value, json};

use crate::app::{TestApp, User, offer};

async fn sell(app: &TestApp, seller: &User, title: &str, amount: u64, more: Value) -> String {
    let mut offer = offer(title, amount, 2);
    for (field, value) in more.as_object().expect("an object") {
        offer[field] = value.clone();
    }
    crate::app::id(&app.sell_as(seller, &offer).await).to_owned()
}

async fn titles(app: &TestApp, query: &str) -> Vec<String> {
    let reply = app.get(&format!("/api/tickets?{query}")).send().await;
    assert_eq!(reply.status, 200, "{query}: {:?}", reply.body);
    let items = reply.body["items"].as_array().expect("items").iter();
    items.map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

async fn three_events() -> (TestApp, User) {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let event = |city: &str, country: &str, day: &str, together: bool| {
        json!({
            "city": city, "category": "concert", "startsAt": format!("{day}T17:30:00Z"), "timeZone": "Europe/Vienna",
            "together": together, "attributes": { "country": country },
        })
    };
    sell(&app, &sally, "Così fan tutte", 3000, event("Wien", "Austria", "2030-06-01", true)).await;
    sell(&app, &sally, "Carmen", 2000, event("Paris", "France", "2030-06-03", false)).await;
    sell(&app, &sally, "Carmen suite", 4000, event("Wien", "Austria", "2030-06-09", false)).await;
    (app, sally)
}

#[tokio::test]
async fn what_is_found_is_counted_and_narrowed() {
    let (app, _) = three_events().await;

    let body = app.get("/api/tickets?facets=true&city=Wien&limit=1").send().await.body;

    assert_eq!((body["count"].as_u64(), body["items"].as_array().map(Vec::len)), (Some(2), Some(1)));
    assert_eq!(body["facets"]["cities"], json!([{ "value": "Wien", "count": 2 }, { "value": "Paris", "count": 1 }]));
    assert_eq!(body["facets"]["countries"], json!([{ "value": "Austria", "count": 2 }]));
    assert_eq!(body["facets"]["currencies"], json!([{ "value": "EUR", "count": 2 }]));
    assert_eq!(app.get("/api/tickets").send().await.body.get("facets"), None, "nobody asked for them");
}

#[tokio::test]
async fn every_filter_of_a_search_narrows_it() {
    let (app, _) = three_events().await;

    for (query, found) in [
        ("q=cosi+fan", &["Così fan tutte"][..]),
        ("country=france", &["Carmen"]),
        ("days=weekends", &["Carmen suite", "Così fan tutte"]),
        ("places=2", &["Carmen suite", "Carmen", "Così fan tutte"]),
        ("places=3", &[]),
        ("places=2&together=true", &["Così fan tutte"]),
        ("q=carmen&sort=best", &["Carmen", "Carmen suite"]),
        ("sort=soonest", &["Così fan tutte", "Carmen", "Carmen suite"]),
        ("sort=dearest&currency=EUR&maxPrice=3000", &["Così fan tutte", "Carmen"]),
    ] {
        assert_eq!(titles(&app, query).await, found, "{query}");
    }
}

#[tokio::test]
async fn an_error_of_typing_is_corrected_and_told() {
    let (app, _) = three_events().await;

    let body = app.get("/api/tickets?q=carmem").send().await.body;

    assert_eq!((body["count"].as_u64(), &body["instead"]), (Some(2), &json!("carmen")));
    assert_eq!(app.get("/api/tickets?q=carmen").send().await.body.get("instead"), None);
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    let (app, _) = three_events().await;

    for (query, field) in [
        ("from=2030-06-02&to=2030-06-01", "to"),
        ("minPrice=2&maxPrice=1&currency=EUR", "maxPrice"),
        ("places=0", "places"),
        ("places=51", "places"),
        ("together=true", "places"),
        ("together=yes", "together"),
        ("days=mondays", "days"),
        ("facets=1", "facets"),
        ("sort=random", "sort"),
        ("attributes=%7B%22a%22%3A%5B1%5D%7D", "attributes"),
    ] {
        let reply = app.get(&format!("/api/tickets?{query}")).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec![field]), "{query}");
    }
    let long = format!("/api/tickets?country={}", "x".repeat(81));
    assert_eq!(app.get(&long).send().await.wrong_fields(), ["country"]);
}

#[tokio::test]
async fn pages_lead_both_ways() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    for number in 1..=5 {
        sell(&app, &sally, &format!("Show {number}"), 100 * number, json!({})).await;
    }
    let cheapest = "/api/tickets?sort=cheapest&currency=EUR&limit=2";
    let first = app.get(cheapest).send().await.body;
    assert_eq!(first["previousCursor"], Value::Null);
    let next = first["nextCursor"].as_str().expect("more").to_owned();
    let second = app.get(&format!("{cheapest}&cursor={next}")).send().await.body;
    let last =
        app.get(&format!("{cheapest}&cursor={}", second["nextCursor"].as_str().expect("more"))).send().await.body;

    let previous = last["previousCursor"].as_str().expect("four are before it");
    assert_eq!(app.get(&format!("{cheapest}&before={previous}")).send().await.body, second);
    let previous = second["previousCursor"].as_str().expect("two are before it");
    assert_eq!(app.get(&format!("{cheapest}&before={previous}")).send().await.body, first);
    let both = app.get(&format!("{cheapest}&before={previous}&cursor={next}")).send().await;
    assert_eq!((both.problem(), both.wrong_fields()), ((422, "invalid"), vec!["before"]));
    let foreign = app.get(&format!("/api/tickets?before={previous}")).send().await;
    assert_eq!(foreign.problem(), (400, "bad_cursor"));
}

#[tokio::test]
async fn what_is_withdrawn_is_not_shown_before_anybody_hears_of_it() {
    let (app, sally) = three_events().await;
    let carmen = app.get("/api/tickets?country=france").send().await.body["items"][0].clone();

    let reply = app.delete(&format!("/api/tickets/{}", crate::app::id(&carmen))).by(&sally).send().await;
    assert_eq!(reply.status, 204);

    assert_eq!(titles(&app, "q=carmen").await, ["Carmen suite"]);
    app.settle().await;
    assert_eq!(titles(&app, "q=carmen").await, ["Carmen suite"]);
}

#[tokio::test]
async fn titles_are_suggested_to_who_types() {
    let (app, _) = three_events().await;
    let suggested = async |query: &str| app.get(&format!("/api/tickets/suggestions?{query}")).send().await;

    assert_eq!(suggested("text=carm").await.body, json!({ "items": ["Carmen suite", "Carmen"] }));
    assert_eq!(suggested("text=").await.body, json!({ "items": [] }));
    assert_eq!(suggested("").await.body, json!({ "items": [] }));
    assert_eq!(suggested(&format!("text={}", "x".repeat(201))).await.wrong_fields(), ["text"]);
    assert_eq!(suggested("q=carm").await.problem(), (400, "malformed"));
}

#[tokio::test]
async fn a_process_says_that_its_search_is_ready() {
    let (app, _) = three_events().await;

    let (status, readiness) = app.ask_operators(http::Request::get("/readyz")).await;

    let checks = readiness["checks"].as_array().expect("checks");
    assert_eq!((status, checks.contains(&json!({ "name": "search", "ok": true }))), (200, true));
}
