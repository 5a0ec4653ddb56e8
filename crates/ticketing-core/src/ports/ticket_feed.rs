//! Reports changed tickets to processes that show them.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::TicketId;
use crate::domain::ticket::Sales;
use crate::wire::{TicketChanges, TicketState};

use super::store::{CommitToken, StoreError, UnitOfWork};
use super::ticket_store::TicketRecord;

/// An item of a ticket feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedItem {
    /// Tickets that changed, or may have.
    Changed(TicketChanges),
    /// Items were lost, so any ticket may have changed: read what is shown. Later commits are reported again.
    Missed,
}

/// Reports which tickets change, in whichever process, from when it is opened until it is dropped.
///
/// A feed saves readers from polling and replays nothing: read a ticket once the
/// feed is open, then follow. States of one ticket may arrive out of order, so
/// compare their versions. A process that dies between a commit and its report
/// reports nothing, so read from time to time as well.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `ticket_feed`.
///
/// - Every open feed reports a commit, with the states that were committed: `a_commit_reaches_every_open_feed`.
/// - However often a ticket changes, its newest state is reported: `the_newest_state_is_reported`.
/// - A commit that may have happened is reported without a state: `a_commit_in_doubt_is_reported_without_a_state`.
/// - A commit that nobody waits for is reported: `a_cancelled_commit_is_reported`.
/// - A refused commit is not reported: `a_refused_commit_is_not_reported`.
/// - Sales that are followed are reported as a commit is, and not if they are not newer: `followed_sales_are_reported`.
/// - A feed that is not read loses items and reports that; no commit waits for it:
///   `a_slow_feed_reports_what_it_missed`.
/// - A cancelled `next` loses nothing: `a_cancelled_next_of_a_feed_loses_nothing`.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use ticketing_core::domain::ids::TicketId;
/// use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
/// use ticketing_core::wire::TicketState;
///
/// /// Updates the tickets on a screen; those to read from the store are removed.
/// async fn update(screen: &mut HashMap<TicketId, TicketState>, feed: &mut dyn TicketFeed) {
///     match feed.next().await {
///         FeedItem::Missed => screen.clear(),
///         FeedItem::Changed(changes) => {
///             for change in changes.iter().filter(|change| screen.contains_key(&change.ticket)).collect::<Vec<_>>() {
///                 match change.state() {
///                     Some(state) => drop(screen.insert(change.ticket, state)),
///                     None => drop(screen.remove(&change.ticket)),
///                 }
///             }
///         }
///     }
/// }
///
/// # use ticketing_core::domain::money::{Money, Price, Quantity};
/// # use ticketing_core::domain::ticket::{Sales, TicketStatus};
/// # use ticketing_core::wire::TicketChanges;
/// # #[derive(Debug)]
/// # struct Recorded(Vec<FeedItem>);
/// # #[async_trait::async_trait]
/// # impl TicketFeed for Recorded {
/// #     async fn next(&mut self) -> FeedItem { self.0.remove(0) }
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let price = Price::new(Money { amount: 1200, currency: "EUR".parse()? })?;
/// # let quantity = Quantity::new(2)?;
/// # let (status, sales) = (TicketStatus::OnSale, Sales::default());
/// # let shown = TicketState { price, quantity, status, version: 1, sales, closes_at: None };
/// # let newer = TicketState { version: 2, ..shown };
/// # let (opera, circus) = (TicketId::new(uuid::Uuid::from_u128(1)), TicketId::new(uuid::Uuid::from_u128(2)));
/// # let changes = TicketChanges::encode([(opera, Some(newer)), (circus, Some(newer))]);
/// # let mut feed = Recorded(vec![FeedItem::Changed(changes), FeedItem::Missed]);
/// # let mut screen = HashMap::from([(opera, shown)]);
/// update(&mut screen, &mut feed).await;
/// # assert_eq!(screen, HashMap::from([(opera, newer)]));
/// # update(&mut screen, &mut feed).await;
/// # assert!(screen.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TicketFeed: Send + Sync + fmt::Debug + 'static {
    /// Waits for the next item.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    async fn next(&mut self) -> FeedItem;
}

/// The tickets that a commit changes: for stores that report to feeds, from before the commit until it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingChanges(Vec<(TicketId, Option<TicketState>)>);

impl PendingChanges {
    /// The tickets of a unit of work; `None` if it writes none.
    #[must_use]
    pub fn of(work: &UnitOfWork<TicketRecord>) -> Option<Self> {
        let changes = work.writes.iter().filter_map(|write| match &write.record {
            TicketRecord::Listing(listing) => Some((listing.ticket.id, Some(TicketState::from(listing)))),
            TicketRecord::Seller(_) => None,
        });
        let changes: Vec<_> = changes.collect();
        (!changes.is_empty()).then_some(Self(changes))
    }

    /// The tickets whose sales are followed; how they stand then is for the store to say.
    #[must_use]
    pub fn of_sales(newest: &HashMap<TicketId, Sales>) -> Self {
        Self(newest.keys().map(|ticket| (*ticket, None)).collect())
    }

    /// What to report after the commit ended like this; `None` if it changed nothing.
    #[must_use]
    pub fn ended(&self, outcome: &Result<CommitToken, StoreError>) -> Option<TicketChanges> {
        match outcome {
            Ok(_) => Some(TicketChanges::encode(self.0.iter().copied())),
            Err(error) => self.failed(error),
        }
    }

    /// The same after sales were followed.
    #[must_use]
    pub fn followed(&self, outcome: &Result<Vec<(TicketId, TicketState)>, StoreError>) -> Option<TicketChanges> {
        match outcome {
            Ok(states) if states.is_empty() => None,
            Ok(states) => Some(TicketChanges::encode(states.iter().map(|(ticket, state)| (*ticket, Some(*state))))),
            Err(error) => self.failed(error),
        }
    }

    fn failed(&self, error: &StoreError) -> Option<TicketChanges> {
        match error {
            StoreError::Unavailable(_) | StoreError::Corrupt(_) => Some(self.in_doubt()),
            StoreError::Conflict(_) => None,
        }
    }

    /// What to report if it is unknown how the commit ended.
    #[must_use]
    pub fn in_doubt(&self) -> TicketChanges {
        TicketChanges::encode(self.0.iter().map(|(ticket, _)| (*ticket, None)))
    }
}
