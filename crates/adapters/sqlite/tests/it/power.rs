//! The power fails at any moment, and takes with it what the disk was not told to keep.

mod chance;
mod disk;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use futures::future::join_all;
use rusqlite::Connection;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_memory::ManualClock;
use ticketing_sqlite::{SqliteConfig, SqliteEngines};
use uuid::Uuid;

use crate::world::{Directory, env, open};

use chance::Chance;
use disk::{Disk, Done, Image, What, power_fails};

/// What becomes of `fsync` in the process in which a disk is plugged in.
const DRIVE: &str = "TICKETING_TEST_SQLITE_DRIVE";

#[tokio::test]
async fn what_was_acknowledged_outlives_a_power_failure_at_any_moment() {
    if !runs_with("honest", "power::what_was_acknowledged_outlives_a_power_failure_at_any_moment") {
        return;
    }
    let found = fail_again_and_again(300, |_| true).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// As if `synchronous` were `NORMAL` or `OFF`: otherwise the test above would prove nothing.
#[tokio::test]
async fn a_drive_that_does_not_keep_what_it_should_is_found_out() {
    if !runs_with("lying", "power::a_drive_that_does_not_keep_what_it_should_is_found_out") {
        return;
    }
    let found = fail_again_and_again(40, |file| !file.ends_with("-wal")).await;
    assert!(found.len() > 20, "{found:?}");
}

/// Whether this is the process of that test alone; otherwise it is started, and has to succeed.
fn runs_with(drive: &str, name: &str) -> bool {
    if std::env::var(DRIVE).is_ok_and(|given| given == drive) {
        return true;
    }
    let mut own = Command::new(std::env::current_exe().expect("this is a program"));
    let output = own.args(["--exact", name, "--nocapture"]).env(DRIVE, drive).output().expect("it runs");
    let [said, complained] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success() && said.contains("1 passed"), "{said}{complained}");
    false
}

/// An order and its event, which were committed as one.
struct Sale {
    id: Uuid,
    /// How much had been done to the disk when its commit was acknowledged.
    acknowledged: usize,
}

/// What is wrong after each power failure, if the drive keeps what it is told to of these files.
async fn fail_again_and_again(failures: u64, is_honest: impl Fn(&str) -> bool) -> Vec<String> {
    let (directory, disk) = (Directory::new(), Disk::default());
    disk.plug_in();
    let (path, mut sales) = (directory.file("market.db"), Vec::new());
    for rounds in [110, 40] {
        sell(&disk, &path, rounds, &mut sales).await;
    }
    let mut done = disk.take();
    let written = |done: &Done| !done.file.ends_with("-wal") && matches!(done.what, What::Write { .. });
    let first = sales.first().expect("something was sold").acknowledged;
    assert!(done.iter().skip(first).any(written), "nothing came from the -wal into the file");
    let records = records(&path);
    done.iter_mut().filter(|done| !is_honest(&done.file)).for_each(|done| {
        if matches!(done.what, What::Sync) {
            done.what = What::Write { at: 0, bytes: Vec::new() };
        }
    });

    let mut found = Vec::new();
    for seed in 0..failures {
        let mut chance = Chance::of(seed);
        let moment = chance.below(done.len() + 1);
        let image = power_fails(done.split_at(moment).0, &mut chance);
        let failed = directory.file(&format!("failed-{seed}.db"));
        disk.put(moved(image, &path, &failed));
        let acknowledged = sales.iter().filter(|sale| sale.acknowledged <= moment).map(|sale| sale.id).collect();
        let wrong = look(&failed, acknowledged, &records).await;
        found.extend(wrong.map(|wrong| format!("failure {seed} after {moment} acts: {wrong}")));
        disk.remove(&failed.display().to_string());
    }
    found
}

/// Commits a sale, or a few together, and again; then closes the file.
async fn sell(disk: &Disk, path: &Path, rounds: usize, sales: &mut Vec<Sale>) {
    let engines = open(path, &ManualClock::default()).await;
    disk.note_directory();
    for round in 0..rounds {
        let together = (0..1 + round % 4).map(|_| sell_one(disk, &engines));
        sales.extend(join_all(together).await);
    }
    engines.file.close().await;
}

async fn sell_one(disk: &Disk, engines: &SqliteEngines) -> Sale {
    let order = sample::order(AccountId::new(sample::uuid()));
    let id = order.id.uuid();
    let work = UnitOfWork::default().with(Write::insert(order)).telling(sample::envelope(Topic::Orders, id, 1));
    engines.orders.commit(work).await.expect("it is committed");
    Sale { id, acknowledged: disk.length() }
}

/// The files of an image, under the name of another database.
fn moved(image: Image, from: &Path, to: &Path) -> Image {
    let (from, to) = (from.display().to_string(), to.display().to_string());
    let renamed =
        |(name, bytes): (Arc<str>, Vec<u8>)| Some((format!("{to}{}", name.strip_prefix(&*from)?).into(), bytes));
    image.into_iter().filter_map(renamed).collect()
}

type Records = BTreeMap<Uuid, String>;

fn records(path: &Path) -> Records {
    let connection = Connection::open(path).expect("the file is there");
    records_of(&connection).expect("orders are read")
}

fn records_of(connection: &Connection) -> rusqlite::Result<Records> {
    let mut select = connection.prepare("SELECT id, record FROM orders")?;
    let rows = select.query_map([], |row| Ok((uuid(&row.get::<_, Vec<u8>>(0)?), row.get(1)?)))?;
    rows.collect()
}

fn uuid(bytes: &[u8]) -> Uuid {
    Uuid::from_slice(bytes).expect("it is an id")
}

/// What is wrong with a file after the power failed, if anything is.
async fn look(path: &Path, acknowledged: Vec<Uuid>, whole: &Records) -> Option<String> {
    let config = SqliteConfig { readers: 1, ..SqliteConfig::new(path) };
    match SqliteEngines::open(&config, env(&ManualClock::default())).await {
        Ok(engines) => engines.file.close().await,
        Err(error) => return Some(format!("it does not open: {error:?}")),
    }
    match compare(path, &acknowledged, whole) {
        Ok(wrong) => wrong,
        Err(error) => Some(error.to_string()),
    }
}

fn compare(path: &Path, acknowledged: &[Uuid], whole: &Records) -> rusqlite::Result<Option<String>> {
    let connection = Connection::open(path)?;
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if check != "ok" {
        return Ok(Some(check));
    }
    let kept = records_of(&connection)?;
    if let Some(lost) = acknowledged.iter().find(|id| !kept.contains_key(id)) {
        return Ok(Some(format!("{lost} was acknowledged and is lost")));
    }
    if let Some((id, _)) = kept.iter().find(|(id, record)| whole.get(id) != Some(record)) {
        return Ok(Some(format!("{id} is not as it was committed")));
    }
    let told = "SELECT key FROM log JOIN outbox USING (position) ORDER BY key";
    let told: Vec<String> = connection.prepare(told)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let sold: Vec<String> = kept.keys().map(Uuid::to_string).collect();
    Ok((told != sold).then(|| format!("{} orders and {} events were kept", sold.len(), told.len())))
}
