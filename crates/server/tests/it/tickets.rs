//! Selling: versions, entity tags and what may change.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::ports::ticket_store::TicketStore;

use crate::app::{TestApp, id, offer};

#[tokio::test]
async fn a_change_is_meant_for_one_version() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}", id(&ticket));
    let change = offer("Opera, better seats", 1500, 2);
    let put = |tag: &str| app.put(&path).by(&sally).header("if-match", tag).json(&change).send();

    let changed = put("\"1\"").await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"2.0\""));
    let again = put("\"1\"").await;
    assert_eq!((again.status.as_u16(), again.header("etag")), (200, "\"2.0\""), "its answer may have been lost");
    let other = app.put(&path).by(&sally).header("if-match", "\"1\"").json(&offer("Opera", 900, 2)).send().await;
    assert_eq!(other.problem(), (412, "stale_version"));
    assert_eq!(put("1").await.problem(), (400, "malformed"));
    assert_eq!(put("*").await.header("etag"), "\"3.0\"");
    app.settle().await;
}

#[tokio::test]
async fn a_change_may_be_meant_for_several_versions_and_by_weakened_tags() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}", id(&ticket));
    let change = offer("Opera, better seats", 1500, 2);
    let put = |tags: &str| app.put(&path).by(&sally).header("if-match", tags).json(&change).send();

    for (tags, version) in [("W/\"1\"", 2), ("\"7\", \"2\"", 3), (",\"other,place\" , W/\"3.17\",", 4)] {
        let changed = put(tags).await;
        assert_eq!((changed.status.as_u16(), &changed.body["version"]), (200, &json!(version)), "{tags}");
    }
    for stale in ["\"1\", W/\"2\"", "\"one\"", "W/\"-1\"", "\"99999999999999999999999\""] {
        assert_eq!(put(stale).await.problem(), (412, "stale_version"), "{stale}");
    }
    let lines = app.put(&path).by(&sally).header("if-match", "\"9\"").header("if-match", "\"4\"").json(&change);
    assert_eq!(lines.send().await.body["version"], 5);
    app.settle().await;
}

#[tokio::test]
async fn texts_of_an_earlier_release_may_stay_in_a_change_and_are_not_taken_up() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let store = &app.memory.tickets;
    let stored = store.listings(&[id(&ticket).parse().unwrap()]).await.unwrap().pop().unwrap();
    let mut old = stored.record.clone();
    let event = Arc::make_mut(&mut old.ticket.offer.details.event);
    event.title = "La\u{2028}traviata".into();
    event.city = Some("\u{3164}".into());
    store.commit(UnitOfWork::default().with(stored.replace(old))).await.unwrap();
    let path = format!("/api/tickets/{}", id(&ticket));
    let put = |title: &str, city: &str| {
        let mut change = offer(title, 1500, 2);
        change["city"] = json!(city);
        app.put(&path).by(&sally).json(&change).send()
    };

    let kept = put("La\u{2028}traviata", "\u{3164}").await;
    assert_eq!((kept.status.as_u16(), &kept.body["price"]["amount"]), (200, &json!(1500)), "{kept:?}");
    assert_eq!((&kept.body["title"], &kept.body["city"]), (&json!("La\u{2028}traviata"), &json!("\u{3164}")));
    let other = put("La\u{2028}bohème", "\u{3164}").await;
    assert_eq!((other.problem(), other.wrong_fields()), ((422, "invalid"), vec!["title"]));
    app.settle().await;
}

