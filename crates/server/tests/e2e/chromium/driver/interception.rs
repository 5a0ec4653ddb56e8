//! Requests of a tab that a test answers, so that other sites need not be there.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::call::Reply;

use super::{PATIENCE, Tab};

impl Tab<'_> {
    /// From now on a request for a page of such an address waits for [`Tab::answer`].
    pub(crate) async fn intercept(&self, addresses: &str) {
        let pattern = json!({"urlPattern": addresses, "resourceType": "Document"});
        self.ask("Fetch.enable", json!({"patterns": [pattern]})).await;
    }

    /// Waits for the next such request: its `requestId`, and the `request` with `method` and `url`.
    pub(crate) async fn intercepted(&self) -> Value {
        let began = Instant::now();
        loop {
            if let Some(paused) = self.next_intercepted() {
                return paused;
            }
            assert!(began.elapsed() < PATIENCE, "nothing was asked of the other site");
            tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
        }
    }

    fn next_intercepted(&self) -> Option<Value> {
        let mut waiting = self.chromium.intercepted.lock();
        let position = waiting.iter().position(|paused| paused["sessionId"] == *self.session)?;
        Some(waiting.remove(position)["params"].take())
    }

    /// Answers an intercepted request.
    pub(crate) async fn answer(&self, paused: &Value, reply: &Reply) {
        let headers = reply
            .headers
            .iter()
            .map(|(name, value)| json!({"name": name.as_str(), "value": value.to_str().expect("text")}));
        let params = json!({
            "requestId": paused["requestId"], "responseCode": reply.status.as_u16(),
            "responseHeaders": headers.collect::<Vec<_>>(), "body": STANDARD.encode(&reply.bytes),
        });
        self.ask("Fetch.fulfillRequest", params).await;
    }
}
