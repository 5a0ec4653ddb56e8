//! What was acknowledged is seen by every reader of the next primary.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::{Document, doc};
use mongodb::{Client, Collection, Database};
use ticketing_conformance::sample;
use ticketing_core::domain::account::Account;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::CaptureOutcome;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::gateway::{Capture, PaymentGateway};
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::parking::{Parked, ParkingLot};
use ticketing_core::ports::store::{Page, UnitOfWork, Write};
use ticketing_memory::{ManualClock, SandboxConfig, SandboxGateway};
use ticketing_mongodb::{MongoAccountStore, MongoClient, MongoConfig, MongoGateway, MongoOrderStore};
use tokio::task::JoinHandle;

use crate::{bank, world};

/// A replica set of three members that is nobody else's; it ends with this value, and with this process.
pub(crate) struct Members {
    /// Ends them when its input does.
    script: Child,
    folder: PathBuf,
    pub(crate) uri: String,
}

impl Members {
    pub(crate) fn start() -> Self {
        let mut script = Command::new(engines());
        script.args(["run", "sh", "-c", r#"echo "$MONGODB_URI"; echo "$ENGINES_DIR"; exec cat"#]);
        for of_another_set in ["MONGODB_URI", "ENGINES_DIR", "MONGODB_PORT"] {
            script.env_remove(of_another_set);
        }
        script.env("ENGINES", "mongodb").env("MONGODB_MEMBERS", "3").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = script.spawn().expect("the script starts");
        let mut told = BufReader::new(script.stdout.take().expect("its output")).lines();
        let mut line = || told.next().expect("the members work").expect("a line");
        let (uri, folder) = (line(), PathBuf::from(line()));
        Self { script, folder, uri }
    }

    fn hosts(&self) -> Vec<&str> {
        let hosts = self.uri.trim_start_matches("mongodb://").split('/').next().expect("hosts");
        hosts.split(',').collect()
    }

    /// One member alone.
    async fn admin(&self, host: &str) -> Database {
        let client = Client::with_uri_str(format!("mongodb://{host}/?directConnection=true")).await;
        client.expect("the address is well formed").database("admin")
    }

    fn kill(&self, host: &str) {
        let place = self.hosts().into_iter().position(|member| member == host).expect("a member");
        let mut script = Command::new(engines());
        script.env("ENGINES_DIR", &self.folder).arg("kill").arg(format!("mongodb{}", place + 1));
        assert!(script.status().expect("the script starts").success(), "{host} is killed");
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        self.script.wait().expect("the script ends");
    }
}

fn engines() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy/engines.sh")
}

async fn set_failpoint(admin: &Database, name: &str, mode: &str) {
    let failpoint = doc! { "configureFailPoint": name, "mode": mode };
    admin.run_command(failpoint).await.expect("the server lets tests inject failures");
}

/// Three members: one leads; the next takes what the first acknowledges, but does not learn that it was
/// acknowledged; and the last lags behind, so that the next cannot commit anything when it leads.
struct Succession {
    members: Members,
    first: String,
    next: Database,
    last: Database,
}

const IGNORANT: &str = "hangOplogFetcherBeforeAdvancingLastFetched";
const LAGGING: &str = "stopReplProducer";
const WITHIN: Duration = Duration::from_secs(60);

impl Succession {
    async fn prepared(members: Members) -> Self {
        let admin = Client::with_uri_str(&members.uri).await.expect("well formed").database("admin");
        let hello = admin.run_command(doc! { "hello": 1 }).await.expect("a primary");
        let first = hello.get_str("primary").expect("its address").to_owned();
        let others: Vec<&str> = members.hosts().into_iter().filter(|host| *host != first).collect();
        let [next, last] = others.as_slice() else { panic!("three members: {others:?}") };
        let (next, last) = (members.admin(next).await, members.admin(last).await);
        set_failpoint(&last, LAGGING, "alwaysOn").await;
        // A write that both lack nothing of: what comes next is alone in its batch.
        let settled = admin.client().database("settled").collection::<Document>("settled");
        settled.insert_one(doc! {}).await.expect("a majority has it");
        set_failpoint(&next, IGNORANT, "alwaysOn").await;
        Self { members, first, next, last }
    }

