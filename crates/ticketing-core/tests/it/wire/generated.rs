//! Any event survives the wire, and no bytes bring a reader down.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::Value;
use ticketing_core::domain::account::{DisplayName, PublicAccount};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::{AccountId, EventId, OrderId, PassId, PaymentId, TicketId};
use ticketing_core::domain::money::{Currency, Money, Price, Quantity};
use ticketing_core::domain::order::{CancelReason, Order, OrderChange, OrderStatus, OrderedTicket, RefundReason};
use ticketing_core::domain::pass::{Pass, PassStatus, VoidReason};
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use ticketing_core::domain::text::is_visible;
use ticketing_core::domain::ticket::{ChangedTicket, Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::wire::{Origin, RawMessage, from_message, open, seal};
use uuid::Uuid;

use super::samples::{envelope, samples};
use super::{decode, message};

/// One line without control characters, and without white space at either end.
const TEXT: &str = r"[^\p{C}\s]([^\p{C}\p{Zl}\p{Zp}]{0,30}[^\p{C}\s])?";

const ATTRIBUTE: &str = "[a-zA-Z][a-zA-Z0-9_-]{0,7}";

proptest! {
    #[test]
    fn any_event_survives_the_wire(
        event in event(),
        id in uuid(),
        time in time(),
        origin in origin(),
    ) {
        let sent = seal(&event, EventId::new(id), time, &origin);
        let received = from_message(&message(&sent));

        prop_assert_eq!(received.as_ref(), Ok(&sent));
        prop_assert_eq!(open(&sent), Ok(Some(event)));
    }

    #[test]
    fn any_body_is_an_event_or_refused(sample in 0..14_usize, body in vec(any::<u8>(), 0..200)) {
        let mut message = message(&envelope(&samples()[sample]));
        message.body = Bytes::from(body);

        drop(decode(&message));
    }

    #[test]
    fn any_damage_is_an_event_or_refused(sample in 0..14_usize, at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut message = message(&envelope(&samples()[sample]));
        let mut body = message.body.to_vec();
        let at = at.index(body.len());
        body[at] = byte;
        message.body = Bytes::from(body);

        drop(decode(&message));
    }

    #[test]
    fn any_headers_are_an_envelope_or_refused(
        topic in ".*",
        key in ".*",
        headers in vec(("(ce_(specversion|id|type|schema|time|subject|aggregateversion|correlationid))|.*", ".*"), 0..12),
    ) {
        drop(decode(&RawMessage { topic, key, headers, body: Bytes::new() }));
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        account().prop_map(Event::AccountRegistered),
        account().prop_map(Event::AccountAddressConfirmed),
        account().prop_map(Event::AccountConfirmationRequested),
        account().prop_map(Event::AccountResetRequested),
        account().prop_map(Event::AccountPasswordChanged),
        (account(), any::<String>())
            .prop_map(|(account, device)| Event::AccountBrowserAdded { account, device: device.into() }),
        account().prop_map(Event::AccountRenamed),
        account().prop_map(Event::AccountDeleted),
        changed_ticket().prop_map(Event::TicketCreated),
        changed_ticket().prop_map(Event::TicketUpdated),
        changed_ticket().prop_map(Event::TicketWithdrawn),
        order().prop_map(Event::OrderCreated),
        order().prop_map(Event::OrderCancelled),
        order().prop_map(Event::OrderCompleted),
        payment().prop_map(Event::PaymentCaptured),
        payment().prop_map(Event::PaymentFailed),
        payment().prop_map(Event::PaymentRefunded),
        pass().prop_map(Event::PassIssued),
        pass().prop_map(Event::PassUsed),
        pass().prop_map(Event::PassVoided),
        (uuid(), time()).prop_map(|(id, pay_by)| Event::ExpirationCompleted { order: OrderId::new(id), pay_by }),
    ]
}

fn display_name() -> impl Strategy<Value = Option<DisplayName>> {
    option::of(any::<String>().prop_map(|name| DisplayName::from_stored(&name)))
}

fn account() -> impl Strategy<Value = PublicAccount> {
    (uuid(), time(), display_name(), option::of(time()), option::of(time()), any::<u64>()).prop_map(
        |(id, registered_at, display_name, confirmed_at, deleted_at, version)| PublicAccount {
            id: AccountId::new(id),
            registered_at,
            display_name,
            confirmed_at,
            deleted_at,
            version,
        },
    )
}

fn changed_ticket() -> impl Strategy<Value = ChangedTicket> {
    let sales =
        (any::<u32>(), any::<u32>(), 1..u64::MAX).prop_map(|(held, sold, version)| Sales { held, sold, version });
    (ticket(), option::of(sales)).prop_map(|(ticket, sales)| ChangedTicket { ticket, sales: sales.unwrap_or_default() })
}

fn ticket() -> impl Strategy<Value = Ticket> {
    let status = prop_oneof![Just(TicketStatus::OnSale), Just(TicketStatus::Withdrawn)];
    (uuid(), uuid(), display_name(), offer(), status, time(), any::<u64>()).prop_map(
        |(id, seller, seller_name, offer, status, created_at, version)| Ticket {
            id: TicketId::new(id),
            seller: AccountId::new(seller),
            seller_name,
            offer,
            status,
            created_at,
            version,
        },
    )
}

/// A text of which something can be seen.
fn text() -> impl Strategy<Value = String> {
    TEXT.prop_filter("it shows nothing", |text| is_visible(text))
}

/// The same, short enough for a row.
fn short_text() -> impl Strategy<Value = String> {
    text().prop_filter("it is too long", |text| text.chars().count() <= 20)
}

fn offer() -> impl Strategy<Value = Offer> {
    let texts = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    let numbers = (price(), 1..=Quantity::MAX, option::of(1..=Quantity::MAX));
    let seating = (option::of(short_text()), option::of(short_text()), option::of(short_text()), any::<bool>());
    let times = (option::of(time()), option::of(time()), given_attributes());
    (text(), texts, seating, times, numbers).prop_map(|(title, texts, seating, times, numbers)| {
        let (starts_at, sales_end_at, attributes) = times;
        let (section, row, seats, together) = &seating;
        let sales_end_at = sales_end_at.filter(|end| starts_at.is_none_or(|start| *end <= start));
        let (description, venue, city, category) = &texts;
        let (price, quantity, max_per_buyer) = numbers;
        let input = OfferInput {
            title: &title,
            description: description.as_deref(),
            venue: venue.as_deref(),
            city: city.as_deref(),
            category: category.as_deref(),
            starts_at,
            time_zone: Some("America/St_Johns"),
            section: section.as_deref(),
            row: row.as_deref(),
            seats: seats.as_deref(),
            together: *together,
            sales_end_at,
            amount: price.money().amount,
            currency: price.money().currency.code(),
            quantity,
            max_per_buyer,
            attributes: Some(attributes),
        };
        Offer::parse(input).expect("an offer within its bounds")
    })
}

/// Within their bounds, but for numbers that are refused.
fn given_attributes() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let number = prop_oneof![any::<i32>().prop_map(Value::from), any::<f32>().prop_map(|n| Value::from(f64::from(n)))];
    let plain =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), ".{0,9}".prop_map(Value::from), number];
    let value = plain.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(ATTRIBUTE, inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    });
    btree_map(ATTRIBUTE, value, 0..4).prop_map(|mut given| {
        given.retain(|key, value| Attributes::parse([(key.as_str(), value.clone())]).is_ok());
        given
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    given_attributes().prop_map(|given| Attributes::parse(given).expect("attributes within their bounds"))
}

fn order() -> impl Strategy<Value = OrderChange> {
    let reason = prop_oneof![Just(CancelReason::ByBuyer), Just(CancelReason::Expired), Just(CancelReason::CalledOff)];
    let refund = prop_oneof![Just(RefundReason::CalledOff), Just(RefundReason::ByBuyer), Just(RefundReason::BySeller)];
    let status = prop_oneof![
        (uuid(), refund, time())
            .prop_map(|(id, reason, at)| { OrderStatus::Refunded { payment: PaymentId::new(id), reason, at } }),
        time().prop_map(|pay_by| OrderStatus::AwaitingPayment { pay_by }),
        (uuid(), time()).prop_map(|(id, at)| OrderStatus::Completed { payment: PaymentId::new(id), at }),
        (reason, time()).prop_map(|(reason, at)| OrderStatus::Cancelled { reason, at }),
    ];
    let ordered = (uuid(), display_name(), any::<String>(), offer(), price(), attributes());
    let ordered = ordered.prop_map(|(id, seller_name, title, offer, price, attributes)| OrderedTicket {
        id: TicketId::new(id),
        seller_name,
        event: EventFacts { title: title.into(), ..(*offer.details.event).clone() }.into(),
        attributes,
        price,
    });
    let order = (uuid(), uuid(), ordered, quantity(), status, time(), any::<u64>()).prop_map(
        |(id, buyer, ticket, quantity, status, placed_at, version)| Order {
            id: OrderId::new(id),
            buyer: AccountId::new(buyer),
            ticket,
            quantity,
            status,
            placed_at,
            used: false,
            // What its buyer called the request does not travel.
            key: None,
            version,
        },
    );
    let sales = any::<(u32, u32, u64)>().prop_map(|(held, sold, version)| Sales { held, sold, version });
    (order, sales).prop_map(|(order, sales)| OrderChange { order, sales })
}

fn pass() -> impl Strategy<Value = Pass> {
    let reason = prop_oneof![Just(VoidReason::OrderCancelled), Just(VoidReason::OrderRefunded)];
    let status = prop_oneof![
        Just(PassStatus::Issued),
        (time(), uuid()).prop_map(|(at, by)| PassStatus::Used { at, by: AccountId::new(by) }),
        (time(), reason).prop_map(|(at, reason)| PassStatus::Voided { at, reason }),
    ];
    (uuid(), uuid(), uuid(), uuid(), any::<u32>(), time(), status, any::<u64>()).prop_map(
        |(id, order, ticket, buyer, place, issued_at, status, version)| Pass {
            id: PassId::new(id),
            order: OrderId::new(order),
            ticket: TicketId::new(ticket),
            buyer: AccountId::new(buyer),
            place,
            issued_at,
            status,
            version,
        },
    )
}

fn payment() -> impl Strategy<Value = Payment> {
    let word = any::<String>().prop_map(std::sync::Arc::from);
    let status = (0..5_u8, word).prop_map(|(status, word)| match status {
        0 => PaymentStatus::Pending,
        1 => PaymentStatus::Captured { reference: word },
        2 => PaymentStatus::Failed { reason: word },
        3 => PaymentStatus::RefundDue { reference: word },
        _ => PaymentStatus::Refunded { reference: word },
    });
    let ids = (uuid(), uuid(), uuid(), uuid());
    (ids, (price(), quantity()), status, time(), any::<u64>()).prop_map(
        |((id, order, ticket, buyer), (price, quantity), status, started_at, version)| Payment {
            id: PaymentId::new(id),
            order: OrderId::new(order),
            ticket: TicketId::new(ticket),
            buyer: AccountId::new(buyer),
            total: price.times(quantity),
            status,
            started_at,
            changed_at: None,
            key: None,
            card: None,
            version,
        },
    )
}

fn origin() -> impl Strategy<Value = Origin> {
    let extensions = btree_map("ext[a-z0-9]{0,17}", r"[^\p{C}]{1,20}", 0..4);
    (uuid(), option::of(uuid()), option::of("[ -~]{0,60}"), extensions).prop_map(
        |(correlation, causation, traceparent, extensions)| {
            let origin = Origin { causation: causation.map(EventId::new), traceparent, ..Origin::new(correlation) };
            let add = |origin: Origin, (name, value): (String, String)| origin.with_extension(&name, value);
            extensions.into_iter().try_fold(origin, add).expect("extensions within their bounds")
        },
    )
}

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(|millis| Timestamp::from_millis(millis.rem_euclid(253_402_214_399_001)))
}

fn price() -> impl Strategy<Value = Price> {
    let currency = prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")];
    (1..=Price::MAX_AMOUNT, currency).prop_map(|(amount, code)| {
        let currency: Currency = code.parse().expect("a currency");
        Price::new(Money { amount, currency }).expect("a price within its bounds")
    })
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (1..=Quantity::MAX).prop_map(|places| Quantity::new(places).expect("a quantity within its bounds"))
}
