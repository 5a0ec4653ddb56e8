//! Looks for everything that was acknowledged, once the load has stopped and all is up.

mod api;
mod audit;
mod books;
mod logs;
mod mails;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::faults::Town;
use crate::ledger::Violation;
use crate::load::Shop;

use books::Books;

pub(crate) use logs::LogCount;
pub(crate) use mails::MailCount;

/// What happens by itself happens within this span: orders expire, payments are looked up, events arrive.
const REST_WITHIN: Duration = Duration::from_secs(240);
/// Longer than whatever waits before it happens by itself.
const STANDS: Duration = Duration::from_secs(75);
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What was found at the end.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// What must not be.
    pub(crate) violations: Vec<Violation>,
    /// What is odd, and may be right.
    pub(crate) notes: Vec<Violation>,
    /// What people were written.
    pub(crate) mails: MailCount,
    /// What the processes wrote.
    pub(crate) logs: Vec<LogCount>,
    /// How long it took until all had come to rest.
    pub(crate) rest: Duration,
}

/// Checks everything.
pub(crate) async fn verify(town: &mut Town, shop: &Arc<Shop>) -> Result<Verdict, Error> {
    let began = Instant::now();
    let mut violations = std::mem::take(&mut town.violations);
    let at_rest = rest(town, shop, began).await?;
    let rest = began.elapsed();
    crate::tell(format_args!("verify: the databases are read: {} violations after {:.0?}", at_rest.len(), rest));
    violations.extend(at_rest);
    violations.extend(api::judge(shop).await);
    crate::tell(format_args!("verify: the API is asked: {} violations in all", violations.len()));
    violations.extend(audit::audit(&town.fleet).await);
    violations.extend(books::damage(&town.backend)?.map(|detail| Violation::new("damaged-file", detail)));
    let books = Books::read(&town.backend, &town.postbox).await?;
    let logs = logs::read(&mut town.fleet);
    violations.extend(logs.iter().filter(|log| log.panics > 0).map(LogCount::violation));
    let ledger = shop.ledger();
    violations.extend(ledger.contradictions.iter().cloned());
    let mails = MailCount::of(&books);
    Ok(Verdict { violations, notes: ledger.notes.clone(), mails, logs, rest })
}

/// Reads the databases again and again until nothing is wrong, or what is wrong does not go away.
pub(crate) async fn rest(town: &Town, shop: &Shop, began: Instant) -> Result<Vec<Violation>, Error> {
    let (mut last, mut since) = (Vec::new(), Instant::now());
    loop {
        let books = Books::read(&town.backend, &town.postbox).await?;
        // A copy: the judgement of many orders takes a moment, and nobody adds anything any more.
        let ledger = shop.ledger().clone();
        let mut found = verdict::judge(&books, &ledger);
        found.sort_by(|one, other| (one.rule, &one.detail).cmp(&(other.rule, &other.detail)));
        if found.is_empty() || began.elapsed() > REST_WITHIN || (found == last && since.elapsed() > STANDS) {
            return Ok(found);
        }
        if found != last {
            crate::tell(format_args!("verify: not yet at rest: {} differences", found.len()));
            (last, since) = (found, Instant::now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
