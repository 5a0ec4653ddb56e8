//! What a seller sees of the sales of a ticket.

use serde_json::{Value, json};

use crate::app::{TestApp, User, id, offer};
use crate::site::Browser;

/// Sally sells; Ben paid for two orders, had one of them refunded, and holds a third; Eve cancelled one.
struct Scene {
    app: TestApp,
    sally: User,
    ben: User,
    ticket: Value,
    kept: Value,
}

impl Scene {
    async fn set(title: &str) -> Self {
        let app = TestApp::start().await;
        let (sally, ben, eve) = (app.sign_up("sally").await, app.sign_up("ben").await, app.sign_up("eve").await);
        let ticket = app.sell_as(&sally, &offer(title, 1200, 9)).await;
        let [kept, back, _] =
            [app.buy(&ben, &ticket).await, app.buy(&ben, &ticket).await, app.buy(&ben, &ticket).await];
        for order in [&kept, &back] {
            app.pay(&ben, order).await;
        }
        app.post(&format!("/api/orders/{}/refund", id(&back))).by(&sally).send().await;
        let cancelled = app.buy(&eve, &ticket).await;
        app.delete(&format!("/api/orders/{}", id(&cancelled))).by(&eve).send().await;
        app.settle().await;
        Self { app, sally, ben, ticket, kept }
    }

    fn path(&self) -> String {
        format!("/api/orders/for/{}", id(&self.ticket))
    }
}

#[tokio::test]
async fn a_seller_sees_places_and_money() {
    let scene = Scene::set("Opera").await;

    let sales = scene.app.get(&format!("{}?limit=3", scene.path())).by(&scene.sally).send().await.body;

    let one = json!({"orders": 1, "places": 1});
    let euros = |amount: u64| json!({"amount": amount, "currency": "EUR"});
    assert_eq!(
        sales["totals"],
        json!([{"held": one, "sold": one, "refunded": one, "taken": euros(2400), "paidBack": euros(1200), "due": euros(1200)}])
    );
    let orders = sales["items"].as_array().expect("a page");
    let states: Vec<_> = orders.iter().map(|order| order["status"].as_str()).collect();
    assert_eq!(states, [Some("cancelled"), Some("awaitingPayment"), Some("refunded")]);
    assert_eq!((&orders[1]["buyer"], orders[1]["buyer"].as_str().map(str::len)), (&orders[2]["buyer"], Some(8)));
    assert_ne!(orders[0]["buyer"], orders[1]["buyer"]);
    let rest = format!("{}?cursor={}", scene.path(), sales["nextCursor"].as_str().expect("more"));
    let rest = scene.app.get(&rest).by(&scene.sally).send().await.body;
    assert_eq!((&rest["items"][0]["id"], &rest["totals"]), (&scene.kept["id"], &sales["totals"]));
    assert_eq!(scene.app.get(&scene.path()).by(&scene.ben).send().await.problem(), (404, "ticket_not_found"));
}

#[tokio::test]
async fn a_table_has_every_order_and_no_formula() {
    let scene = Scene::set("=HYPERLINK(\"http://evil.example\",\"Opera, stalls\")").await;
    for n in 0..120 {
        let buyer = if n % 2 == 0 { "ada" } else { "gus" };
        let buyer = if n < 2 { scene.app.sign_up(buyer).await } else { scene.ben.clone() };
        let order = scene.app.buy(&buyer, &scene.ticket).await;
        scene.app.delete(&format!("/api/orders/{}", id(&order))).by(&buyer).send().await;
    }
    scene.app.settle().await;

    let reply = scene.app.get(&scene.path()).header("accept", "text/csv").by(&scene.sally).send().await;

    let text = String::from_utf8(reply.bytes.to_vec()).expect("UTF-8");
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!((reply.status.as_u16(), lines.len()), (200, 1 + 4 + 120));
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(lines[0].starts_with("order,buyer,status,places,currency,price_minor,total_minor,placed_at,"));
    let kept = lines.iter().find(|line| line.starts_with(id(&scene.kept))).expect("the order");
    assert!(kept.contains(",completed,1,EUR,1200,1200,"), "{kept}");
    assert!(kept.contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"Opera, stalls\"\")\","), "{kept}");
    let refused = scene.app.get(&scene.path()).header("accept", "text/csv").by(&scene.ben).send().await;
    assert_eq!(refused.problem(), (404, "ticket_not_found"));
}

#[tokio::test]
async fn the_page_shows_what_is_due_and_leads_to_the_table() {
    let scene = Scene::set("Opera").await;
    let mut sally = Browser::new(&scene.app);
    sally.jar.extend([("access".to_owned(), scene.sally.access.clone())]);
    let here = format!("/tickets/{}/sales", id(&scene.ticket));

    sally.open(&here).await;

    assert_eq!((sally.status, sally.texts("h1")), (200, vec!["Opera".to_owned()]));
    let facts = ["1", "1", "1", "24.00 EUR", "12.00 EUR", "12.00 EUR"];
    assert_eq!(sally.texts(".facts dd"), facts, "{}", sally.html);
    assert_eq!(sally.texts("tbody tr .badge"), ["Cancelled", "Awaiting payment", "Refunded", "Completed"]);
    let link = format!("{here}.csv");
    assert_eq!(sally.attributes("a[download]", "href"), [link.as_str()]);
    sally.open(&link).await;
    assert_eq!((sally.status, sally.html.lines().count()), (200, 5));
    sally.jar.insert("access".to_owned(), scene.ben.access.clone());
    for path in [&here, &link] {
        sally.open(path).await;
        assert_eq!(sally.status, 404, "{path}");
    }
}
