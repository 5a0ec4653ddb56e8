//! A marketplace that outgrows its file goes on in the databases, with everything that was sold.

mod interrupted;
mod refused;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;
use ticketing_mongodb::{MongoClient, MongoConfig};

use crate::market::{Market, User, eventually, id};
use crate::postbox::Postbox;
use crate::programs::{Program, Programs, Settings, directory, engines, on_file};

/// A file, and the engines where it goes.
struct Moving {
    data: PathBuf,
    engines: Settings,
    origin: String,
}

impl Moving {
    fn new() -> Self {
        let (data, address) = (directory(), free_address().to_string());
        let (mut engines, origin) = (engines(), format!("http://{address}"));
        let url = format!("smtp://127.0.0.1:{}?tls=none", Postbox::shared().port);
        engines.extend([
            ("TICKETING_HOLD", "10m".to_owned()),
            ("TICKETING_LISTEN", address),
            ("TICKETING_PUBLIC_ORIGIN", origin.clone()),
            ("TICKETING_MAIL", "smtp".to_owned()),
            ("TICKETING_SMTP_URL", url),
            ("TICKETING_MAIL_FROM", "tickets@example.org".to_owned()),
        ]);
        Self { data, engines, origin }
    }

    fn setting(&self, wanted: &str) -> &str {
        let found = self.engines.iter().rfind(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str()).expect("it is set")
    }

    /// Serves the file.
    async fn file(&self, hold: &str) -> Programs {
        let same = ["LISTEN", "PUBLIC_ORIGIN", "MAIL", "SMTP_URL", "MAIL_FROM"];
        let same = self.engines.iter().filter(|(name, _)| same.contains(&name.trim_start_matches("TICKETING_")));
        let same = same.map(|(name, value)| (*name, value.as_str()));
        let others: Vec<_> = same.chain([("TICKETING_HOLD", hold)]).collect();
        Programs::of_one(on_file(&self.data, &others).await)
    }

    /// Serves the databases.
    async fn databases(&self) -> Programs {
        let keys = self.data.join("keys.json").display().to_string();
        let settings: Settings = self.engines.iter().cloned().chain([("TICKETING_SIGNING_KEYS", keys)]).collect();
        Programs::of_one(Program::start("all", &[], &settings).await)
    }

