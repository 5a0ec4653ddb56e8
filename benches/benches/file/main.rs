//! What the marketplace does in one file, beside the least that `SQLite` does for anybody who writes the same rows.
//!
//! `cargo bench -p ticketing-benches --bench file [-- NAME…]` measures each figure right beside its baseline, which writes
//! rows of the same sizes into the same tables and indexes, as many in a transaction as there are buyers, and prints both
//! with their ratio. `-- large` fills files with a million tickets and ten million orders, which takes a while. The files lie in the folder for temporary files: set `TMPDIR` to measure another disk.

mod bare;
#[path = "../batchers.rs"]
mod batchers;
#[path = "../following.rs"]
mod following;
mod large;
mod orders;
mod replica;
#[path = "../marketplace/sample.rs"]
mod sample;
#[path = "../table.rs"]
mod table;

use std::path::{Path, PathBuf};

use ticketing_sqlite::{SqliteConfig, SqliteEngines};
use uuid::Uuid;

use table::Table;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime starts");
    let mut table = Table::default();
    runtime.block_on(async {
        if is_wanted("orders") {
            orders::bench(&mut table).await;
        }
        if is_wanted("replica") {
            replica::bench(&mut table).await;
        }
        if wanted.iter().any(|name| name == "large") {
            large::bench().await;
        }
    });
    table.print();
}

/// A file that nobody else has, and that goes away with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("ticketing-bench-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).expect("a folder of its own");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("market.db")
    }

    async fn open(&self) -> SqliteEngines {
        SqliteEngines::open(&SqliteConfig::new(self.path()), sample::env()).await.expect("the file opens")
    }

    /// The tables and indexes of a marketplace, for a bare connection.
    async fn bare(&self) -> rusqlite::Connection {
        self.open().await.file.close().await;
        bare::connect(Path::new(&self.path()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is in the folder for temporary files.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}
