//! Threads that hash, and do nothing else.
//!
//! A hash takes tens of megabytes, and an allocator keeps what a thread gave
//! back for that thread. On a few threads it is used again and again; on the
//! many of a runtime's pool it would be kept by each.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

/// No machine has more cores to hash on.
const MOST: usize = 256;

type Job = Box<dyn FnOnce() + Send>;

/// Does jobs in the order in which they come. The threads end with the last handle.
#[derive(Debug, Clone)]
pub(super) struct Workers(Sender<Job>);

impl Workers {
    /// Starts threads.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let (sender, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads.min(MOST) {
            let jobs = Arc::clone(&jobs);
            Builder::new().name("passwords".to_owned()).spawn(move || work(&jobs))?;
        }
        Ok(Self(sender))
    }

    /// Has a job done, some time.
    pub(super) fn hand_in(&self, job: impl FnOnce() + Send + 'static) {
        // The threads listen as long as there is a handle to hand in by.
        let _listened = self.0.send(Box::new(job));
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