#[tokio::test]
async fn an_attribute_goes_from_the_offer_into_searches_and_orders() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let mut seat = offer("Opera", 1200, 2);
    seat["attributes"] = json!({ "seatRow": "F", "near": ["aisle"] });
    let ticket = app.sell_as(&sally, &seat).await;
    app.sell(&sally, 1).await;
    let found = async |wanted: &str| app.get(&format!("/api/tickets?attributes={wanted}")).send().await;

    assert_eq!(ticket["attributes"], seat["attributes"]);
    let mut shown = app.ticket(&ticket).await;
    assert!(shown.as_object_mut().is_some_and(|shown| shown.remove("factsTag").is_some()), "of one ticket alone");
    assert_eq!(found("%7B%22seatRow%22:%22F%22%7D").await.body["items"], json!([shown]));
    assert_eq!(found("%7B%22seatRow%22:%22G%22%7D").await.body["items"], json!([]));
    for wrong in ["F", "%5B%5D", "%7B%22near%22:%5B%22aisle%22%5D%7D", "%7B%22seat+row%22:1%7D"] {
        let refused = found(wrong).await;
        assert_eq!((refused.problem(), refused.wrong_fields()), ((422, "invalid"), vec!["attributes"]), "{wrong}");
    }
    let order = app.buy(&ben, &ticket).await;
    assert_eq!(order["ticket"]["attributes"], seat["attributes"]);
}

#[tokio::test]
async fn attributes_stay_if_a_change_says_nothing_of_them() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let mut seat = offer("Opera", 1200, 2);
    seat["attributes"] = json!({ "seatRow": "F" });
    let path = format!("/api/tickets/{}", id(&app.sell_as(&sally, &seat).await));
    let put = async |body: &serde_json::Value| app.put(&path).by(&sally).json(body).send().await;

    let kept = put(&offer("Opera, better seats", 1500, 2)).await.body;
    assert_eq!((&kept["attributes"], &kept["version"]), (&seat["attributes"], &json!(2)));
    seat["attributes"] = json!({ "seat row": "F", "big": 1e17 });
    let refused = put(&seat).await;
    assert_eq!((refused.problem(), refused.wrong_fields()), ((422, "invalid"), vec!["attributes", "attributes"]));
    seat["attributes"] = json!({});
    let gone = put(&seat).await.body;
    assert_eq!((gone.get("attributes"), &gone["version"]), (None, &json!(3)));
    app.settle().await;
}

#[tokio::test]
async fn a_reader_who_has_the_version_is_told_so() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 2).await;
    let read = |tag: &str| app.get(&format!("/api/tickets/{}", id(&ticket))).header("if-none-match", tag).send();

    let (same, other) = (read("\"7\", W/\"1.0\"").await, read("\"2\"").await);

    assert_eq!((same.status.as_u16(), same.body), (304, json!("")));
    assert_eq!((other.status.as_u16(), other.header("etag")), (200, "\"1.0\""));
}

#[tokio::test]
async fn a_withdrawn_ticket_takes_no_orders_and_stays_to_be_seen() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}", id(&ticket));

    for tag in ["\"1\"", "\"1\"", "*"] {
        assert_eq!(app.delete(&path).by(&sally).header("if-match", tag).send().await.status, 204, "{tag}");
    }
    app.settle().await;

    assert_eq!(app.ticket(&ticket).await["status"], "withdrawn");
    assert_eq!(app.try_to_buy(&ben, &ticket).await.problem(), (409, "ticket_withdrawn"));
    assert_eq!(app.put(&path).by(&sally).json(&offer("x", 1, 1)).send().await.problem(), (409, "ticket_withdrawn"));
    assert_eq!(app.get("/api/tickets").send().await.body["items"], json!([]));
}

#[tokio::test]
async fn fewer_places_than_were_sold_cannot_be_offered() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 3).await;
    app.buy(&ben, &ticket).await;
    app.buy(&ben, &ticket).await;

    let path = format!("/api/tickets/{}", id(&ticket));
    let reply = app.put(&path).by(&sally).json(&offer("Opera", 1200, 1)).send().await;

    assert_eq!((reply.problem(), reply.wrong_fields()), ((409, "quantity_below_sales"), vec!["quantity"]));
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let body = json!({
        "title": "a\u{0}b", "city": "x".repeat(81), "startsAt": "soon",
        "price": {"amount": 0, "currency": "EUR"}, "quantity": 1001,
    });

    let reply = app.post("/api/tickets").by(&sally).json(&body).send().await;

    assert_eq!(reply.problem(), (422, "invalid"));
    assert_eq!(reply.wrong_fields(), ["startsAt", "title", "city", "price", "quantity"]);
}

