//! Members that wait while everybody reads.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use futures::FutureExt;
use ticketing_conformance::sample;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::ports::transport::{Kinds, StartFrom};
use ticketing_memory::{ManualClock, SequentialIds};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::*;
use crate::{SqliteConfig, SqliteEngines};

/// The only connection that reads is busy, and another read waits for it already.
struct Busy {
    file: SqliteFile,
    /// Ends the read that runs, and the one that waits, once it runs.
    ends: [Sender<()>; 2],
    /// Hears that the one that waits runs.
    next_runs: oneshot::Receiver<()>,
}

impl Busy {
    async fn keep(file: &SqliteFile) -> Self {
        let (first, runs) = Self::read(file);
        runs.await.unwrap();
        let (second, next_runs) = Self::read(file);
        // It queues now.
        yield_now().await;
        Self { file: file.clone(), ends: [first, second], next_runs }
    }

    /// Begins a read that runs until it is told to end.
    fn read(file: &SqliteFile) -> (Sender<()>, oneshot::Receiver<()>) {
        let ((end, ended), (run, runs), file) = (channel(), oneshot::channel(), file.clone());
        let read = move |_: &Connection| {
            let _told = run.send(());
            let _ended = ended.recv();
            Ok(())
        };
        tokio::spawn(async move { file.read(read).await.is_ok() });
        (end, runs)
    }

    /// Ends the read that runs, and queues another.
    async fn go_on(self) -> Self {
        let Self { file, ends: [first, second], next_runs } = self;
        let (third, runs) = Self::read(&file);
        yield_now().await;
        drop(first);
        next_runs.await.unwrap();
        Self { file, ends: [second, third], next_runs: runs }
    }
}

async fn engines(readers: usize) -> (PathBuf, SqliteEngines) {
    let directory = std::env::temp_dir().join(format!("ticketing-sqlite-{}", uuid::Uuid::from_u128(rand::random())));
    std::fs::create_dir(&directory).unwrap();
    let env = ClockAndIds { clock: Arc::new(ManualClock::default()), ids: Arc::new(SequentialIds::new()) };
    let config = SqliteConfig { readers, ..SqliteConfig::new(directory.join("market.db")) };
    (directory, SqliteEngines::open(&config, env).await.unwrap())
}

#[tokio::test]
async fn a_read_keeps_its_turn_when_nobody_waits_for_it_any_more() {
    let (directory, engines) = engines(1).await;
    let (group, topics, start) = ("catalog".to_owned(), vec![Topic::Orders], StartFrom::Earliest);
    let config =
        SubscriptionConfig { group, topics, start, max_unsettled: 100, patience: Duration::ZERO, kinds: Kinds::All };
    let mut member = engines.broker.subscriber().subscribe(config).await.unwrap();
    let events = sample::history(Topic::Orders, 3);
    engines.orders.commit(UnitOfWork { writes: Vec::new(), events }).await.unwrap();
    let giving_up_again_and_again = async {
        let mut busy = Busy::keep(&engines.file).await;
        loop {
            let came = member.next(10).now_or_never().unwrap_or_else(|| Ok(Vec::new())).unwrap();
            if !came.is_empty() {
                return came;
            }
            yield_now().await;
            busy = busy.go_on().await;
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(20), giving_up_again_and_again).await;
    assert_eq!(came.expect("its read has its turn").len(), 3);
    std::fs::remove_dir_all(directory).unwrap();
}
