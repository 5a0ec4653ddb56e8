//! Receives events.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::Topic;
use crate::domain::time::Timestamp;

use super::{Delivery, TransportError, TransportFeatures};

/// Where a new group starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// With the oldest retained event.
    Earliest,
    /// With the next event.
    Latest,
}

/// Which kinds of events, such as `order.created`, a group is for.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::transport::Kinds;
///
/// assert!(Kinds::Only(&["order.completed"]).have("order.completed"));
/// assert!(!Kinds::AllBut(&["order.created"]).have("order.created"));
/// assert!(Kinds::default().have("of.a.release.to.come"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kinds {
    /// All there are and will be.
    #[default]
    All,
    /// These.
    Only(&'static [&'static str]),
    /// All there are and will be, without these.
    AllBut(&'static [&'static str]),
}

impl Kinds {
    /// Whether this kind is among them.
    #[must_use]
    pub fn have(self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.contains(&kind),
            Self::AllBut(kinds) => !kinds.contains(&kind),
        }
    }
}

/// The group and topics of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionConfig {
    /// Members of one group share the events; every group gets all of them.
    pub group: String,
    /// The topics.
    pub topics: Vec<Topic>,
    /// What of their events. A transport may settle events of other kinds itself and hand none of them over; few do.
    /// What is no event is handed over always.
    pub kinds: Kinds,
    /// Where a new group starts.
    pub start: StartFrom,
    /// The most unsettled deliveries at a time.
    pub max_unsettled: usize,
    /// How long a transport may hold an event back to hand it over together with later ones. Few do; none holds it
    /// longer.
    pub patience: Duration,
}

/// How far a group is behind, as far as its members in this process know; for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// How many published events are unsettled, of what these members read.
    pub events: u64,
    /// When the oldest of those happened that arrived.
    pub oldest: Option<Timestamp>,
}

impl AddAssign for Lag {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
    }
}

/// Of several members of a group, or several partitions.
impl Sum for Lag {
    fn sum<I: Iterator<Item = Self>>(lags: I) -> Self {
        lags.fold(Self::default(), |mut sum, lag| {
            sum += lag;
            sum
        })
    }
}

/// Opens subscriptions.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `transport`.
///
/// - Every group gets every event: `every_group_gets_every_event`.
/// - A new group may begin with the oldest event (`replays_history`): `a_new_group_may_begin_with_the_oldest_event`.
/// - A new group may begin with the next event, the first that is published after `subscribe` returned:
///   `a_new_group_may_begin_with_the_next_event`.
/// - A group continues where it stopped: `a_group_goes_on_where_it_stopped`.
/// - Events of topics that a group does not follow hold up neither its events nor its progress:
///   `other_topics_hold_nothing_up`.
/// - Events of kinds that a group is not for, handed over or not, hold up neither: `other_kinds_hold_nothing_up`.
/// - Members share the work and lose nothing when one joins or leaves (`competing_consumers`): `members_share_and_lose_nothing`.
/// - Published events outlive the process (`survives_restart`): `what_was_published_survives_a_restart`.
/// - An unclaimed feature is refused: `an_unclaimed_feature_is_refused`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::transport::{EventSubscriber, Kinds, Settlement, StartFrom, SubscriptionConfig};
/// # use ticketing::{AccountId, Market};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// # market.settle().await?;
/// let subscriber: &dyn EventSubscriber = &market.engines().broker.subscriber();
/// let config = SubscriptionConfig {
///     group: "report".to_owned(),
///     topics: vec![Topic::Tickets],
///     kinds: Kinds::All,
///     start: StartFrom::Earliest,
///     max_unsettled: 100,
///     patience: Duration::ZERO,
/// };
/// let mut subscription = subscriber.subscribe(config).await?;
/// let deliveries = subscription.next(100).await?;
/// assert_eq!(deliveries.len(), 1, "the ticket was put on sale before the group began");
/// deliveries.into_iter().try_for_each(|delivery| delivery.settle(Settlement::Ack))?;
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait EventSubscriber: Send + Sync + fmt::Debug + 'static {
    /// What this transport supports.
    fn features(&self) -> TransportFeatures;

    /// Joins a group.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: try again later. [`TransportError::Unsupported`]: the feature is not claimed.
    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError>;
}

/// A member of a group.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `transport`.
///
/// - A later event of a subject waits until the earlier ones are settled or in the same batch before it:
///   `a_later_event_waits_for_the_earlier`.
/// - A delivery to retry comes again, no sooner than asked, with a higher attempt: `a_retried_delivery_comes_again_later`.
/// - While one subject waits for a retry, others continue: `other_subjects_flow_during_a_retry`.
/// - A dropped delivery comes again: `a_dropped_delivery_comes_again`.
/// - Progress never passes an unsettled delivery: `progress_never_passes_an_unsettled_delivery`.
/// - No more than `max_unsettled` are in flight at a time: `unsettled_deliveries_are_bounded`.
/// - After `stop` nothing new comes and settling still works: `after_stop_settling_still_works`.
/// - `close` returns how many were left unsettled, and they come again: `close_tells_what_was_abandoned`.
/// - A cancelled `next` loses nothing: `a_cancelled_next_loses_nothing`.
/// - Undecodable bytes are delivered as such: `undecodable_bytes_are_delivered_as_such`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::transport::{Settlement, Subscription};
/// # use ticketing::{AccountId, Market};
/// # use ticketing_core::domain::event::Topic;
/// # use ticketing_core::ports::transport::{EventSubscriber, Kinds, StartFrom, SubscriptionConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// # market.settle().await?;
/// # let (group, topics) = ("report".to_owned(), vec![Topic::Tickets]);
/// # let (start, patience) = (StartFrom::Earliest, std::time::Duration::ZERO);
/// # let config = SubscriptionConfig { group, topics, kinds: Kinds::All, start, max_unsettled: 100, patience };
/// # let subscription = market.engines().broker.subscriber().subscribe(config).await?;
/// let mut subscription: Box<dyn Subscription> = subscription;
/// for delivery in subscription.next(100).await? {
///     delivery.settle(Settlement::Retry { after: Duration::ZERO })?;
/// }
/// let again = subscription.next(100).await?;
/// assert_eq!(again[0].attempt, 2);
///
/// subscription.stop().await;
/// assert_eq!(subscription.close(Duration::ZERO).await?, 1, "it was not settled, and comes again");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Subscription: Send + Sync + fmt::Debug {
    /// Waits for deliveries and returns up to `max`; none only after `stop`.
    ///
    /// A batch may hold several events of one subject, in order. If handling one of
    /// them fails, settle the later ones of its subject the same way.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: call again later. [`TransportError::Closed`]: subscribe again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no delivery.
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError>;

    /// Stops fetching; deliveries in flight may still be settled.
    async fn stop(&mut self);

    /// Leaves the group, after waiting up to `deadline` for deliveries in flight to be settled.
    ///
    /// Returns how many deliveries were abandoned; they will come again.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: the group notices later that the member is gone.
    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError>;
}
