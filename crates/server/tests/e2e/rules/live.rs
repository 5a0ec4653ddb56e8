//! What is left of a ticket, while somebody looks.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::market::{Market, id, offer};

/// Longer than any update takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream of updates.
pub(crate) struct Updates {
    body: Body,
    received: String,
}

impl Updates {
    pub(crate) async fn open(market: &Market, path: &str) -> Self {
        let response = market.get(path).open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), received: String::new() }
    }

    pub(crate) async fn next(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.receive()).await.expect("an update")
    }

    /// The next update, unless it takes longer than one does that is on its way.
    pub(crate) async fn next_within_a_moment(&mut self) -> Option<Value> {
        tokio::time::timeout(Duration::from_millis(500), self.receive()).await.ok()
    }

    async fn receive(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.received.split_once("\n\n") {
                let data = event.strip_prefix("data: ").map(|data| serde_json::from_str(data).expect("JSON"));
                self.received = rest.to_owned();
                // A heartbeat tells nothing.
                if let Some(data) = data {
                    return data;
                }
                continue;
            }
            let frame = self.body.frame().await.expect("a stream without end").expect("a chunk");
            let chunk = frame.into_data().expect("data");
            self.received.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}

pub(crate) async fn a_listener_sees_what_is_left(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 2).await;
    let mut updates = Updates::open(market, &format!("/api/tickets/{}/live", id(&ticket))).await;

    let first = updates.next().await;
    assert_eq!((&first["available"], &first["status"]), (&json!(2), &json!("onSale")));
    market.buy(&ben, &ticket).await;
    let second = updates.next().await;
    assert_eq!((&second["available"], &second["price"]["amount"]), (&json!(1), &json!(1200)));
    let path = format!("/api/tickets/{}", id(&ticket));
    assert_eq!(market.put(&path).by(&sally).json(&offer("Opera", 1500, 1)).send().await.status, 200);

    let third = updates.next().await;
    let seen = (&third["available"], &third["price"]["amount"], &third["status"]);
    assert_eq!(seen, (&json!(0), &json!(1500), &json!("soldOut")));
    assert!(third["version"].as_u64() > second["version"].as_u64());
    let nobodys = format!("/api/tickets/{}/live", uuid::Uuid::nil());
    assert_eq!(market.get(&nobodys).send().await.problem(), (404, "ticket_not_found"));
}
