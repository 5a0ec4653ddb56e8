//! Compares replicas with their sources.

use crate::domain::admission::{Admission, Entrance};
use crate::domain::ids::PassId;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::pass::PassStatus;
use crate::domain::payment::Payable;
use crate::domain::stock::Stock;
use crate::domain::ticket::{Listing, Sales, Ticket};

use super::finding::{Drift, Finding, Replica, What};

/// A stock beside its ticket, and a listing's sales beside its stock.
pub(super) fn of_ticket(listing: Option<&Listing>, stock: Option<&Stock>) -> Vec<Finding> {
    let (id, drifts) = match (listing, stock) {
        (Some(listing), Some(stock)) => (
            listing.ticket.id,
            vec![(Replica::Stock, stock_drift(listing, stock)), (Replica::Sales, sales_drift(listing, stock))],
        ),
        (Some(Listing { ticket, .. }), None) => {
            (ticket.id, vec![(Replica::Stock, Some(Drift::Missing { source: ticket.version }))])
        }
        (None, Some(stock)) => {
            (stock.ticket, vec![(Replica::Stock, Some(Drift::Orphaned { held: stock.ticket_version }))])
        }
        (None, None) => return Vec::new(),
    };
    let found = drifts.into_iter().filter_map(|(of, drift)| drift.map(|drift| What::Replica { of, drift }));
    found.map(|what| Finding::ticket(id, what)).collect()
}

/// A payable beside its order.
pub(super) fn of_order(order: Option<&Order>, payable: Option<&Payable>) -> Option<Finding> {
    let (id, drift) = match (order, payable) {
        (Some(order), Some(payable)) => (order.id, payable_drift(order, payable)?),
        (Some(order), None) => (order.id, Drift::Missing { source: order.version }),
        (None, Some(payable)) => (payable.order, Drift::Orphaned { held: payable.order_version }),
        (None, None) => return None,
    };
    Some(Finding::order(id, What::Replica { of: Replica::Payable, drift }))
}

/// An admission beside its order, which has one if it is completed, or once was.
pub(super) fn of_admission(order: Option<&Order>, admission: Option<&Admission>) -> Option<Finding> {
    let (id, drift) = match (order, admission) {
        (Some(order), Some(admission)) => (order.id, admission_drift(order, admission)?),
        (Some(order), None) if order.is_completed() => (order.id, Drift::Missing { source: order.version }),
        (None, Some(admission)) => (admission.order, Drift::Orphaned { held: admission.order_version }),
        (Some(_) | None, None) => return None,
    };
    Some(Finding::order(id, What::Replica { of: Replica::Admission, drift }))
}

/// An entrance beside its ticket.
pub(super) fn of_entrance(listing: Option<&Listing>, entrance: Option<&Entrance>) -> Option<Finding> {
    let (id, drift) = match (listing, entrance) {
        (Some(listing), Some(entrance)) => (listing.ticket.id, entrance_drift(listing, entrance)?),
        (Some(Listing { ticket, .. }), None) => (ticket.id, Drift::Missing { source: ticket.version }),
        (None, Some(entrance)) => (entrance.ticket, Drift::Orphaned { held: entrance.ticket_version }),
        (None, None) => return None,
    };
    Some(Finding::ticket(id, What::Replica { of: Replica::Entrance, drift }))
}

/// What letters know of an order beside it: of every one that was paid.
pub(super) fn of_paid_order(order: Option<&Order>, replica: Option<&Order>) -> Option<Finding> {
    let (id, drift) = match (order, replica) {
        (Some(order), Some(replica)) => (order.id, paid_order_drift(order, replica)?),
        (Some(order), None) if was_paid(order) => (order.id, Drift::Missing { source: order.version }),
        (None, Some(replica)) => (replica.id, Drift::Orphaned { held: replica.version }),
        (Some(_) | None, None) => return None,
    };
    Some(Finding::order(id, What::Replica { of: Replica::PaidOrder, drift }))
}

