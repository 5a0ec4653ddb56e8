//! What a file is after it was closed, copied, backed up or damaged.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::ticket::{Listing, Sales, Ticket, TicketStatus};
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::outbox::OutboxView;
use ticketing_core::ports::store::{Page, StoreError, UnitOfWork, Write as Insert};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_memory::ManualClock;
use ticketing_sqlite::{SqliteEngines, SqliteError, SqliteFile};

use crate::earlier::bring_back;
use crate::world::{Directory, copy_as_killed, open, try_open};

/// Commits an order with its event.
async fn place(engines: &SqliteEngines) -> Order {
    let order = sample::order(AccountId::new(sample::uuid()));
    let event = sample::envelope(Topic::Orders, order.id.uuid(), 1);
    let work = UnitOfWork::default().with(Insert::insert(order.clone())).telling(event);
    engines.orders.commit(work).await.expect("it is committed");
    order
}

async fn has(engines: &SqliteEngines, order: &Order) -> Result<bool, StoreError> {
    let needs = OrderNeeds { orders: vec![order.id], ..OrderNeeds::default() };
    Ok(engines.orders.load(&needs).await?.orders.first().is_some_and(|stored| stored.record == *order))
}

fn assert_intact(path: &Path) {
    let connection = Connection::open(path).expect("the file is there");
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is checked");
    assert_eq!(check, "ok", "{} is damaged", path.display());
}

#[tokio::test]
async fn a_file_that_was_closed_is_one_file_and_opens_elsewhere() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let (path, copy) = (directory.file("market.db"), directory.file("copy.db"));
    let engines = open(&path, &clock).await;
    let order = place(&engines).await;
    drop(engines);

    assert!(!directory.file("market.db-wal").exists(), "a closed file leaves nothing beside it that belongs to it");
    std::fs::copy(&path, &copy).expect("it is copied");
    let (first, second) = (open(&path, &clock).await, open(&copy, &clock).await);
    assert!(has(&first, &order).await.expect("it is read") && has(&second, &order).await.expect("it is read"));
    let other = place(&second).await;
    assert!(!has(&first, &other).await.expect("it is read"), "the copy is a file of its own");
}

#[tokio::test]
async fn a_file_that_is_closed_is_one_file_while_handles_are_left() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let (path, copy) = (directory.file("market.db"), directory.file("copy.db"));
    let engines = open(&path, &clock).await;
    let order = place(&engines).await;

    engines.file.close().await;

    assert!(!directory.file("market.db-wal").exists(), "a closed file leaves nothing beside it that belongs to it");
    assert!(matches!(has(&engines, &order).await, Err(StoreError::Unavailable(_))), "it is read after it was closed");
    std::fs::copy(&path, &copy).expect("it is copied");
    let (next, elsewhere) = (open(&path, &clock).await, open(&copy, &clock).await);
    assert!(has(&next, &order).await.expect("it is read") && has(&elsewhere, &order).await.expect("it is read"));
    drop(engines);
}

#[tokio::test]
async fn nobody_else_reads_or_locks_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, clock) = (Directory::new(), ManualClock::default());
    let engines = open(&directory.file("market.db"), &clock).await;
    place(&engines).await;
    engines.file.back_up(&directory.file("backup.db")).await.expect("it is backed up");

    for name in ["market.db", "market.db-wal", "market.db-shm", "market.db.lock", "backup.db"] {
        let mode = std::fs::metadata(directory.file(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
}

#[tokio::test]
async fn an_empty_file_is_no_marketplace_to_copy() {
    let directory = Directory::new();
    let (empty, copy) = (directory.file("market.db"), directory.file("copy.db"));
    std::fs::write(&empty, "").expect("it is written");

    let refused = SqliteFile::copy(&empty, &copy).await;
    assert!(matches!(refused, Err(SqliteError::Foreign { .. })) && !copy.exists(), "{refused:?}");
}

#[tokio::test]
async fn a_link_leads_to_the_same_file() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let (path, link) = (directory.file("market.db"), directory.file("link.db"));
    let engines = open(&path, &clock).await;
    std::os::unix::fs::symlink(&path, &link).expect("a link is made");

    let refused = try_open(&link, &clock).await;
    assert!(matches!(refused, Err(SqliteError::InUse { .. })), "{refused:?}");
    drop(engines);
    open(&link, &clock).await;
}

#[tokio::test]
async fn a_torn_end_of_the_log_of_writes_takes_back_whole_commits_and_only_the_last() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let mut orders = Vec::new();
    for _ in 0..40 {
        orders.push(place(&engines).await);
    }
    for tear in 0..24_u64 {
        let torn = directory.file(&format!("torn-{tear}.db"));
        copy_as_killed(&path, &torn);
        tear_end(&directory.file(&format!("torn-{tear}.db-wal")), tear);

        let found = open(&torn, &clock).await;
        let mut kept = 0;
        for order in &orders {
            kept += u64::from(has(&found, order).await.expect("it is read"));
        }
        for (nth, order) in (0_u64..).zip(&orders) {
            assert_eq!(has(&found, order).await.expect("it is read"), nth < kept, "a hole in what was kept: {tear}");
        }
        let waiting = found.orders.outbox().backlog(1000).await.expect("it is counted").entries;
        assert_eq!(waiting as u64, kept, "an order and its event are one commit");
        assert_intact(found.file.path());
    }
}

