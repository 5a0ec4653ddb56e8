//! Rules of [`EventPublisher`], [`EventSubscriber`] and
//! [`Subscription`](ticketing_core::ports::transport::Subscription).
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod closing;
mod deviation;
mod features;
mod groups;
mod order;
mod publishing;
mod raw;
mod retrying;
mod settling;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventPublisher, EventSubscriber};
use ticketing_core::wire::RawMessage;

use crate::report::Family;
use crate::time::TimeFixture;

pub use closing::{after_stop_settling_still_works, close_tells_what_was_abandoned};
pub use features::{
    a_new_group_may_begin_with_the_oldest_event, an_unclaimed_feature_is_refused, members_share_and_lose_nothing,
    what_was_published_survives_a_restart,
};
pub use groups::{
    a_group_goes_on_where_it_stopped, a_new_group_may_begin_with_the_next_event, every_group_gets_every_event,
    other_kinds_hold_nothing_up, other_topics_hold_nothing_up,
};
pub use order::{a_later_event_waits_for_the_earlier, events_of_a_subject_keep_their_order};
pub use publishing::{
    a_failed_publication_counts_nothing_that_is_lost, a_failed_publication_tells_its_durable_prefix,
    events_arrive_as_they_were_sent, what_was_acknowledged_is_delivered,
};
pub use raw::undecodable_bytes_are_delivered_as_such;
pub use retrying::{
    a_dropped_delivery_comes_again, a_retried_delivery_comes_again_later, other_subjects_flow_during_a_retry,
};
pub use settling::{
    a_cancelled_next_loses_nothing, progress_never_passes_an_unsettled_delivery, unsettled_deliveries_are_bounded,
};

/// Every rule of this module.
pub const TRANSPORT: Family<dyn TransportFixture> = crate::transport!(@ [family]);

/// A transport that carried nothing yet; with eight partitions or more a topic, where it has such.
#[async_trait]
pub trait TransportFixture: TimeFixture {
    /// Publishes to this world. The same publisher until the next restart.
    fn publisher(&self) -> Arc<dyn EventPublisher>;

    /// Subscribes to this world. The same subscriber until the next restart.
    fn subscriber(&self) -> Arc<dyn EventSubscriber>;

    /// Puts bytes on a topic, past the publisher; `message.topic` is the name of a
    /// [`Topic`].
    async fn append(&self, message: RawMessage);

    /// Ends everything that runs in this process and starts again with what is kept.
    ///
    /// Called only where `survives_restart` is claimed.
    async fn restart(&self);

    /// Payloads of so many bytes are too large to be carried; `None` if there is no bound.
    fn too_large(&self) -> Option<usize>;

    /// Has the next publication break off, at the latest at its first event of this topic; `false` if that cannot be.
    async fn interrupt(&self, _topic: Topic) -> bool {
        false
    }

    /// Ends an interruption.
    async fn resume(&self, _topic: Topic) {}
}