/// What letters know of a ticket beside it.
pub(super) fn of_letters_ticket(listing: Option<&Listing>, replica: Option<&Ticket>) -> Option<Finding> {
    let (id, drift) = match (listing, replica) {
        (Some(Listing { ticket, .. }), Some(replica)) => (ticket.id, ticket_drift(ticket, replica)?),
        (Some(Listing { ticket, .. }), None) => (ticket.id, Drift::Missing { source: ticket.version }),
        (None, Some(replica)) => (replica.id, Drift::Orphaned { held: replica.version }),
        (None, None) => return None,
    };
    Some(Finding::ticket(id, What::Replica { of: Replica::Ticket, drift }))
}

const fn was_paid(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Completed { .. } | OrderStatus::Refunded { .. })
}

fn paid_order_drift(order: &Order, replica: &Order) -> Option<Drift> {
    drift(order.version, replica.version, || {
        vec![
            ("ticket", order.ticket.id == replica.ticket.id),
            ("buyer", order.buyer == replica.buyer),
            ("status", order.is_completed() == replica.is_completed()),
        ]
    })
}

fn ticket_drift(ticket: &Ticket, replica: &Ticket) -> Option<Drift> {
    drift(ticket.version, replica.version, || {
        let (event, held) = (&ticket.offer.details.event, &replica.offer.details.event);
        vec![("seller", ticket.seller == replica.seller), ("event", event.is_still(held))]
    })
}

fn admission_drift(order: &Order, admission: &Admission) -> Option<Drift> {
    drift(order.version, admission.order_version, || {
        vec![
            ("ticket", order.ticket.id == admission.ticket),
            ("buyer", order.buyer == admission.buyer),
            ("passes", has_its_passes(order, admission)),
        ]
    })
}

/// One pass for each place, none of them void; or all of them void, once the order is not completed any more.
fn has_its_passes(order: &Order, admission: &Admission) -> bool {
    let passes = || admission.passes.iter().map(|coded| &coded.pass);
    let OrderStatus::Completed { at, .. } = order.status else {
        return passes().all(|pass| matches!(pass.status, PassStatus::Voided { .. }));
    };
    let is_void = |status| matches!(status, PassStatus::Voided { .. });
    let ids = (1..=order.quantity.get()).map(|place| PassId::of(order.id, place, at));
    passes().map(|pass| pass.id).eq(ids) && !passes().any(|pass| is_void(pass.status))
}

fn entrance_drift(listing: &Listing, entrance: &Entrance) -> Option<Drift> {
    let source = Entrance::of(&listing.ticket);
    drift(source.ticket_version, entrance.ticket_version, || {
        vec![("seller", source.seller == entrance.seller), ("title", source.title == entrance.title)]
    })
}

fn stock_drift(listing: &Listing, stock: &Stock) -> Option<Drift> {
    let source = Stock::of(&listing.ticket);
    drift(source.ticket_version, stock.ticket_version, || {
        vec![
            ("seller", source.seller == stock.seller),
            ("event", source.event.is_still(&stock.event)),
            ("salesEndAt", source.sales_end_at == stock.sales_end_at || stock.event.known < source.event.known),
            ("price", source.price == stock.price),
            ("quantity", source.quantity == stock.quantity),
            ("maxPerBuyer", source.max_per_buyer == stock.max_per_buyer),
            ("status", source.status == stock.status),
        ]
    })
}

fn sales_drift(listing: &Listing, stock: &Stock) -> Option<Drift> {
    let (Sales { held, sold, version }, replica) = (stock.sales, listing.sales);
    drift(version, replica.version, || vec![("held", held == replica.held), ("sold", sold == replica.sold)])
}

fn payable_drift(order: &Order, payable: &Payable) -> Option<Drift> {
    let source = Payable::of(order);
    drift(source.order_version, payable.order_version, || {
        vec![
            ("ticket", source.ticket == payable.ticket),
            ("buyer", source.buyer == payable.buyer),
            ("total", source.total == payable.total),
            ("status", source.status == payable.status),
        ]
    })
}

/// How a replica differs, if it does; its fields are compared only where the versions are the same.
fn drift(source: u64, held: u64, fields: impl FnOnce() -> Vec<(&'static str, bool)>) -> Option<Drift> {
    if source != held {
        return Some(Drift::Version { source, held });
    }
    let differing = fields().into_iter().filter(|(_, is_same)| !is_same);
    let fields: Vec<_> = differing.map(|(field, _)| field).collect();
    (!fields.is_empty()).then_some(Drift::Content { version: held, fields })
}