/// Cuts off or overwrites an end, at another place each time.
fn tear_end(file: &Path, tear: u64) {
    let mut file = std::fs::File::options().read(true).write(true).open(file).expect("it is there");
    let length = file.metadata().expect("it has a length").len();
    let at = length - (1 + tear * 3001) % length;
    if tear.is_multiple_of(2) {
        return file.set_len(at).expect("it is cut");
    }
    file.seek(SeekFrom::Start(at)).expect("it is sought");
    file.write_all(&vec![0xA5; usize::try_from(length - at).expect("few bytes")]).expect("it is overwritten");
}

#[tokio::test]
async fn a_backup_is_of_one_moment_while_others_write() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let engines = open(&directory.file("market.db"), &clock).await;
    let before = place(&engines).await;
    let is_over = Arc::new(AtomicBool::default());
    let writing = |engines: SqliteEngines, is_over: Arc<AtomicBool>| async move {
        let mut placed = 0;
        while !is_over.load(Ordering::Relaxed) {
            place(&engines).await;
            placed += 1;
        }
        placed
    };
    let writers: Vec<_> = (0..4).map(|_| tokio::spawn(writing(engines.clone(), Arc::clone(&is_over)))).collect();

    let copy = directory.file("backup.db");
    engines.file.back_up(&copy).await.expect("it is backed up");
    let again = engines.file.back_up(&copy).await;
    assert!(matches!(again, Err(SqliteError::Other { .. })), "a backup took the place of another: {again:?}");
    is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.expect("a writer ends") > 0, "others wrote meanwhile");
    }

    assert_intact(&copy);
    assert!(!directory.file("backup.db.partial").exists());
    let backup = open(&copy, &clock).await;
    assert!(has(&backup, &before).await.expect("it is read"));
    let connection = Connection::open(&copy).expect("it is there");
    let halves = "SELECT (SELECT count(*) FROM orders) - (SELECT count(*) FROM outbox)";
    assert_eq!(connection.query_row(halves, [], |row| row.get(0)), Ok(0_i64), "an order without its event");
    place(&backup).await;
}

#[tokio::test]
async fn a_file_that_is_no_marketplace_is_refused_and_left_alone() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let foreign = directory.file("bookmarks.db");
    Connection::open(&foreign)
        .expect("it opens")
        .execute_batch("CREATE TABLE bookmarks (url TEXT)")
        .expect("it is made");
    let text = directory.file("letter.txt");
    std::fs::write(&text, "Dear Ada, ".repeat(1000)).expect("it is written");
    for path in [&foreign, &text] {
        let before = std::fs::read(path).expect("it is read");
        let refused = try_open(path, &clock).await;
        assert!(matches!(refused, Err(SqliteError::Foreign { .. })), "{refused:?}");
        assert_eq!(std::fs::read(path).expect("it is read"), before, "a foreign file was changed");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_release_is_refused_with_a_sentence() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    drop(open(&path, &clock).await);
    Connection::open(&path).expect("it opens").pragma_update(None, "user_version", 99).expect("it is marked");

    let Err(refused) = try_open(&path, &clock).await else { panic!("a file of the future was opened") };
    assert!(refused.to_string().contains("written by a newer release (schema 99, this one knows 6)"), "{refused}");
}

/// A release before this one knew no names of sellers.
#[tokio::test]
async fn a_file_of_the_first_schema_gets_what_is_missing() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let (listing, seller) = (sample::listing(), sample::seller());
    let work = UnitOfWork::default().with(Insert::insert(listing.clone()));
    engines.tickets.commit(work).await.expect("it is new");
    engines.file.close().await;
    drop(engines);
    drop(bring_back(&path, 1));

    let engines = open(&path, &clock).await;

    let unnamed = Ticket { seller_name: None, ..listing.ticket };
    let read = engines.tickets.listings(&[unnamed.id]).await.expect("it is read").pop().expect("it is there");
    assert_eq!(read.record.ticket, unnamed);
    assert_eq!(engines.tickets.seller(seller.account).await.expect("it is read"), None);
    let work = UnitOfWork::default().with(Insert::insert(seller.clone()));
    engines.tickets.commit(work).await.expect("there is a place for it");
    let kept = engines.tickets.seller(seller.account).await.expect("it is read").expect("it is there");
    assert_eq!(kept.record, seller);
}

