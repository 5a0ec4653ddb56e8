//! A process that is killed while it commits, again and again.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures::future::join_all;
use rusqlite::Connection;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{AccountId, OrderId};
use ticketing_core::domain::order::Order;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write as Insert};
use ticketing_core::wire::EventEnvelope;
use ticketing_memory::ManualClock;
use ticketing_sqlite::{SqliteEngines, SqliteError};
use uuid::Uuid;

use crate::world::{Directory, open, try_open};

/// The file that is written until its process is killed; set in that process.
const VICTIM: &str = "TICKETING_TEST_SQLITE_VICTIM";
const NAME: &str = "killed::what_was_acknowledged_outlives_a_kill_at_any_moment";

#[tokio::test]
async fn what_was_acknowledged_outlives_a_kill_at_any_moment() {
    if let Ok(path) = std::env::var(VICTIM) {
        return commit_until_killed(Path::new(&path)).await;
    }
    let directory = Directory::new();
    let path = directory.file("market.db");
    let mut acknowledged = BTreeSet::new();
    for round in 0..12 {
        let mut victim = victim(&path);
        let mut lines = BufReader::new(victim.stdout.take().expect("it has an output")).split(b'\n');
        let few = 1 + rand::random_range(0..200);
        acknowledged.extend(lines.by_ref().filter_map(|line| order(&line.expect("it is read"))).take(few));
        victim.kill().expect("it is killed");
        // What it said before it died counts; of its last line there may be a half.
        acknowledged.extend(lines.filter_map(|line| order(&line.expect("it is read"))));
        victim.wait().expect("it ended");

        assert_sound(&path, &acknowledged, round).await;
    }
    assert!(acknowledged.len() > 12, "{} commits are no load", acknowledged.len());
}

#[tokio::test]
async fn a_second_process_is_refused_until_the_first_ends() {
    let directory = Directory::new();
    let path = directory.file("market.db");
    let mut holder = victim(&path);
    let mut lines = BufReader::new(holder.stdout.take().expect("it has an output")).split(b'\n');
    lines.by_ref().find_map(|line| order(&line.expect("it is read"))).expect("it commits");

    let refused = try_open(&path, &ManualClock::default()).await;
    let Err(refused @ SqliteError::InUse { .. }) = refused else { panic!("{refused:?}") };
    assert!(
        refused
            .to_string()
            .ends_with("market.db is in use: end the other process that has it open, or choose another file")
    );

    holder.kill().expect("it is killed");
    holder.wait().expect("it ended");
    open(&path, &ManualClock::default()).await;
}

fn victim(path: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this is a program"))
        .args(["--exact", NAME, "--nocapture"])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("another process starts")
}

/// The order of a line that was written to its end.
fn order(line: &[u8]) -> Option<OrderId> {
    let (_, id) = str::from_utf8(line).ok()?.rsplit_once("committed ")?;
    id.strip_suffix('.')?.parse().ok()
}

/// Many at once commit orders with their events, and say so when it is acknowledged.
async fn commit_until_killed(path: &Path) {
    let engines = open(path, &ManualClock::default()).await;
    let commit_on = |engines: SqliteEngines| async move {
        loop {
            let (order, event) = placed();
            let work = UnitOfWork::default().with(Insert::insert(order.clone())).telling(event);
            engines.orders.commit(work).await.expect("it is committed");
            writeln!(std::io::stdout(), "committed {}.", order.id).expect("somebody listens");
        }
    };
    let loops: Vec<_> = (0..8).map(|_| tokio::spawn(commit_on(engines.clone()))).collect();
    join_all(loops).await;
}

/// An id may occur again in another process; here none may.
fn placed() -> (Order, EventEnvelope) {
    let id = Uuid::from_u128(rand::random());
    let order = Order { id: OrderId::new(id), ..sample::order(AccountId::new(sample::uuid())) };
    (order, sample::envelope(Topic::Orders, id, 1))
}

async fn assert_sound(path: &Path, acknowledged: &BTreeSet<OrderId>, round: usize) {
    let clock = ManualClock::default();
    let engines = open(path, &clock).await;
    let connection = Connection::open(engines.file.path()).expect("the file is there");
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is checked");
    assert_eq!(check, "ok", "the file is damaged after kill {round}");
    let has = |sql: &str, id: &OrderId| connection.prepare_cached(sql)?.exists([id.uuid().as_bytes()]);
    let has_event = |id: &OrderId| {
        let sql = "SELECT 1 FROM outbox JOIN log USING (position) WHERE key = ?1";
        connection.prepare_cached(sql)?.exists([id.to_string()])
    };
    for id in acknowledged {
        let kept = (has("SELECT 1 FROM orders WHERE id = ?1", id), has_event(id));
        assert_eq!(kept, (Ok(true), Ok(true)), "{id} was acknowledged and is lost after kill {round}");
    }
    let halves = "SELECT (SELECT count(*) FROM orders) - (SELECT count(*) FROM outbox)";
    assert_eq!(connection.query_row(halves, [], |row| row.get(0)), Ok(0_i64), "a half was committed at kill {round}");
}
