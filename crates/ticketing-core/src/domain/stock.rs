//! Stock: who gets the places of a ticket. The most important rule.
//!
//! A stock is the orders service's replica of a ticket together with the count
//! of places held and sold. A hold and its order change in one decision, and
//! are committed as one.

use std::sync::Arc;

use super::account::DisplayName;
use super::attributes::Attributes;
use super::event::Event;
use super::event_facts::EventFacts;
use super::facts_tag::FactsTag;
use super::ids::{AccountId, OrderId, PaymentId, TicketId};
use super::money::{Money, Price, Quantity};
use super::order::{
    CancelReason, IdempotencyKey, Order, OrderChange, OrderRefusal, OrderStatus, OrderedTicket, RefundReason,
};
use super::ticket::{Sales, Ticket, TicketStatus};
use super::time::Timestamp;

/// The places of one ticket.
///
/// Invariant: as long as orders are its only writers, `sales.committed()` never
/// passes the quantity that was offered when the last of them was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The ticket.
    pub ticket: TicketId,
    /// The seller, who may not order it.
    pub seller: AccountId,
    /// What the seller is called, copied into orders.
    pub seller_name: Option<DisplayName>,
    /// The facts of the event, which orders freeze.
    pub event: Arc<EventFacts>,
    /// No new orders from then on; from the start of the event if absent.
    pub sales_end_at: Option<Timestamp>,
    /// The attributes, copied into orders.
    pub attributes: Attributes,
    /// The current price of one place.
    pub price: Price,
    /// How many places the seller offers.
    pub quantity: Quantity,
    /// The seller's limit of places per buyer, if any.
    pub max_per_buyer: Option<Quantity>,
    /// Whether new orders are accepted.
    pub status: TicketStatus,
    /// The version of the ticket that this replica holds.
    pub ticket_version: u64,
    /// Places held and sold.
    pub sales: Sales,
}

/// A buyer's request for places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// The id for the order.
    pub id: OrderId,
    /// The buyer.
    pub buyer: AccountId,
    /// The number of places.
    pub quantity: Quantity,
    /// The price that the buyer saw, if given.
    pub price_seen: Option<Money>,
    /// The facts of the event that the buyer saw, if given.
    pub facts_seen: Option<FactsTag>,
    /// The request's idempotency key.
    pub key: Option<IdempotencyKey>,
}

/// Why no place was assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StockRefusal {
    /// Sellers cannot order their own tickets.
    OwnTicket,
    /// The seller took it off sale.
    Withdrawn,
    /// The event was called off.
    CalledOff,
    /// The event began, or the seller ended its sales.
    SalesEnded {
        /// When.
        at: Timestamp,
    },
    /// Fewer places are left than requested.
    SoldOut {
        /// How many are left.
        available: u32,
    },
    /// The buyer saw another price.
    PriceChanged {
        /// The current price.
        price: Price,
    },
    /// The buyer saw other facts of the event.
    EventChanged,
}

