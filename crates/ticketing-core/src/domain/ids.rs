//! Ids: UUID version 7, one type per kind of thing.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use uuid::{Builder, Uuid, Variant, Version};

use super::time::Timestamp;

/// The text is not a UUID: refuse the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps the id of an existing thing, or one newly drawn.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The id by which an application knows the thing that counts its own things.
            #[must_use]
            pub const fn from_u128(number: u128) -> Self {
                Self(Uuid::from_u128(number))
            }

            /// The id as a plain UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The lowest id of those drawn at `time` or later.
            #[must_use]
            pub fn earliest_at(time: Timestamp) -> Self {
                let millis = u64::try_from(time.millis()).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
            }

            /// Whether the id was drawn less than `span` before `now`; an id up to a few minutes ahead counts too.
            ///
            /// Only the event of such an id may still be in flight. An id that is not a UUID of
            /// version 7 was never drawn here.
            #[must_use]
            pub fn is_younger_than(self, span: Duration, now: Timestamp) -> bool {
                is_younger_than(self.0, span, now)
            }

            /// When the id was drawn, by the clock of the process that drew it; `None` if it is no UUID of version 7.
            #[must_use]
            pub fn drawn_at(self) -> Option<Timestamp> {
                drawn_at(self.0)
            }

            /// How long ago the id was drawn; zero if that is unknown or in the future.
            #[must_use]
            pub fn age(self, now: Timestamp) -> Duration {
                self.drawn_at().map_or(Duration::ZERO, |drawn_at| now.since(drawn_at))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

id!(/// Names an account.
    AccountId);
id!(/// Names a ticket: one listing, of one or many places.
    TicketId);
id!(/// Names an order.
    OrderId);
id!(/// Names one attempt to pay an order.
    PaymentId);

id!(/// Names a pass: one place of a completed order.
    PassId);
id!(/// Names a link to the door of a ticket.
    DoorLinkId);
id!(/// A refund of a payment, or of a part of it.
    RefundId);
id!(/// Names an alert: one question that somebody keeps.
    AlertId);
id!(/// Names a letter: one message to one account.
    LetterId);
id!(/// Names an event.
    EventId);
id!(/// Names a session: one sign-in on one device.
    SessionId);

/// How far ahead an id's clock may be: an id from later was invented by its sender.
const AHEAD: Duration = Duration::from_secs(5 * 60);

fn is_younger_than(uuid: Uuid, span: Duration, now: Timestamp) -> bool {
    drawn_at(uuid).is_some_and(|drawn_at| now < drawn_at.after(span) && drawn_at < now.after(span.min(AHEAD)))
}

fn drawn_at(uuid: Uuid) -> Option<Timestamp> {
    let is_ours = uuid.get_version() == Some(Version::SortRand) && uuid.get_variant() == Variant::RFC4122;
    let (seconds, nanos) = uuid.get_timestamp().filter(|_| is_ours)?.to_unix();
    Some(Timestamp::from_millis(
        i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000) + i64::from(nanos / 1_000_000),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn_at(millis: u64) -> TicketId {
        TicketId::new(Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid())
    }

    #[test]
    fn only_an_id_a_few_seconds_old_is_young() {
        let now = Timestamp::from_millis(1_000_000);
        let span = Duration::from_secs(5);

        assert!(drawn_at(999_000).is_younger_than(span, now));
        assert!(drawn_at(1_001_000).is_younger_than(span, now));
        assert!(!drawn_at(995_000).is_younger_than(span, now));
        assert!(!drawn_at(2_000_000).is_younger_than(span, now));
        assert!(!TicketId::new(Uuid::from_u128(7)).is_younger_than(span, now));
        let earliest = TicketId::earliest_at(now);
        assert!(drawn_at(999_999) < earliest && earliest < drawn_at(1_000_000) && earliest.is_younger_than(span, now));
        assert!(TicketId::earliest_at(Timestamp::from_millis(-1)) < earliest);
        let ages = [drawn_at(999_000), drawn_at(1_001_000), TicketId::new(Uuid::from_u128(7))].map(|id| id.age(now));
        assert_eq!(ages, [Duration::from_secs(1), Duration::ZERO, Duration::ZERO]);
        assert_eq!(drawn_at(999_000).drawn_at(), Some(Timestamp::from_millis(999_000)));
        assert_eq!(TicketId::new(Uuid::from_u128(7)).drawn_at(), None);
    }

    #[test]
    fn an_id_from_a_time_that_has_not_come_is_not_young_however_long_news_may_take() {
        let (now, month) = (Timestamp::from_millis(3_000_000_000), Duration::from_secs(31 * 24 * 3600));
        let ahead = |seconds: u64| drawn_at(3_000_000_000 + seconds * 1000);

        assert!(drawn_at(1_000_000_000).is_younger_than(month, now));
        assert!(ahead(299).is_younger_than(month, now));
        assert!(!ahead(300).is_younger_than(month, now));
        assert!(!ahead(24 * 3600).is_younger_than(month, now));
        assert!(!drawn_at((1 << 48) - 1).is_younger_than(month, now));
    }

    #[test]
    fn an_id_of_another_version_was_never_drawn() {
        let (now, span) = (Timestamp::from_millis(1_800_000_000_000), Duration::from_secs(3600));
        let ticks = 0x01B2_1DD2_1381_4000 + 1_800_000_000_000 * 10_000;
        let versions = [
            Builder::from_gregorian_timestamp(ticks, 0, &[7; 6]).into_uuid(),
            Builder::from_sorted_gregorian_timestamp(ticks, 0, &[7; 6]).into_uuid(),
            Builder::from_random_bytes(drawn_at(1_800_000_000_000).uuid().into_bytes()).into_uuid(),
            Builder::from_bytes(drawn_at(1_800_000_000_000).uuid().into_bytes())
                .with_variant(Variant::Microsoft)
                .into_uuid(),
        ];

        for id in versions {
            assert!(!TicketId::new(id).is_younger_than(span, now), "{id}");
        }
    }

    #[test]
    fn an_id_is_read_back_from_its_text() {
        let id = drawn_at(5);

        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("tomato".parse::<TicketId>(), Err(InvalidId));
    }
}
