//! What a marketplace keeps everything in: engines, or one file.

use std::path::{Path, PathBuf};

use mongodb::Client;

use crate::engines::Engines;
use crate::name::Variables;
use crate::plan::Kind;
use crate::{Error, preload};

/// What may be broken beside the processes.
#[derive(Debug)]
pub(crate) enum Backend {
    /// Each service is a process of its own.
    Engines(Cluster),
    /// All services are one process.
    File(MarketFile),
}

/// MongoDB, Kafka and Redis.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) engines: Engines,
    pub(crate) mongodb: Client,
    pub(crate) kafka_members: u32,
}

/// A directory with a file that a process serves, and a disk that may lose power.
#[derive(Debug)]
pub(crate) struct MarketFile {
    pub(crate) directory: PathBuf,
    /// What was written and not synchronised.
    pub(crate) unsynced: PathBuf,
    /// While it is there, the process ends where it would synchronise.
    pub(crate) cut: PathBuf,
    /// What is loaded into the process to note that.
    library: PathBuf,
}

impl Backend {
    /// # Errors
    ///
    /// There are none.
    pub(crate) fn engines(&self, kind: Kind) -> Result<&Cluster, Error> {
        match self {
            Self::Engines(cluster) => Ok(cluster),
            Self::File(_) => Err(Error::NeedsEngines(kind.name())),
        }
    }

    /// # Errors
    ///
    /// There is none.
    pub(crate) fn file(&self, kind: Kind) -> Result<&MarketFile, Error> {
        match self {
            Self::File(file) => Ok(file),
            Self::Engines(_) => Err(Error::NeedsFile(kind.name())),
        }
    }
}

impl Cluster {
    /// Starts a separate set under a folder.
    pub(crate) async fn up(script: &Path, folder: &Path, kafka_members: u32, keep: bool) -> Result<Self, Error> {
        let mut engines = Engines::up(script, folder, kafka_members).await?;
        if keep {
            engines.keep();
        }
        crate::tell(format_args!("engines are up: {}", engines.addresses.mongodb));
        let mongodb = Client::with_uri_str(&engines.addresses.mongodb).await?;
        Ok(Self { engines, mongodb, kafka_members })
    }
}

impl MarketFile {
    /// An empty directory under a folder.
    pub(crate) async fn new(folder: &Path) -> Result<Self, Error> {
        let directory = folder.join("data");
        std::fs::create_dir_all(&directory).map_err(Error::Program)?;
        let [unsynced, cut] = ["unsynced", "cut"].map(|name| folder.join(name));
        Ok(Self { directory, unsynced, cut, library: preload::library(folder).await? })
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.join("market.db")
    }

    /// What lets a process note what it has not synchronised.
    pub(crate) fn noted(&self) -> Variables {
        let text = |path: &Path| path.display().to_string();
        vec![
            ("LD_PRELOAD", text(&self.library)),
            ("FAULTS_DISK", text(&self.database())),
            ("FAULTS_UNSYNCED", text(&self.unsynced)),
            ("FAULTS_CUT", text(&self.cut)),
        ]
    }
}