    /// The first dies, and the next leads.
    async fn succeed(&self) {
        self.members.kill(&self.first);
        let began = Instant::now();
        while let Err(error) = self.next.run_command(doc! { "replSetStepUp": 1 }).await {
            assert!(began.elapsed() < WITHIN, "it is not elected: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await; // between two looks
        }
        set_failpoint(&self.next, IGNORANT, "off").await;
    }

    /// Once one of these is answered, or waits for the first commit of the new primary, that commit happens.
    async fn commit_once_asked<T>(&self, asked: &[(&str, JoinHandle<T>)]) {
        let waiting = doc! { "currentOp": 1, "command.readConcern.level": "linearizable" };
        let began = Instant::now();
        while !asked.iter().any(|(_, answer)| answer.is_finished()) {
            let found = self.next.run_command(waiting.clone()).await.expect("what the server does");
            if !found.get_array("inprog").expect("operations").is_empty() {
                break;
            }
            assert!(began.elapsed() < WITHIN, "nobody is answered, and nobody waits");
            tokio::time::sleep(Duration::from_millis(10)).await; // between two looks
        }
        set_failpoint(&self.last, LAGGING, "off").await;
    }
}

/// What a process has open.
struct Process {
    client: MongoClient,
    accounts: MongoAccountStore,
    orders: MongoOrderStore,
    gateway: MongoGateway,
}

impl Process {
    async fn start(config: &MongoConfig) -> Self {
        let client = MongoClient::connect(config).await.expect("MongoDB answers");
        let accounts = MongoAccountStore::open(&client).await.expect("the store opens");
        let orders = MongoOrderStore::open(&client).await.expect("the store opens");
        let sandbox = SandboxGateway::new(Arc::new(ManualClock::default()), SandboxConfig::default());
        let gateway = MongoGateway::open(&client, Arc::new(sandbox)).await.expect("the ledger opens");
        Self { client, accounts, orders, gateway }
    }

    async fn write(&self, records: &Records) {
        let Records { account, order, parked, charge } = records.clone();
        self.accounts.commit(UnitOfWork::default().with(Write::insert(account))).await.expect("it is new");
        self.orders.commit(UnitOfWork::default().with(Write::insert(order))).await.expect("it is new");
        self.orders.parking().park(parked).await.expect("it is parked");
        self.gateway.capture(&charge).await.expect("money is taken");
    }

    /// Takes the only document out of each collection.
    async fn taken_out(&self) -> Vec<(Collection<Document>, Document)> {
        let mut documents = Vec::new();
        for (service, name) in
            [("accounts", "accounts"), ("orders", "orders"), ("orders", "parked"), ("gateway", "attempts")]
        {
            let collection = self.client.database(service).collection::<Document>(name);
            let document = collection.find_one_and_delete(doc! {}).await.expect("an answer").expect("a document");
            documents.push((collection, document));
        }
        documents
    }

    /// Commits documents as one, so that one batch brings them to the other members.
    async fn put_back(&self, documents: Vec<(Collection<Document>, Document)>) {
        let mut session = self.client.database("orders").client().start_session().await.expect("a session");
        session.start_transaction().await.expect("a transaction");
        for (collection, document) in documents {
            collection.insert_one(document).session(&mut session).await.expect("it is inserted");
        }
        session.commit_transaction().await.expect("it is acknowledged");
    }

    /// Asks for each record in every way; each answer is whether there is one.
    fn ask(&self, records: &Records) -> Vec<(&'static str, JoinHandle<bool>)> {
        let Records { account, order, parked, charge } = records.clone();
        let (accounts, by_email, email) = (self.accounts.clone(), self.accounts.clone(), account.email.clone());
        let (orders, list, parking) = (self.orders.clone(), self.orders.clone(), self.orders.parking());
        let (keys, gateway) = (vec![parked.key.clone()], self.gateway.clone());
        let needs = OrderNeeds { orders: vec![order.id], ..OrderNeeds::default() };
        let answered = "it is answered";
        vec![
            ("account", tokio::spawn(async move { accounts.account(account.id).await.expect(answered).is_some() })),
            ("e-mail", tokio::spawn(async move { by_email.account_by_email(&email).await.expect(answered).is_some() })),
            ("order", tokio::spawn(async move { !orders.load(&needs).await.expect(answered).orders.is_empty() })),
            (
                "list",
                tokio::spawn(
                    async move { !list.orders_of(order.buyer, Page::first(9)).await.expect(answered).is_empty() },
                ),
            ),
            (
                "parked",
                tokio::spawn(
                    async move { !parking.parked_keys(&parked.consumer, &keys).await.expect(answered).is_empty() },
                ),
            ),
            (
                "charge",
                tokio::spawn(async move {
                    matches!(gateway.look_up(charge.payment).await.expect(answered), CaptureOutcome::Captured { .. })
                }),
            ),
        ]
    }
}

#[derive(Clone)]
struct Records {
    account: Account,
    order: Order,
    parked: Parked,
    charge: Capture,
}

impl Records {
    fn new() -> Self {
        Self {
            account: sample::account(),
            order: sample::order(AccountId::new(sample::uuid())),
            parked: sample::parked("orders", sample::history(Topic::Tickets, 1).remove(0)),
            charge: bank::capture(SandboxGateway::VISA),
        }
    }
}

#[tokio::test]
async fn what_a_primary_acknowledged_is_read_from_the_next() {
    let (members, records) = (Members::start(), Records::new());
    let config = MongoConfig { uri: members.uri.clone(), ..world::config() };
    let [writer, reader] = [Process::start(&config).await, Process::start(&config).await];
    writer.write(&records).await;
    let documents = writer.taken_out().await;
    let succession = Succession::prepared(members).await;

    writer.put_back(documents).await;
    succession.succeed().await;
    let asked = reader.ask(&records);
    succession.commit_once_asked(&asked).await;

    for (what, answer) in asked {
        assert!(answer.await.expect("it ends"), "there is no such {what}");
    }
}