/// A release before this one kept sales in the record of their ticket.
#[tokio::test]
async fn a_file_of_the_fifth_schema_keeps_its_sales() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let (sales, ticket) = (Sales { held: 2, sold: 5, version: 9 }, sample::ticket());
    let called_off = Ticket { status: TicketStatus::CalledOff, ..sample::ticket() };
    let kept = [Listing { sales, ..Listing::new(ticket) }, Listing::new(called_off)];
    let spoilt = sample::listing();
    for listing in kept.iter().chain([&spoilt]) {
        let work = UnitOfWork::default().with(Insert::insert(listing.clone()));
        engines.tickets.commit(work).await.expect("it is new");
    }
    engines.file.close().await;
    drop(engines);
    let earlier = bring_back(&path, 5);
    let spoil = "UPDATE listings SET record = 'of another program' WHERE id = ?1";
    earlier.execute(spoil, [spoilt.ticket.id.uuid().as_bytes()]).expect("it is spoilt");
    drop(earlier);

    let tickets = open(&path, &clock).await.tickets;

    let older = Sales { version: 8, ..sales };
    let of_each = |sales| kept.iter().map(|listing| (listing.ticket.id, sales)).collect();
    let followed = tickets.follow_sales(&of_each(older)).await.expect("it is followed");
    let expected = Listing { sales: older, ..kept[1].clone() };
    assert_eq!(followed, [(expected.ticket.id, (&expected).into())], "of the first, newer ones are known");
    for expected in [&kept[0], &expected] {
        let read = tickets.listings(&[expected.ticket.id]).await.expect("it is read").pop().expect("it is there");
        assert_eq!(read.record, *expected);
    }
    let newest = HashMap::from([(kept[0].ticket.id, Sales { version: 99, ..sales }), (spoilt.ticket.id, sales)]);
    let refused = tickets.follow_sales(&newest).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    let read = tickets.listings(&[kept[0].ticket.id]).await.expect("it is read").pop().expect("it is there");
    assert_eq!(read.record, kept[0], "sales were followed of one and not of the other");
}

/// A release before this one kept no questions.
#[tokio::test]
async fn a_file_of_the_third_schema_keeps_questions_and_its_letters() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let letter = sample::letter();
    engines.letters.commit(UnitOfWork::default().with(Insert::insert(letter.clone()))).await.expect("it is new");
    engines.file.close().await;
    drop(engines);
    drop(bring_back(&path, 3));

    let engines = open(&path, &clock).await;

    let due = engines.letters.due(sample::NOW, 9).await.expect("it is read");
    assert_eq!(due.into_iter().map(|stored| stored.record).collect::<Vec<_>>(), [letter]);
    let alerts = sample::alerts();
    engines.letters.commit(UnitOfWork::default().with(Insert::insert(alerts.clone()))).await.expect("there is a place");
    let handles = Vec::from_iter(alerts.filed().into_keys());
    let found = engines.letters.alerts_under(&handles, Page::first(99)).await.expect("it is read");
    let found: HashSet<_> = found.into_iter().map(|candidate| candidate.filed.account).collect();
    assert_eq!(found, HashSet::from([alerts.account]));
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_named() {
    let directory = Directory::new();
    let Err(refused) = try_open(&directory.file("no/market.db"), &ManualClock::default()).await else {
        panic!("a file was opened nowhere")
    };
    assert!(refused.to_string().ends_with("no/market.db cannot be opened"), "{refused}");
}

#[tokio::test]
async fn a_damaged_page_is_reported_and_not_believed() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let engines = open(&path, &clock).await;
    let mut orders = Vec::new();
    for _ in 0..60 {
        orders.push(place(&engines).await);
    }
    drop(engines);
    damage_pages(&path);

    let mut reported = 0;
    match try_open(&path, &clock).await {
        Err(error) => assert!(matches!(error, SqliteError::Damaged { .. } | SqliteError::Foreign { .. }), "{error:?}"),
        Ok(engines) => {
            for order in &orders {
                reported += usize::from(matches!(has(&engines, order).await, Err(StoreError::Corrupt(_))));
            }
            assert!(reported > 0, "half of the pages are noise, and every order was read");
        }
    }
}

/// Overwrites every second page behind the first few.
fn damage_pages(path: &Path) {
    const PAGE: u64 = 4096;
    let mut file = std::fs::File::options().read(true).write(true).open(path).expect("it is there");
    let pages = file.metadata().expect("it has a length").len() / PAGE;
    for page in (50..pages).step_by(2) {
        let mut bytes = [0; 64];
        file.seek(SeekFrom::Start(page * PAGE)).expect("it is sought");
        file.read_exact(&mut bytes).expect("it is read");
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
        file.seek(SeekFrom::Start(page * PAGE)).expect("it is sought");
        file.write_all(&bytes).expect("it is damaged");
    }
}
