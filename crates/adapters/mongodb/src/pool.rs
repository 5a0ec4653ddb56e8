//! The connections of a client, counted as the driver reports them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;

/// How many connections there are to all members, and who wants one. A clone counts the same.
#[derive(Debug, Clone, Default)]
pub struct PoolCounts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    open: AtomicI64,
    in_use: AtomicI64,
    waiting: AtomicI64,
}

impl PoolCounts {
    /// Connections that are open or about to be.
    #[must_use]
    pub fn open(&self) -> u64 {
        read(&self.0.open)
    }

    /// Connections that somebody uses.
    #[must_use]
    pub fn in_use(&self) -> u64 {
        read(&self.0.in_use)
    }

    /// Calls that wait for a connection.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        read(&self.0.waiting)
    }

    /// What the driver is to call.
    pub(crate) fn observer(&self) -> EventHandler<CmapEvent> {
        let counters = Arc::clone(&self.0);
        EventHandler::callback(move |event| counters.count(&event))
    }
}

impl Counters {
    fn count(&self, event: &CmapEvent) {
        let Self { open, in_use, waiting } = self;
        let changes: &[(&AtomicI64, i64)] = match event {
            CmapEvent::ConnectionCreated(_) => &[(open, 1)],
            CmapEvent::ConnectionClosed(_) => &[(open, -1)],
            CmapEvent::ConnectionCheckoutStarted(_) => &[(waiting, 1)],
            CmapEvent::ConnectionCheckoutFailed(_) => &[(waiting, -1)],
            CmapEvent::ConnectionCheckedOut(_) => &[(waiting, -1), (in_use, 1)],
            CmapEvent::ConnectionCheckedIn(_) => &[(in_use, -1)],
            _ => &[],
        };
        for (counter, by) in changes {
            counter.fetch_add(*by, Ordering::Relaxed);
        }
    }
}

fn read(counter: &AtomicI64) -> u64 {
    u64::try_from(counter.load(Ordering::Relaxed)).unwrap_or_default()
}
