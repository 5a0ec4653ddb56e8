//! A market in a file that was opened for it.

use std::path::{Path, PathBuf};

use futures::FutureExt;
use ticketing::{Error, Market};

use crate::{buy, opera};

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn of(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ticketing-{test}-{}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory is made");
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("market.db")
    }

    /// Whether the file is one file, which nobody has open.
    fn is_one_file(&self) -> bool {
        !self.0.join("market.db-wal").exists()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

async fn open(path: &Path) -> Market {
    Market::builder().sqlite(path).sandbox().open().await.expect("nobody else has the file")
}

#[tokio::test]
async fn who_gives_up_on_the_end_of_a_market_leaves_no_file_locked() {
    let directory = Directory::of("given-up");
    let market = open(&directory.file()).await;
    let ticket = opera(&market).await;
    assert!(market.close().now_or_never().is_none(), "it takes a moment");

    let next = open(&directory.file()).await;

    assert!(matches!(opera_again(&market).await, Err(Error::Unavailable(_))), "it is closed");
    buy(&next, &ticket).await;
    next.close().await.expect("it closes");
}

async fn opera_again(market: &Market) -> Result<ticketing::Ticket, Error> {
    market.sell(crate::SELLER, "Opera").price(4500, "EUR").await
}

#[tokio::test]
async fn to_close_again_waits_for_the_same_end() {
    let directory = Directory::of("closed-again");
    let market = open(&directory.file()).await;
    opera(&market).await;
    assert!(market.close().now_or_never().is_none(), "it takes a moment");

    market.close().await.expect("it closes");

    assert!(directory.is_one_file());
    market.close().await.expect("it is closed");
}

#[tokio::test]
async fn a_market_that_is_dropped_lets_go_of_its_file() {
    let directory = Directory::of("dropped");
    let market = open(&directory.file()).await;
    let ticket = opera(&market).await;
    drop(market);

    let next = open(&directory.file()).await;
    buy(&next, &ticket).await;
    next.close().await.expect("it closes");
    assert!(directory.is_one_file());
}
