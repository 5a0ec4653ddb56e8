//! A marketplace that sells, is paid by Stripe and rotates its keys logs none of its secrets.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;

use super::{assert_none_in, starts};
use crate::market::{Market, eventually, unique};
use crate::postbox::Postbox;
use crate::programs::{Program, Programs, alone};
use crate::redis_away::Redis;
use crate::rules::pages::{member, seller};
use crate::stripe::double::{Double, KEY, WEBHOOK_SECRET};
use crate::stripe::{paid, sent_to_pay, told_in_any_order};
use crate::tls::tls;

/// A file of signing keys, which is deleted in the end.
struct Keys(PathBuf);

impl Keys {
    fn begin() -> Self {
        let file = format!("keys-{}.json", unique().simple());
        let keys = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file));
        keys.rotate(&[]);
        keys
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }

    fn rotate(&self, arguments: &[&str]) {
        let mut command = Command::new(Program::CURRENT);
        let rotated =
            command.args(["keys", "rotate"]).args(arguments).env_clear().env("TICKETING_SIGNING_KEYS", &self.0);
        let rotated = rotated.output().expect("the program starts");
        assert!(rotated.status.success(), "{rotated:?}");
    }

    /// All that is secret in it.
    fn secrets(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.0).expect("it is there");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let keys = file["keys"].as_array().expect("keys").iter().map(|key| &key["d"]);
        keys.chain([&file["root"]]).map(|secret| secret.as_str().expect("text").to_owned()).collect()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Secrets wherever the engines let something be one.
async fn start(format: &str, double: &Double, keys: &Keys, redis: &Redis) -> Programs {
    let free = free_address().to_string();
    let (origin, redis) = (format!("http://{free}"), format!("redis://:canaryRedis@{}/", redis.address()));
    let engines = tls();
    let mut settings: Vec<_> = engines.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mongodb = engines.iter().find(|(name, _)| *name == "TICKETING_MONGODB_URI").expect("an address");
    let mongodb = format!("{}&appName=canaryMongodb", mongodb.1);
    let mail = format!("smtp://canaryUser:canarySmtp@127.0.0.1:{}?tls=none", Postbox::shared().port);
    let rotated = format!("whsec_canaryOld,{WEBHOOK_SECRET}");
    settings.extend([
        ("TICKETING_LISTEN", free.as_str()),
        ("TICKETING_PUBLIC_ORIGIN", &origin),
        ("TICKETING_MONGODB_URI", &mongodb),
        ("TICKETING_REDIS_URL", &redis),
        ("TICKETING_SIGNING_KEYS", keys.path()),
        ("TICKETING_PAYMENTS", "stripe"),
        ("TICKETING_STRIPE_KEY", KEY),
        ("TICKETING_STRIPE_WEBHOOK_SECRET", &rotated),
        ("TICKETING_STRIPE_URL", double.url()),
        ("TICKETING_MAIL", "smtp"),
        ("TICKETING_SMTP_URL", &mail),
        ("TICKETING_MAIL_FROM", "tickets@example.org"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic canaryTraces"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("TICKETING_HOLD", "15m"),
        ("TICKETING_LOG", "trace"),
        ("TICKETING_LOG_FORMAT", format),
    ]);
    alone(&settings).await
}

async fn in_format(format: &str) {
    let (double, keys, redis) = (Double::start().await, Keys::begin(), Redis::with_password("canaryRedis"));
    let programs = start(format, &double, &keys, &redis).await;
    let mut secrets = keys.secrets();
    programs
        .prove(async |market: &Market| {
            let (_, ticket) = seller(market).await;
            let mut ben = member(market, "ben").await;
            let wrong = json!({"email": "nobody@example.org", "password": "canaryTyped 42"});
            assert_eq!(market.post("/api/users/signin").json(&wrong).send().await.status, 401);
            let (order, page) = sent_to_pay(&mut ben, &ticket).await;

            keys.rotate(&["--after", "1s"]);
            let published =
                async || market.get("/.well-known/jwks.json").send().await.body["keys"].as_array().map(Vec::len);
            eventually(published, |keys| *keys == Some(3)).await;
            market.sign_up("eve").await;

            paid(market, &double, &page).await;
            told_in_any_order(market, &double.take_events()).await;
            let seen = async || {
                ben.open(&order).await;
                ben.texts("main .badge")
            };
            eventually(seen, |badges| badges == &["Completed"]).await;
        })
        .await;

    secrets.extend(keys.secrets());
    let log = programs.all[0].log();
    starts::is_safe(&log, format);
    for secret in secrets {
        assert!(!log.contains(&secret), "a signing key is in the log");
    }
    assert!(log.contains("the signing keys have changed"));
    assert_none_in(&programs.all[0].last_words());
}

#[tokio::test]
async fn whatever_is_logged_in_json_is_no_secret() {
    in_format("json").await;
}

#[tokio::test]
async fn whatever_is_logged_as_text_is_no_secret() {
    in_format("text").await;
}
