//! The one thread that writes, and commits together all that waits.
//!
//! Each unit of work is a savepoint within one transaction, so a refusal takes back its own changes and no others.
//! Nobody hears of an outcome before the transaction is on disk: even a refusal was decided on what it carries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::Failure;
use crate::lock::FileLock;

/// The most units of work in one transaction, so that the first of them does not wait long for the last.
const MOST: usize = 512;

/// Runs a unit of work within its savepoint; without a connection, it is not done.
type Job = Box<dyn FnOnce(Option<&Connection>) -> Done + Send>;
/// Tells how it ended, once the transaction is on disk, or lost as the failure says.
type Answer = Box<dyn FnOnce(Option<Failure>) + Send>;

struct Done {
    /// Why nothing of it is to be kept.
    failure: Option<Failure>,
    answer: Answer,
}

/// Writes for everybody. Closed or dropped, it finishes what waits and closes the file.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. The lock ends with it.
    pub(crate) fn start(connection: Connection, lock: FileLock) -> std::io::Result<Self> {
        let (sender, jobs) = channel();
        let thread = thread::Builder::new().name("ticketing-sqlite".to_owned());
        let thread = thread.spawn(move || {
            run(&connection, &jobs);
            // A read that is left would keep SQLite from it when this connection closes: a file that is closed is one
            // file. Where it fails, the next process finds the rest beside it.
            let _emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            // Order matters: the next process may open the file once this one has closed it.
            drop(connection);
            drop(lock);
        })?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Writes what waits and nothing more, and lets go of the file; blocks until that is done.
    pub(crate) fn close(&self) {
        drop(self.jobs.lock().take());
        // The last handle may be dropped by a job, and a thread cannot wait for itself.
        let is_itself = |thread: &JoinHandle<()>| thread.thread().id() == thread::current().id();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread.filter(|thread| !is_itself(thread)) {
            // It fails if the thread panicked, which was printed then.
            let _ended = thread.join();
        }
    }

    /// Does `work` in the next transaction; `after` runs once that is on disk, even if nobody waits any more.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
        after: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, outcome) = oneshot::channel();
        let job = |connection: Option<&Connection>| {
            let done = connection.ok_or(Failure::Closed).and_then(work);
            let failure = done.as_ref().err().cloned();
            let answer = move |lost: Option<Failure>| {
                let done = lost.map_or(done, Err);
                if let Ok(done) = &done {
                    after(done);
                }
                // It fails only if nobody waits any more.
                let _told = sender.send(done);
            };
            Done { failure, answer: Box::new(answer) }
        };
        self.send(Box::new(job))?;
        outcome.await.unwrap_or(Err(Failure::Closed))
    }

    /// Does `work` in the next transaction, and nobody waits for it; `ended` hears whether it is on disk.
    pub(crate) fn write_later(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), Failure> + Send + 'static,
        ended: impl FnOnce(bool) + Send + 'static,
    ) {
        let job = |connection: Option<&Connection>| {
            let failure = connection.ok_or(Failure::Closed).and_then(work).err();
            let is_done = failure.is_none();
            Done { failure, answer: Box::new(move |lost| ended(is_done && lost.is_none())) }
        };
        // It fails only if the thread has ended, and then nothing is written any more.
        let _sent = self.send(Box::new(job));
    }

    fn send(&self, job: Job) -> Result<(), Failure> {
        self.jobs.lock().as_ref().and_then(|jobs| jobs.send(job).ok()).ok_or(Failure::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn run(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(MOST - 1)).collect();
        while !batch.is_empty() {
            batch = commit_together(connection, batch);
        }
    }
}

/// Commits as many units of work as one transaction takes; returns the rest.
fn commit_together(connection: &Connection, batch: Vec<Job>) -> Vec<Job> {
    if let Err(failure) = connection.execute_batch("BEGIN IMMEDIATE").map_err(Failure::from) {
        batch.into_iter().for_each(|job| (job(None).answer)(Some(failure.clone())));
        return Vec::new();
    }
    let mut answers = Vec::with_capacity(batch.len());
    let mut rest = batch.into_iter();
    let mut lost = None;
    for job in rest.by_ref() {
        let (answer, failure) = run_one(connection, job);
        answers.push(answer);
        if failure.is_some() {
            lost = failure;
            break;
        }
    }
    let lost = lost.or_else(|| commit(connection).err());
    answers.into_iter().for_each(|answer| answer(lost.clone()));
    rest.collect()
}

