//! A backup that is taken while people buy is restored, and what it holds fits together.

use std::path::{Path, PathBuf};
use std::process::Command;

use bson::doc;
use futures::future::join;
use serde_json::Value;
use ticketing_mongodb::{MongoClient, MongoConfig};

use crate::disturbed::Engines;
use crate::market::{Market, User, eventually, id, unique};
use crate::programs::{Program, Programs, SIGNED, Settings, engines};

/// A MongoDB whose files are a test's to copy and to put back.
struct Mongo(Engines);

impl Mongo {
    fn up() -> Self {
        Self(Engines::up("mongodb"))
    }

    /// The files of its only member.
    fn files(&self) -> PathBuf {
        let settings = std::fs::read_to_string(self.0.folder.join("settings")).expect("it is up");
        let data = settings.lines().find_map(|line| line.strip_prefix("DATA=")).expect("where they are");
        Path::new(data.trim_matches('"')).join("mongodb1")
    }

    fn backup(&self) -> PathBuf {
        self.0.folder.with_extension("backup")
    }

    /// Copies the files of one moment, while writes wait.
    async fn back_up(&self) {
        let client =
            MongoClient::connect(&MongoConfig::new(self.0.address("MONGODB_URI"))).await.expect("MongoDB answers");
        let admin = client.database("any").client().database("admin");
        admin.run_command(doc! { "fsync": 1, "lock": true }).await.expect("it waits");
        copy(&self.files(), &self.backup()).await;
        admin.run_command(doc! { "fsyncUnlock": 1 }).await.expect("it goes on");
    }

    async fn restore(&self) {
        let files = self.files();
        self.0.tell(&["kill", "mongodb1"]);
        std::fs::remove_dir_all(&files).expect("they are there");
        copy(&self.backup(), &files).await;
        self.0.tell(&["start", "mongodb1"]);
    }
}

impl Drop for Mongo {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(self.backup()));
    }
}

async fn copy(from: &Path, to: &Path) {
    let (from, to) = (from.to_owned(), to.to_owned());
    let copied = tokio::task::spawn_blocking(move || Command::new("cp").arg("-R").args([from, to]).status());
    assert!(copied.await.expect("it ends").expect("cp is there").success());
}

/// Tickets is a separate process, so that it may miss what others hear.
async fn start(settings: &Settings) -> (Program, Programs) {
    let mut own = settings.clone();
    own.push((SIGNED.1, SIGNED.2.to_owned()));
    let accounts = Program::start("accounts", &["accounts"], &own).await;
    let mut settings = settings.clone();
    settings.push(("TICKETING_ACCOUNTS_URL", format!("http://{}", accounts.address())));
    let tickets = Program::start("tickets", &["tickets"], &settings).await;
    settings.push(("TICKETING_TICKETS_URL", format!("http://{}", tickets.address())));
    settings.push((SIGNED.1, SIGNED.2.to_owned()));
    let others = Program::start("others", &["orders", "payments", "admissions", "expiration", "web"], &settings).await;
    (tickets, Programs { all: vec![accounts, others] })
}

/// What was sold: a ticket, and two orders of it; of another one orders never cease to come.
struct Sold {
    buyer: User,
    ticket: Value,
    another: Value,
    paid: Value,
    /// Tickets never heard of it.
    unheard: Value,
}

async fn sell(market: &Market, tickets: Program) -> Sold {
    let (seller, buyer) = (market.sign_up("seller").await, market.sign_up("buyer").await);
    let (ticket, another) = (market.sell(&seller, 1000).await, market.sell(&seller, 1000).await);
    eventually(async || market.try_to_buy(&buyer, &another).await, |reply| reply.status == 201).await;
    let paid = eventually(async || market.try_to_buy(&buyer, &ticket).await, |reply| reply.status == 201).await.body;
    eventually(async || market.pay(&buyer, &paid).await, |reply| reply.status == 201).await;
    let completed = async || market.order(&buyer, &paid).await;
    eventually(completed, |order| order["status"] == "completed").await;
    eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 999).await;
    drop(tickets);
    let unheard = market.buy(&buyer, &ticket).await;
    Sold { buyer, ticket, another, paid, unheard }
}

/// What was sold before the backup is there, what came after it is not, and selling goes on.
async fn is_restored(market: &Market, sold: &Sold, later: &Value) {
    let buyer = market.sign_in(&sold.buyer).await;
    assert_eq!(market.order(&buyer, &sold.paid).await["status"], "completed");
    assert_eq!(market.order(&buyer, &sold.unheard).await["status"], "awaitingPayment");
    assert_eq!(market.order(&buyer, later).await["code"], "order_not_found");
    assert_eq!(market.pay(&buyer, &sold.unheard).await.status, 201);
    let new = market.buy(&buyer, &sold.ticket).await;
    eventually(async || market.pay(&buyer, &new).await, |reply| reply.status == 201).await;
    eventually(async || market.order(&buyer, &new).await, |order| order["status"] == "completed").await;
}

#[tokio::test]
async fn a_backup_of_a_running_marketplace_is_restored() {
    let mongo = Mongo::up();
    let mut settings = engines();
    settings.extend([("TICKETING_MONGODB_URI", mongo.0.address("MONGODB_URI")), ("TICKETING_HOLD", "1h".to_owned())]);
    let (tickets, programs) = start(&settings).await;
    let mut story = None;
    programs
        .prove(async |market: &Market| {
            let sold = sell(market, tickets).await;
            // What waits to be published when a backup is taken is heard after it.
            programs.at_rest().await;
            let meanwhile = async {
                for _ in 0..10 {
                    market.buy(&sold.buyer, &sold.another).await;
                }
            };
            join(mongo.back_up(), meanwhile).await;
            let later = market.buy(&sold.buyer, &sold.ticket).await;
            story = Some((sold, later));
        })
        .await;
    let (sold, later) = story.expect("it was told");
    drop(programs);

    mongo.restore().await;
    for prefix in ["TICKETING_TOPIC_PREFIX", "TICKETING_REDIS_PREFIX"] {
        settings.push((prefix, format!("restored-{}", &unique().simple().to_string()[20..])));
    }
    let (tickets, programs) = start(&settings).await;
    let others = &programs.all[1];
    let told = others.operate(&["replay", "tickets", "--from-databases", "--dry-run"]);
    let stale = format!("differs: sales of ticket {}", id(&sold.ticket));
    assert!(told.status.code() == Some(1) && String::from_utf8_lossy(&told.stdout).contains(&stale), "{told:?}");
    for service in ["tickets", "orders", "payments", "admissions", "expiration"] {
        let rebuilt = others.operate(&["replay", service, "--from-databases"]);
        assert!(rebuilt.status.success(), "{rebuilt:?}");
    }
    others.audit();
    programs.prove(async |market: &Market| is_restored(market, &sold, &later).await).await;
    others.audit();
    drop(tickets);
}