    /// A command of the program, told of both.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Program::CURRENT);
        command.args(arguments).env_clear().envs(self.engines.iter().map(|(name, value)| (name, value)));
        command.env("TICKETING_DATA", &self.data);
        command
    }

    fn moved(&self) -> Output {
        self.command(&["move"]).output().expect("the program starts")
    }

    /// What the program says that cannot be served from the file any more.
    fn refused(&self) -> String {
        let mut serve = Command::new(Program::CURRENT);
        serve.args(["serve", "--payments", "sandbox", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        let served = serve.env_clear().env("TICKETING_DATA", &self.data).output().expect("the program starts");
        assert_eq!(served.status.code(), Some(1), "{}", said(&served));
        said(&served)
    }

    async fn client(&self) -> MongoClient {
        let config = MongoConfig {
            database_prefix: self.setting("TICKETING_DATABASE_PREFIX").to_owned(),
            ..MongoConfig::new(self.setting("TICKETING_MONGODB_URI"))
        };
        MongoClient::connect(&config).await.expect("MongoDB answers")
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What there was in the file.
struct Sold {
    sally: User,
    ben: User,
    ticket: Value,
    paid: Value,
    held: Value,
    expiring: Value,
    refunded: Value,
    passes: Value,
    alerts: Value,
}

async fn passes(market: &Market, buyer: &User, order: &Value) -> Value {
    let path = format!("/api/orders/{}/passes", id(order));
    eventually(async || market.get(&path).by(buyer).send().await, |reply| reply.status == 200).await.body
}

/// An order that nobody pays, and of which the hold ends after the move.
async fn hold_for_a_while(market: &Market) -> (User, User, Value, Value) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 6).await;
    let expiring = market.buy(&ben, &ticket).await;
    (sally, ben, ticket, expiring)
}

async fn confirmed(market: &Market, user: &User, origin: &str) -> User {
    let letters = async || Postbox::shared().of(&user.email);
    let letters = eventually(letters, |mails| mails.iter().any(|mail| mail.subject.contains("Confirm"))).await;
    let letter = letters.iter().find(|mail| mail.subject.contains("Confirm")).expect("it came");
    let token = letter.word(&format!("{origin}/confirm/")).rsplit('/').next().expect("a token");
    let reply = market.post("/api/users/confirm").json(&json!({"token": token})).send().await;
    assert_eq!(reply.status, 204, "{reply:?}");
    market.sign_in(user).await
}

async fn alerts(market: &Market, user: &User) -> Value {
    market.get("/api/alerts").by(user).send().await.body
}

/// Sells, and is killed as soon as the last order is paid.
async fn sell(
    market: &Market,
    file: &Program,
    origin: &str,
    (sally, ben, ticket, expiring): (User, User, Value, Value),
) -> Sold {
    let ben = confirmed(market, &ben, origin).await;
    let kept = market.post("/api/alerts").by(&ben).json(&json!({"search": "q=jazz"})).send().await;
    assert_eq!(kept.status, 201, "{kept:?}");
    let off = market.sell(&sally, 2).await;
    let [first, paid, held] =
        [market.buy(&ben, &ticket).await, market.buy(&ben, &ticket).await, market.buy(&ben, &ticket).await];
    market.pay(&ben, &first).await;
    let passes = passes(market, &ben, &first).await;
    let refunded = market.buy(&ben, &off).await;
    market.pay(&ben, &refunded).await;
    eventually(async || market.order(&ben, &refunded).await, |order| order["status"] == "completed").await;
    market.post(&format!("/api/tickets/{}/call-off", id(&off))).by(&sally).send().await;
    let alerts = alerts(market, &ben).await;
    market.pay(&ben, &paid).await;
    file.kill().await;
    Sold { sally, ben, ticket, paid, held, expiring, refunded, passes, alerts }
}

async fn is_all_there(market: &Market, sold: &Sold) {
    let Sold { ben, ticket, paid, held, expiring, refunded, .. } = sold;
    // The session of before, without a sign-in.
    assert_eq!(market.order(ben, paid).await["status"], "completed");
    let ben = &market.sign_in(ben).await;
    assert_eq!(market.order(ben, refunded).await["status"], "refunded");
    passes(market, ben, paid).await;
    // What was printed before opens the door.
    let shown = market.post(&format!("/api/doors/{}/checks", id(ticket))).by(&sold.sally);
    let shown = shown.json(&json!({"pass": sold.passes["items"][0]["token"]})).send().await;
    assert_eq!(shown.body["result"], "welcome", "{shown:?}");
    assert_eq!(alerts(market, ben).await, sold.alerts);
    assert_eq!(market.order(ben, held).await["status"], "awaitingPayment");
    eventually(async || market.pay(ben, held).await, |reply| reply.status == 201).await;
    eventually(async || market.order(ben, held).await, |order| order["status"] == "completed").await;
    eventually(async || market.order(ben, expiring).await, |order| order["status"] == "cancelled").await;
    // Of six places three are sold.
    eventually(async || market.ticket(ticket).await, |ticket| ticket["available"] == 3).await;
    let found = async || market.get("/api/tickets?q=opera").send().await.body["items"][0]["id"].clone();
    eventually(found, |found| *found == ticket["id"]).await;
}

#[tokio::test]
async fn a_marketplace_goes_on_in_the_databases_with_everything_that_was_sold() {
    let moving = Moving::new();
    let mut story = None;
    let file = moving.file("40s").await;
    file.prove(async |market: &Market| story = Some(hold_for_a_while(market).await)).await;
    file.all[0].stop().await;
    let (file, mut sold) = (moving.file("10m").await, None);
    let story = story.expect("it was told");
    file.prove(async |market: &Market| sold = Some(sell(market, &file.all[0], &moving.origin, story).await)).await;
    let sold = sold.expect("it was told");

    let moved = moving.moved();
    assert!(moved.status.success() && said(&moved).contains("every invariant holds"), "{}", said(&moved));
    assert!(!said(&moved).contains("moved no sessions"), "{}", said(&moved));
    let again = moving.moved();
    assert!(again.status.code() == Some(1) && said(&again).contains("was moved to"), "{}", said(&again));
    assert!(moving.refused().contains("was moved to the databases"), "{}", moving.refused());

    let databases = moving.databases().await;
    databases.prove(async |market: &Market| is_all_there(market, &sold).await).await;
    databases.all[0].audit();
}

#[tokio::test]
async fn a_file_is_served_again_once_its_move_is_taken_back() {
    let moving = Moving::new();
    let file = moving.file("10m").await;
    let mut sally = None;
    file.prove(async |market: &Market| sally = Some(market.sign_up("sally").await)).await;
    let sally = sally.expect("somebody");
    let in_use = moving.moved();
    assert!(!in_use.status.success() && said(&in_use).contains("is in use"), "{}", said(&in_use));
    file.all[0].stop().await;
    assert!(moving.moved().status.success());

    let back = moving.command(&["move", "--take-back"]).output().expect("the program starts");
    assert!(back.status.success() && said(&back).contains("may be served again"), "{}", said(&back));
    file.all[0].go_on_by(Program::CURRENT).await;
    file.prove(async |market: &Market| drop(market.sign_in(&sally).await)).await;
    file.all[0].stop().await;
    let again = moving.moved();
    assert!(!again.status.success() && said(&again).contains("taken back"), "{}", said(&again));

    let another = Moving { data: directory(), ..moving };
    another.file("10m").await.all[0].stop().await;
    let refused = another.moved();
    assert!(!refused.status.success() && said(&refused).contains("another marketplace"), "{}", said(&refused));
}
