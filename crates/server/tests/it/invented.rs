//! An order that somebody made up costs little, and alarms nobody.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tracing_subscriber::fmt;
use uuid::{Builder, Uuid};

use crate::app::{Reply, TestApp, User};

/// What was logged by this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics with it").clone()).expect("text")
    }
}

async fn pay(app: &TestApp, user: &User, order: Uuid) -> Reply {
    app.post("/api/payments").by(user).json(&json!({"orderId": order, "token": "tok_visa"})).send().await
}

fn drawn_at(millis: i64) -> Uuid {
    Builder::from_unix_timestamp_millis(millis.unsigned_abs(), &[7; 10]).into_uuid()
}

#[tokio::test]
async fn paying_an_order_that_nobody_has_heard_of_is_no_alarm() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = fmt().with_max_level(tracing::Level::INFO).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);

    // It may be an order whose event is late, by a clock that is a little ahead for one.
    for (millis, retry_after) in
        [(-30 * 24 * 3_600_000, "10"), (-60_000, "10"), (-6_000, "3"), (60_000, "1"), (4 * 60_000, "1")]
    {
        let unheard = pay(&app, &ada, drawn_at(app.now().millis() + millis)).await;
        assert_eq!(unheard.problem(), (503, "unavailable"), "{millis} ms from now");
        assert_eq!(unheard.header("retry-after"), retry_after, "{millis} ms from now");
    }

    tracing::warn!("this is one");
    let logged = log.text();
    assert!(logged.contains("this is one") && logged.lines().count() == 1, "{logged}");
}

#[tokio::test]
async fn an_order_that_nobody_can_have_drawn_is_not_found_at_once() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let now = app.now().millis();
    let ticks = 0x01B2_1DD2_1381_4000 + now.unsigned_abs() * 10_000;
    let days = |days: i64| drawn_at(now + days * 24 * 3_600_000);

    for id in [
        Uuid::nil(),
        Uuid::max(),
        Builder::from_random_bytes(*b"sixteen letters.").into_uuid(),
        Builder::from_gregorian_timestamp(ticks, 0, &[7; 6]).into_uuid(),
        Builder::from_sorted_gregorian_timestamp(ticks, 0, &[7; 6]).into_uuid(),
        drawn_at(now + 6 * 60_000),
        days(1),
        days(30),
        days(100_000),
        days(-32),
    ] {
        // Time stands still: a request that waited for anything would never end.
        assert_eq!(pay(&app, &ada, id).await.problem(), (404, "order_not_found"), "{id}");
    }
    app.lag(Duration::from_secs(1));
}