/// Runs a unit of work in its savepoint; with a failure if the whole transaction was lost by that.
fn run_one(connection: &Connection, job: Job) -> (Answer, Option<Failure>) {
    if let Err(error) = connection.execute_batch("SAVEPOINT unit") {
        roll_back(connection);
        return (job(None).answer, Some(error.into()));
    }
    let Ok(Done { failure, answer }) = catch_unwind(AssertUnwindSafe(|| job(Some(connection)))) else {
        // Who waited for it is told by the sender that it dropped; everybody else goes on.
        roll_back(connection);
        return (Box::new(|_| ()), Some(Failure::Closed));
    };
    if connection.is_autocommit() {
        // A full disk, for one, ends the whole transaction in the middle of a statement.
        return (answer, Some(failure.unwrap_or(Failure::Closed)));
    }
    let end = if failure.is_none() { "RELEASE unit" } else { "ROLLBACK TO unit; RELEASE unit" };
    let ended = connection.execute_batch(end);
    if ended.is_err() {
        roll_back(connection);
    }
    (answer, ended.err().map(Failure::from))
}

fn commit(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch("COMMIT").map_err(|error| {
        roll_back(connection);
        error.into()
    })
}

fn roll_back(connection: &Connection) {
    // It fails only if SQLite did so itself.
    let _rolled_back = connection.execute_batch("ROLLBACK");
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;
    use ticketing_core::ports::store::StoreError;

    use super::*;
    use crate::lock::FileLock;

    /// A file with room for little, and its writer.
    fn small() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text TEXT NOT NULL); PRAGMA max_page_count = 16;").unwrap();
        Writer::start(connection, FileLock::of_nothing()).unwrap()
    }

    fn note(bytes: usize) -> impl FnOnce(&Connection) -> Result<(), Failure> + Send + 'static {
        move |connection| Ok(connection.execute("INSERT INTO notes VALUES (?1)", ["n".repeat(bytes)]).map(drop)?)
    }

    async fn count(writer: &Writer) -> i64 {
        let count =
            |connection: &Connection| Ok(connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))?);
        writer.write(count, |_| ()).await.unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_refuses_what_does_not_fit_and_keeps_the_rest() {
        let writer = small();
        writer.write(note(10), |()| ()).await.unwrap();
        let refused = writer.write(note(1 << 20), |()| ()).await.unwrap_err();
        let Failure::Sqlite(error) = &refused else { panic!("{refused:?}") };
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
        let StoreError::Unavailable(sentence) = StoreError::from(refused) else { panic!("it may succeed later") };
        assert!(sentence.to_string().starts_with("the disk is full"), "{sentence}");

        writer.write(note(10), |()| ()).await.unwrap();
        assert_eq!(count(&writer).await, 2);
    }

    #[tokio::test]
    async fn a_transaction_that_is_lost_is_acknowledged_to_nobody() {
        let writer = small();
        // What `SQLite` does by itself where, for one, memory is short.
        let lose = |connection: &Connection| Ok(connection.execute_batch("ROLLBACK")?);
        let (kept, lost, next) = tokio::join!(
            writer.write(note(10), |()| ()),
            writer.write(lose, |()| ()),
            writer.write(note(10), |()| ()),
        );

        assert!(lost.is_err(), "the transaction was over");
        let acknowledged = [kept, next].into_iter().filter(Result::is_ok).count();
        assert_eq!(count(&writer).await, i64::try_from(acknowledged).unwrap());
    }

    #[tokio::test]
    async fn a_unit_of_work_that_panics_ends_nothing_but_itself() {
        let writer = small();
        let panic = |_: &Connection| -> Result<(), Failure> { panic!("a fault of the program") };
        assert!(writer.write(panic, |()| ()).await.is_err());

        writer.write(note(10), |()| ()).await.unwrap();
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_refusal_takes_back_what_it_wrote() {
        let writer = small();
        let refuse = |connection: &Connection| {
            note(10)(connection)?;
            Err::<(), _>(Failure::Conflict(Vec::new()))
        };
        let (first, refused, last) = tokio::join!(
            writer.write(note(10), |()| ()),
            writer.write(refuse, |()| ()),
            writer.write(note(10), |()| ()),
        );

        assert!(first.is_ok() && refused.is_err() && last.is_ok());
        assert_eq!(count(&writer).await, 2);
    }
}