#[tokio::test]
async fn an_event_in_the_past_is_not_sold() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let mut body = offer("Opera", 1200, 1);
    body["startsAt"] = json!("2001-01-01T20:00:00Z");
    body["timeZone"] = json!("Europe/London");

    let reply = app.post("/api/tickets").by(&sally).json(&body).send().await;

    assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "starts_in_the_past"), vec!["startsAt"]));
}

#[tokio::test]
async fn a_tag_moves_with_what_is_left_and_a_change_is_meant_for_the_offer_alone() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}", id(&ticket));
    let before = app.get(&path).send().await;
    app.buy(&ben, &ticket).await;

    let known = before.header("etag");
    for call in [app.get(&path), app.call("HEAD", &path)] {
        let read = call.header("if-none-match", known).send().await;
        assert_eq!((read.status.as_u16(), read.header("etag")), (200, "\"1.1\""), "one less is left");
    }
    for call in [app.get(&path), app.call("HEAD", &path)] {
        assert_eq!(call.header("if-none-match", "\"1.1\"").send().await.status, 304, "nothing changed since");
    }
    let put = app.put(&path).by(&sally).header("if-match", known).json(&offer("Opera", 1500, 2)).send().await;
    assert_eq!((put.status.as_u16(), put.header("etag")), (200, "\"2.1\""), "a sale is no other offer");
    app.settle().await;
}

#[tokio::test]
async fn a_currency_that_is_no_more_prices_no_new_ticket() {
    let app = TestApp::start().await;
    let sally = app.sign_up("sally").await;
    let mut body = offer("Opera", 1200, 1);

    for code in ["HRK", "BGN", "ZWL", "CHE"] {
        body["price"]["currency"] = json!(code);
        let reply = app.post("/api/tickets").by(&sally).json(&body).send().await;
        assert_eq!((reply.problem(), reply.wrong_fields()), ((422, "currency_not_in_use"), vec!["currency"]), "{code}");
        assert!(reply.is_documented_problem(), "{reply:?}");
    }
}

#[tokio::test]
async fn other_offers_of_an_event_are_the_cheapest_that_can_be_ordered() {
    let app = TestApp::start().await;
    let (sally, gus) = (app.sign_up("sally").await, app.sign_up("gus").await);
    let at = |days: u64| json!(app.now().after(Duration::from_secs(days * 24 * 60 * 60)).to_string());
    let tosca = |title: &str, amount, places, days| {
        let mut tosca = offer(title, amount, places);
        (tosca["startsAt"], tosca["timeZone"], tosca["city"]) = (at(days), json!("Europe/Vienna"), json!("Wien"));
        tosca
    };
    let shown = app.sell_as(&sally, &tosca("Tosca", 5000, 2, 30)).await;
    for amount in [4000, 6000, 3000, 7000, 8000, 9000] {
        app.sell_as(&gus, &tosca(" TOSCA", amount, 2, 30)).await;
    }
    let gone = app.sell_as(&gus, &tosca("Tosca", 100, 1, 30)).await;
    app.buy(&sally, &gone).await;
    app.sell_as(&gus, &tosca("Tosca", 200, 1, 31)).await;
    app.sell_as(&gus, &tosca("Tosca, matinee", 300, 1, 30)).await;

    let path = format!("/api/tickets/{}/others", id(&shown));
    let found = app.get(&path).send().await.body;

    let amounts: Vec<_> =
        found["items"].as_array().expect("a list").iter().map(|one| &one["price"]["amount"]).collect();
    assert_eq!(amounts, [3000, 4000, 6000, 7000, 8000]);
    let mut browser = crate::site::Browser::new(&app);
    browser.open(&format!("/tickets/{}", id(&shown))).await;
    assert_eq!(browser.texts(".other-offer data").first().map(String::as_str), Some("30.00 EUR"));
}