impl Stock {
    /// The stock of a ticket without orders.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            ticket: ticket.id,
            seller: ticket.seller,
            seller_name: ticket.seller_name.clone(),
            event: Arc::clone(&ticket.offer.details.event),
            sales_end_at: ticket.offer.details.sales_end_at,
            attributes: ticket.offer.details.attributes.clone(),
            price: ticket.offer.price,
            quantity: ticket.offer.quantity,
            max_per_buyer: ticket.offer.max_per_buyer,
            status: ticket.status,
            ticket_version: ticket.version,
            sales: Sales::default(),
        }
    }

    /// Applies a newer version of the ticket, or this version if it knows more of the event; `None` otherwise.
    #[must_use]
    pub fn follow(&self, ticket: &Ticket) -> Option<Self> {
        let held = (self.ticket_version, self.event.known);
        let is_news = (ticket.version, ticket.offer.details.event.known) > held;
        is_news.then(|| Self { sales: self.sales, ..Self::of(ticket) })
    }

    /// How many places are offered; never fewer than are held and sold.
    ///
    /// If an order wins the race against a seller who offers less, the order stands.
    #[must_use]
    pub fn offered(&self) -> u32 {
        self.quantity.get().max(self.sales.committed())
    }

    /// Whether its event was called off and orders that hold or have its places are still to end.
    #[must_use]
    pub fn is_to_end(&self) -> bool {
        self.status == TicketStatus::CalledOff && self.sales.committed() > 0
    }

    /// How many places are left.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.offered() - self.sales.committed()
    }

    /// Holds places for a buyer until `pay_by`.
    ///
    /// # Errors
    ///
    /// [`StockRefusal`] if the ticket is the buyer's own, withdrawn or called off, its sales have ended, too few
    /// places are left, or the buyer saw another price or other facts of the event.
    pub fn hold(
        self,
        request: OrderRequest,
        now: Timestamp,
        pay_by: Timestamp,
    ) -> Result<(Self, Order, Event), StockRefusal> {
        self.may_hold(&request, now)?;
        let order = Order {
            id: request.id,
            buyer: request.buyer,
            ticket: OrderedTicket {
                id: self.ticket,
                seller_name: self.seller_name.clone(),
                event: Arc::clone(&self.event),
                attributes: self.attributes.clone(),
                price: self.price,
            },
            quantity: request.quantity,
            status: OrderStatus::AwaitingPayment { pay_by },
            placed_at: now,
            key: request.key,
            used: false,
            version: 1,
        };
        let Sales { held, sold, .. } = self.sales;
        let stock = self.counted(held + order.quantity.get(), sold);
        let event = Event::OrderCreated(stock.change(&order));
        Ok((stock, order, event))
    }

    /// Sells held places to the buyer who paid.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if the order has already ended.
    pub fn complete(
        self,
        order: Order,
        payment: PaymentId,
        now: Timestamp,
    ) -> Result<(Self, Order, Event), OrderRefusal> {
        order.pay_by()?;
        let order = order.ended(OrderStatus::Completed { payment, at: now });
        let Sales { held, sold, .. } = self.sales;
        let places = order.quantity.get();
        let stock = self.counted(held.saturating_sub(places), sold + places);
        let event = Event::OrderCompleted(stock.change(&order));
        Ok((stock, order, event))
    }

    /// Releases held places because the buyer cancels.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if the order has already ended.
    pub fn cancel(self, order: Order, now: Timestamp) -> Result<(Self, Order, Event), OrderRefusal> {
        order.pay_by()?;
        Ok(self.release(order, CancelReason::ByBuyer, now))
    }

    /// Releases held places because nobody paid in time.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if the order has already ended or is not due yet.
    pub fn expire(self, order: Order, now: Timestamp) -> Result<(Self, Order, Event), OrderRefusal> {
        let pay_by = order.pay_by()?;
        if now < pay_by {
            return Err(OrderRefusal::NotDue { pay_by });
        }
        Ok(self.release(order, CancelReason::Expired, now))
    }

    /// Takes places back that were sold; the money goes back.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if they are not the buyer's, or no longer. A buyer gives back only what is no longer what was
    /// ordered and let nobody in, and only until it begins or would have begun, whichever is later.
    pub fn refund(
        self,
        order: Order,
        reason: RefundReason,
        now: Timestamp,
    ) -> Result<(Self, Order, Event), OrderRefusal> {
        let payment = order.payment()?;
        if reason == RefundReason::ByBuyer {
            self.may_give_back(&order, now)?;
        }
        let order = order.ended(OrderStatus::Refunded { payment, reason, at: now });
        let Sales { held, sold, .. } = self.sales;
        let stock = self.counted(held, sold.saturating_sub(order.quantity.get()));
        let event = Event::OrderRefunded(stock.change(&order));
        Ok((stock, order, event))
    }

    /// Ends an order because the event does not take place: held places are released, sold ones refunded.
    ///
    /// # Errors
    ///
    /// [`OrderRefusal`] if the order has already ended otherwise.
    pub fn call_off(self, order: Order, now: Timestamp) -> Result<(Self, Order, Event), OrderRefusal> {
        match order.pay_by() {
            Ok(_) => Ok(self.release(order, CancelReason::CalledOff, now)),
            Err(_) => self.refund(order, RefundReason::CalledOff, now),
        }
    }

    fn may_give_back(&self, order: &Order, now: Timestamp) -> Result<(), OrderRefusal> {
        if order.used {
            return Err(OrderRefusal::Used);
        }
        if order.ticket.event.is_still(&self.event) {
            return Err(OrderRefusal::Unchanged);
        }
        if order.ticket.event.has_begun(&self.event, now) { Err(OrderRefusal::Begun) } else { Ok(()) }
    }

    fn may_hold(&self, request: &OrderRequest, now: Timestamp) -> Result<(), StockRefusal> {
        if request.buyer == self.seller {
            return Err(StockRefusal::OwnTicket);
        }
        match self.status {
            TicketStatus::OnSale => {}
            TicketStatus::Withdrawn => return Err(StockRefusal::Withdrawn),
            TicketStatus::CalledOff => return Err(StockRefusal::CalledOff),
        }
        if let Some(at) = self.sales_end_at.or(self.event.starts_at).filter(|at| *at <= now) {
            return Err(StockRefusal::SalesEnded { at });
        }
        if request.price_seen.is_some_and(|seen| seen != self.price.money()) {
            return Err(StockRefusal::PriceChanged { price: self.price });
        }
        // An order freezes the facts, so a buyer must not get others than they saw, whichever side is behind.
        if request.facts_seen.is_some_and(|seen| !seen.stands_for(&self.event)) {
            return Err(StockRefusal::EventChanged);
        }
        if request.quantity.get() > self.available() {
            return Err(StockRefusal::SoldOut { available: self.available() });
        }
        Ok(())
    }

    fn release(self, order: Order, reason: CancelReason, now: Timestamp) -> (Self, Order, Event) {
        let order = order.ended(OrderStatus::Cancelled { reason, at: now });
        let Sales { held, sold, .. } = self.sales;
        let stock = self.counted(held.saturating_sub(order.quantity.get()), sold);
        let event = Event::OrderCancelled(stock.change(&order));
        (stock, order, event)
    }

    fn counted(self, held: u32, sold: u32) -> Self {
        let version = self.sales.version + 1;
        Self { sales: Sales { held, sold, version }, ..self }
    }

    fn change(&self, order: &Order) -> OrderChange {
        OrderChange { order: order.clone(), sales: self.sales }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event_facts::FactsKnown;
    use crate::domain::ticket::{Offer, OfferInput};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const PAY_BY: Timestamp = Timestamp::from_millis(1_900_000);

    fn account(n: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(n))
    }

    fn price(amount: u64) -> Price {
        Price::new(Money { amount, currency: "EUR".parse().unwrap() }).unwrap()
    }

    fn ticket(quantity: u32) -> Ticket {
        let opera = OfferInput { title: "Opera", amount: 1200, currency: "EUR", quantity, ..OfferInput::default() };
        let offer = Offer::parse(opera).unwrap();
        Ticket::create(TicketId::new(Uuid::from_u128(9)), account(1), offer, NOW).unwrap().0
    }

    fn request(quantity: u32) -> OrderRequest {
        let id = OrderId::new(Uuid::from_u128(20));
        OrderRequest {
            id,
            buyer: account(2),
            quantity: Quantity::new(quantity).unwrap(),
            price_seen: None,
            facts_seen: None,
            key: None,
        }
    }

    fn held(quantity: u32, of: u32) -> (Stock, Order) {
        let (stock, order, _) = Stock::of(&ticket(of)).hold(request(quantity), NOW, PAY_BY).unwrap();
        (stock, order)
    }

    fn paid() -> PaymentId {
        PaymentId::new(Uuid::from_u128(30))
    }

    #[test]
    fn a_buyer_who_saw_other_facts_gets_no_places() {
        let stock = Stock::of(&ticket(3));
        let seen = |facts: &EventFacts| OrderRequest { facts_seen: Some(FactsTag::of(facts)), ..request(1) };
        let moved = EventFacts { venue: Some("Arena".into()), ..(*stock.event).clone() };

        assert_eq!(stock.clone().hold(seen(&moved), NOW, PAY_BY).unwrap_err(), StockRefusal::EventChanged);
        assert_eq!(stock.clone().hold(seen(&stock.event), NOW, PAY_BY).unwrap().1.ticket.event, stock.event);
    }

    #[test]
    fn an_order_freezes_the_name_of_the_seller_and_another_name_refuses_nobody() {
        let name = |name| DisplayName::parse(name).unwrap();
        let stock = Stock::of(&Ticket { seller_name: name("Ada"), ..ticket(3) });
        let seen = OrderRequest {
            facts_seen: Some(FactsTag::of(&stock.event)),
            price_seen: Some(stock.price.money()),
            ..request(1)
        };
        let (stock, early, _) = stock.hold(seen.clone(), NOW, PAY_BY).unwrap();
        let renamed = Ticket { seller_name: name("Ada Ltd"), version: 2, ..ticket(3) };

        let stock = stock.follow(&renamed).unwrap();
        let (stock, late, _) = stock.hold(seen, NOW, PAY_BY).unwrap();

        let (_, early, _) = stock.complete(early, paid(), NOW).unwrap();
        assert_eq!((early.ticket.seller_name, late.ticket.seller_name), (name("Ada"), name("Ada Ltd")));
    }

    #[test]
    fn a_hold_takes_places_and_freezes_the_price() {
        let (stock, order) = held(2, 3);

        assert_eq!((stock.available(), stock.sales), (1, Sales { held: 2, sold: 0, version: 1 }));
        assert_eq!(order.total().amount, 2400);
        assert_eq!(order.pay_by(), Ok(PAY_BY));
    }

    #[test]
    fn the_last_place_is_given_once() {
        let (stock, _) = held(1, 1);

        assert_eq!(stock.hold(request(1), NOW, PAY_BY), Err(StockRefusal::SoldOut { available: 0 }));
    }

    #[test]
    fn nobody_orders_their_own_ticket() {
        let own = OrderRequest { buyer: account(1), ..request(1) };

        assert_eq!(Stock::of(&ticket(1)).hold(own, NOW, PAY_BY), Err(StockRefusal::OwnTicket));
    }

    #[test]
    fn a_buyer_who_saw_another_price_is_told() {
        let seen = OrderRequest { price_seen: Some(price(1100).money()), ..request(1) };

        assert_eq!(
            Stock::of(&ticket(1)).hold(seen, NOW, PAY_BY),
            Err(StockRefusal::PriceChanged { price: price(1200) })
        );
    }

    #[test]
    fn a_withdrawn_ticket_takes_no_orders_and_keeps_the_running_ones() {
        let (stock, order) = held(1, 2);
        let withdrawn = stock.follow(&Ticket { status: TicketStatus::Withdrawn, version: 2, ..ticket(2) }).unwrap();

        assert_eq!(withdrawn.clone().hold(request(1), NOW, PAY_BY), Err(StockRefusal::Withdrawn));
        assert!(withdrawn.complete(order, paid(), NOW).is_ok());
    }

    #[test]
    fn a_completed_order_keeps_its_places() {
        let (stock, order) = held(2, 3);
        let (stock, order, _) = stock.complete(order, paid(), NOW).unwrap();

        assert_eq!(stock.sales, Sales { held: 0, sold: 2, version: 2 });
        assert_eq!(stock.clone().cancel(order.clone(), NOW), Err(OrderRefusal::Completed));
        assert_eq!(stock.expire(order, PAY_BY), Err(OrderRefusal::Completed));
    }

    #[test]
    fn a_cancelled_order_gives_its_places_back_once() {
        let (stock, order) = held(2, 3);
        let (stock, order, _) = stock.cancel(order, NOW).unwrap();

        assert_eq!(stock.available(), 3);
        assert_eq!(stock.complete(order, paid(), NOW), Err(OrderRefusal::Cancelled { reason: CancelReason::ByBuyer }));
    }

    #[test]
    fn an_order_expires_at_its_deadline_and_not_before() {
        let (stock, order) = held(1, 1);

        assert_eq!(stock.clone().expire(order.clone(), NOW), Err(OrderRefusal::NotDue { pay_by: PAY_BY }));
        assert_eq!(stock.expire(order, PAY_BY).unwrap().0.available(), 1);
    }

    #[test]
    fn an_order_that_won_the_race_keeps_its_places() {
        let (stock, order) = held(3, 3);
        let shrunk = stock.follow(&Ticket { version: 2, ..ticket(1) }).unwrap();

        assert_eq!((shrunk.offered(), shrunk.available()), (3, 0));
        assert_eq!(shrunk.cancel(order, NOW).unwrap().0.available(), 1);
    }

    #[test]
    fn an_old_version_of_the_ticket_is_ignored() {
        assert_eq!(Stock::of(&ticket(2)).follow(&ticket(5)), None);
    }

    const START: Timestamp = Timestamp::from_millis(9_000_000);

    fn starting(at: Timestamp, sales_end_at: Option<Timestamp>) -> Ticket {
        let input = OfferInput {
            title: "Opera",
            starts_at: Some(at),
            time_zone: Some("UTC"),
            sales_end_at,
            amount: 1200,
            currency: "EUR",
            quantity: 3,
            ..OfferInput::default()
        };
        let offer = Offer::parse(input).unwrap();
        Ticket::create(TicketId::new(Uuid::from_u128(9)), account(1), offer, NOW).unwrap().0
    }

    fn sold(ticket: &Ticket) -> (Stock, Order) {
        let (stock, order, _) = Stock::of(ticket).hold(request(2), NOW, PAY_BY).unwrap();
        let (stock, order, _) = stock.complete(order, paid(), NOW).unwrap();
        (stock, order)
    }

    #[test]
    fn nobody_orders_from_the_start_of_the_event_on_or_from_the_end_of_its_sales() {
        let held = |ticket: Ticket, now| Stock::of(&ticket).hold(request(1), now, PAY_BY).map(drop);

        assert_eq!(held(starting(START, None), START), Err(StockRefusal::SalesEnded { at: START }));
        assert_eq!(held(starting(START, Some(PAY_BY)), PAY_BY), Err(StockRefusal::SalesEnded { at: PAY_BY }));
        assert!(held(starting(START, Some(PAY_BY)), NOW).is_ok());
    }

    #[test]
    fn a_hold_that_began_in_time_is_paid_after_the_start() {
        let (stock, order, _) = Stock::of(&starting(START, None)).hold(request(1), NOW, PAY_BY).unwrap();

        assert!(stock.complete(order, paid(), START).is_ok());
    }

    #[test]
    fn a_buyer_gives_back_what_was_rescheduled_until_it_begins_and_nothing_else() {
        let (stock, order) = sold(&starting(START, None));
        let later = START.after(std::time::Duration::from_secs(60));
        let moved = stock.follow(&Ticket { version: 2, ..starting(later, None) }).unwrap();
        let give_back = |stock: &Stock, now| stock.clone().refund(order.clone(), RefundReason::ByBuyer, now);

        assert_eq!(give_back(&stock, NOW), Err(OrderRefusal::Unchanged));
        assert_eq!(give_back(&moved, later), Err(OrderRefusal::Begun));
        let (stock, refunded, event) = give_back(&moved, START).unwrap();
        assert_eq!((stock.available(), stock.sales), (3, Sales { held: 0, sold: 0, version: 3 }));
        assert_eq!(event, Event::OrderRefunded(OrderChange { order: refunded.clone(), sales: stock.sales }));
        let again = stock.refund(refunded, RefundReason::BySeller, NOW);
        assert_eq!(again, Err(OrderRefusal::Refunded { reason: RefundReason::ByBuyer }));
    }

    #[test]
    fn an_order_of_which_the_title_alone_is_known_is_given_back_only_if_that_changes() {
        let known = |ticket: &Ticket, known| Stock {
            event: EventFacts { title: ticket.offer.details.event.title.clone(), known, ..EventFacts::default() }
                .into(),
            ..Stock::of(ticket)
        };
        let ticket = starting(START, None);
        let (stock, order, _) = known(&ticket, FactsKnown::Title).hold(request(2), NOW, PAY_BY).unwrap();
        let (stock, order, _) = stock.complete(order, paid(), NOW).unwrap();
        let give_back = |stock: Stock| stock.refund(order.clone(), RefundReason::ByBuyer, NOW).map(drop);

        assert_eq!(give_back(stock.clone()), Err(OrderRefusal::Unchanged));
        let healed = stock.follow(&ticket).expect("the same version, of which more is known");
        assert_eq!((&healed.event, healed.follow(&ticket)), (&ticket.offer.details.event, None));
        assert_eq!(give_back(healed), Err(OrderRefusal::Unchanged));
        let other = EventFacts { title: "Ballet".into(), ..(*ticket.offer.details.event).clone() };
        assert_eq!(give_back(Stock { event: other.into(), ..stock }), Ok(()));
    }

    #[test]
    fn a_buyer_who_was_let_in_gives_nothing_back_and_a_seller_may_refund_it() {
        let (stock, order) = sold(&ticket(3));
        let other = EventFacts { venue: Some("Arena".into()), ..(*stock.event).clone() };
        let (stock, order) = (Stock { event: other.into(), ..stock }, order.let_in().expect("nobody was in before"));

        assert_eq!(order.let_in(), None);
        assert_eq!(stock.clone().refund(order.clone(), RefundReason::ByBuyer, NOW), Err(OrderRefusal::Used));
        assert!(stock.refund(order, RefundReason::BySeller, NOW).is_ok());
    }

    #[test]
    fn a_buyer_gives_back_until_it_would_have_begun_although_it_begins_earlier_now() {
        let (stock, order) = sold(&starting(START, None));
        let earlier = PAY_BY;
        let moved = stock.follow(&Ticket { version: 2, ..starting(earlier, None) }).unwrap();
        let give_back = |now| moved.clone().refund(order.clone(), RefundReason::ByBuyer, now).map(drop);

        assert_eq!(give_back(earlier.after(std::time::Duration::from_secs(1))), Ok(()));
        assert_eq!(give_back(START), Err(OrderRefusal::Begun));
    }

    #[test]
    fn a_seller_refunds_only_what_is_paid() {
        let (stock, order) = held(1, 1);
        assert_eq!(stock.refund(order, RefundReason::BySeller, NOW), Err(OrderRefusal::NotPaid));

        let (stock, order) = sold(&ticket(3));
        assert_eq!(stock.refund(order, RefundReason::BySeller, NOW).unwrap().0.available(), 3);
    }

    #[test]
    fn calling_off_ends_every_order_once() {
        let off = Ticket { status: TicketStatus::CalledOff, version: 2, ..ticket(3) };
        let (stock, order) = held(2, 3);
        let stock = stock.follow(&off).unwrap();
        let (stock, order, _) = stock.call_off(order, NOW).unwrap();
        assert_eq!(stock.sales, Sales { held: 0, sold: 0, version: 2 });
        assert_eq!(stock.clone().hold(request(1), NOW, PAY_BY), Err(StockRefusal::CalledOff));
        assert_eq!(stock.call_off(order, NOW), Err(OrderRefusal::Cancelled { reason: CancelReason::CalledOff }));

        let (stock, order) = sold(&ticket(3));
        let (stock, order, _) = stock.follow(&off).unwrap().call_off(order, NOW).unwrap();
        assert_eq!(stock.sales.sold, 0);
        assert_eq!(stock.call_off(order, NOW), Err(OrderRefusal::Refunded { reason: RefundReason::CalledOff }));
    }
}
