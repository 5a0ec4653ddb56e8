//! Lists, page by page.

use serde_json::Value;

use crate::app::{TestApp, User, offer};

/// Reads a list to its end, and returns what `field` of each entry says.
async fn walk(app: &TestApp, reader: &User, path: &str, field: &str) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{path}limit=2&cursor={cursor}")).by(reader).send().await.body;
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item[field].clone()));
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return seen,
        }
    }
}

async fn five_tickets() -> (TestApp, User) {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    for (n, amount) in [(1, 300), (2, 100), (3, 500), (4, 100), (5, 200)] {
        app.sell_as(&sally, &offer(&format!("Show {n}"), amount, 1)).await;
    }
    (app, sally)
}

#[tokio::test]
async fn pages_of_a_search_join_without_gaps() {
    let (app, sally) = five_tickets().await;

    let newest = walk(&app, &sally, "/api/tickets?", "title").await;
    let cheapest = walk(&app, &sally, "/api/tickets?sort=cheapest&currency=EUR&", "title").await;

    assert_eq!(newest, ["Show 5", "Show 4", "Show 3", "Show 2", "Show 1"]);
    assert_eq!(cheapest, ["Show 4", "Show 2", "Show 5", "Show 1", "Show 3"]);
    assert_eq!(walk(&app, &sally, "/api/tickets/mine?", "title").await, newest);
}

#[tokio::test]
async fn pages_of_orders_join_without_gaps() {
    let (app, _) = five_tickets().await;
    let ben = app.sign_up("ben").await;
    let tickets = app.get("/api/tickets").send().await.body;
    for ticket in tickets["items"].as_array().expect("items") {
        app.buy(&ben, ticket).await;
    }

    let placed = walk(&app, &ben, "/api/orders?", "ticket").await;

    let titles: Vec<_> = placed.iter().map(|ticket| ticket["title"].as_str().expect("a title")).collect();
    assert_eq!(titles, ["Show 1", "Show 2", "Show 3", "Show 4", "Show 5"]);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_own_list() {
    let (app, sally) = five_tickets().await;
    let eve = app.sign_up("eve").await;
    let cursor = app.get("/api/tickets?limit=1").send().await.body["nextCursor"].as_str().expect("more").to_owned();
    let mine = app.get("/api/tickets/mine?limit=1").by(&sally).send().await.body;
    let mine = mine["nextCursor"].as_str().expect("more");

    for path in
        ["/api/tickets?sort=cheapest&currency=EUR&", "/api/tickets?q=show&", "/api/tickets/mine?", "/api/orders?"]
    {
        let reply = app.get(&format!("{path}cursor={cursor}")).by(&sally).send().await;
        assert_eq!(reply.problem(), (400, "bad_cursor"), "{path}");
    }
    let reply = app.get(&format!("/api/tickets/mine?cursor={mine}")).by(&eve).send().await;
    assert_eq!(reply.problem(), (400, "bad_cursor"));
}

#[tokio::test]
async fn filters_narrow_a_search() {
    let (app, _) = five_tickets().await;
    let found = async |query: &str| {
        let page = app.get(&format!("/api/tickets?{query}")).send().await.body;
        page["items"].as_array().expect("items").len()
    };

    assert_eq!(found("q=show").await, 5);
    assert_eq!(found("q=show+3").await, 1);
    assert_eq!(found("minPrice=200&maxPrice=300&currency=EUR").await, 2);
    assert_eq!((found("currency=EUR").await, found("currency=JPY").await), (5, 0));
    assert_eq!((found("q=%21%3F").await, found("q=show+3+sho").await), (0, 1));
    assert_eq!(found("q=&category=&city=&from=&to=&minPrice=&maxPrice=&sort=").await, 5);
    assert_eq!(found("city=Vienna").await, 0);
}

#[tokio::test]
async fn prices_are_compared_in_one_currency() {
    let (app, _) = five_tickets().await;

    for query in ["minPrice=1", "maxPrice=1", "sort=cheapest", "sort=dearest", "sort=dearest&currency=EURO"] {
        let reply = app.get(&format!("/api/tickets?{query}")).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec!["currency"]), "{query}");
    }
    for (query, field) in [("q", 201), ("category", 41), ("city", 81)] {
        let reply = app.get(&format!("/api/tickets?{query}={}", "x".repeat(field))).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "invalid"), vec![query]));
    }
}
