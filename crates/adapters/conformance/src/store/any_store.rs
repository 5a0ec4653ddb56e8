//! What the six stores have in common.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::account::{Account, AccountRecord, DisplayName, PasswordHash};
use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::alert::Alerts;
use ticketing_core::domain::door_links::DoorLinks;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown};
use ticketing_core::domain::ids::{AccountId, PaymentId};
use ticketing_core::domain::letter::{DropReason, LetterStatus};
use ticketing_core::domain::order::{CancelReason, IdempotencyKey, Order, OrderStatus};
use ticketing_core::domain::pass::{PassStatus, VoidReason};
use ticketing_core::domain::payment::{CardDigest, Payable, PayableStatus, Payment, PaymentStatus};
use ticketing_core::domain::search::{Filters, Places, SearchEntry};
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{CreationRequest, Listing, Sales, Ticket, TicketStatus};
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords, LetterStore};
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderStore};
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentStore};
use ticketing_core::ports::store::{CommitToken, RecordKey, StoreError, Stored, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{TicketRecord, TicketStore};
use uuid::Uuid;

use crate::sample;

use super::{Accounts, Letters, Orders, Passes, Payments, Tickets};

/// A store, as the rules see it that all stores keep. Implemented for the six ports.
#[async_trait]
pub trait AnyStore: Send + Sync + 'static {
    /// The port.
    type Store: ?Sized + Send + Sync + 'static;

    /// What it keeps.
    type Record: Clone + PartialEq + Debug + Send + Sync + 'static;

    /// The stream of its events.
    const TOPIC: Topic;

    /// A new record; different `kind`s give each kind of record in turn.
    fn specimen(kind: usize) -> Self::Record;

    /// New records in every state that they can be in.
    fn variants() -> Vec<Self::Record>;

    /// The same record after its `n`th change; each differs from the others.
    fn changed(record: Self::Record, n: u32) -> Self::Record;

    /// The same record without anything that it may come to be without.
    fn bare(record: Self::Record) -> Self::Record;

    /// What a conflict over it is called.
    fn key(record: &Self::Record) -> RecordKey;

    /// The subject of its events.
    fn subject(record: &Self::Record) -> Uuid;

    /// Reads what is stored under the name of a record.
    async fn find(store: &Self::Store, record: &Self::Record) -> Result<Option<Stored<Self::Record>>, StoreError>;

    /// Commits; returns the token of the commit.
    async fn apply(store: &Self::Store, work: UnitOfWork<Self::Record>) -> Result<CommitToken, StoreError>;
}

#[async_trait]
impl AnyStore for Accounts {
    type Store = dyn AccountStore;
    type Record = Account;
    const TOPIC: Topic = Topic::Accounts;

    fn specimen(_: usize) -> Account {
        sample::account()
    }

    fn variants() -> Vec<Account> {
        let email = "grüße+tag@bücher.example".parse().expect("an address");
        let display_name = DisplayName::parse("Grüße ☃").expect("a name");
        let (confirmed_at, version) = (Some(sample::NOW), 7);
        vec![
            sample::account(),
            Account { email, ..sample::account() },
            Account { display_name, confirmed_at, version, ..sample::account() },
        ]
    }

    fn changed(account: Account, n: u32) -> Account {
        account.change_password(PasswordHash::new(format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ${n:08}"))).0
    }

    fn bare(account: Account) -> Account {
        Account { display_name: None, confirmed_at: None, ..account }
    }

    fn key(account: &Account) -> RecordKey {
        RecordKey::Account(account.id)
    }

    fn subject(account: &Account) -> Uuid {
        account.id.uuid()
    }

    async fn find(store: &Self::Store, account: &Account) -> Result<Option<Stored<Account>>, StoreError> {
        store.account(account.id).await
    }

    async fn apply(store: &Self::Store, work: UnitOfWork<Account>) -> Result<CommitToken, StoreError> {
        let open = |Write { record, replaces }| Write { record: AccountRecord::Open(record), replaces };
        let writes = work.writes.into_iter().map(open).collect();
        store.commit(UnitOfWork { writes, events: work.events }).await
    }
}

#[async_trait]
impl AnyStore for Tickets {
    type Store = dyn TicketStore;
    type Record = TicketRecord;
    const TOPIC: Topic = Topic::Tickets;

    fn specimen(kind: usize) -> TicketRecord {
        if kind.is_multiple_of(2) { sample::listing().into() } else { sample::seller().into() }
    }

    fn variants() -> Vec<TicketRecord> {
        let sales = Sales { held: 3, sold: 4, version: u64::from(u32::MAX) * 8 };
        let withdrawn = Ticket { status: TicketStatus::Withdrawn, version: 2, ..sample::ticket() };
        vec![
            sample::listing().into(),
            sample::bare_listing("𝕿").into(),
            Listing { sales, ..sample::listing() }.into(),
            Listing::new(withdrawn).into(),
            Listing { request: Some(request("a seller's key!~")), ..sample::listing() }.into(),
            sample::seller().into(),
            Seller { name: None, ..sample::seller() }.into(),
        ]
    }

    fn changed(record: TicketRecord, n: u32) -> TicketRecord {
        match record {
            TicketRecord::Listing(listing) => {
                Listing { sales: Sales { held: n, sold: 0, version: u64::from(n) }, ..listing }.into()
            }
            TicketRecord::Seller(seller) => Seller { version: u64::from(n), ..seller }.into(),
        }
    }

    fn bare(record: TicketRecord) -> TicketRecord {
        match record {
            TicketRecord::Listing(listing) => {
                Listing { ticket: bare_ticket(&listing.ticket), sales: Sales::default(), ..listing }.into()
            }
            TicketRecord::Seller(seller) => Seller { name: None, ..seller }.into(),
        }
    }

    fn key(record: &TicketRecord) -> RecordKey {
        match record {
            TicketRecord::Listing(listing) => RecordKey::Listing(listing.ticket.id),
            TicketRecord::Seller(seller) => RecordKey::Seller(seller.account),
        }
    }

    fn subject(record: &TicketRecord) -> Uuid {
        match record {
            TicketRecord::Listing(listing) => listing.ticket.id.uuid(),
            TicketRecord::Seller(seller) => seller.account.uuid(),
        }
    }

    async fn find(store: &Self::Store, record: &TicketRecord) -> Result<Option<Stored<TicketRecord>>, StoreError> {
        match record {
            TicketRecord::Listing(listing) => {
                Ok(store.listings(&[listing.ticket.id]).await?.into_iter().map(widened).next())
            }
            TicketRecord::Seller(seller) => Ok(store.seller(seller.account).await?.map(widened)),
        }
    }

    async fn apply(store: &Self::Store, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        store.commit(work).await
    }
}

#[async_trait]
impl AnyStore for Orders {
    type Store = dyn OrderStore;
    type Record = OrderRecord;
    const TOPIC: Topic = Topic::Orders;

    fn specimen(kind: usize) -> OrderRecord {
        if kind.is_multiple_of(2) {
            sample::stock().into()
        } else {
            sample::order(AccountId::new(sample::uuid())).into()
        }
    }

    fn variants() -> Vec<OrderRecord> {
        let order = || sample::order(AccountId::new(sample::uuid()));
        let at = sample::NOW.after(Duration::from_millis(1));
        let ended = |status| OrderRecord::from(Order { status, version: 2, ..order() });
        let known = |known| {
            let facts = EventFacts { title: "Opera".into(), known, ..EventFacts::default() };
            Arc::new(facts)
        };
        let mut early = order();
        early.ticket.event = known(FactsKnown::Title);
        vec![
            sample::stock().into(),
            Stock { event: known(FactsKnown::Title), sales_end_at: None, ..sample::stock() }.into(),
            Stock { event: known(FactsKnown::PlaceAndTime), ..sample::stock() }.into(),
            early.into(),
            Stock { status: TicketStatus::Withdrawn, sales: Sales { held: 1, sold: 2, version: 3 }, ..sample::stock() }
                .into(),
            order().into(),
            Order { key: Some(key("an order's key!~")), ..order() }.into(),
            Order { used: true, ..order() }.into(),
            ended(OrderStatus::Completed { payment: PaymentId::new(sample::uuid()), at }),
            ended(OrderStatus::Cancelled { reason: CancelReason::ByBuyer, at }),
            ended(OrderStatus::Cancelled { reason: CancelReason::Expired, at }),
        ]
    }

    fn changed(record: OrderRecord, n: u32) -> OrderRecord {
        match record {
            OrderRecord::Stock(stock) => {
                Stock { sales: Sales { held: n, sold: 0, version: u64::from(n) }, ..stock }.into()
            }
            OrderRecord::Order(order) => Order { version: u64::from(n), ..order }.into(),
        }
    }

    fn bare(record: OrderRecord) -> OrderRecord {
        match record {
            OrderRecord::Stock(stock) => {
                let ticket = Ticket { id: stock.ticket, seller: stock.seller, ..sample::bare_listing("Opera").ticket };
                Stock::of(&ticket).into()
            }
            // What an order was placed for never changes.
            OrderRecord::Order(order) => {
                Order { status: OrderStatus::AwaitingPayment { pay_by: sample::NOW }, ..order }.into()
            }
        }
    }

    fn key(record: &OrderRecord) -> RecordKey {
        match record {
            OrderRecord::Stock(stock) => RecordKey::Stock(stock.ticket),
            OrderRecord::Order(order) => RecordKey::Order(order.id),
        }
    }

    fn subject(record: &OrderRecord) -> Uuid {
        match record {
            OrderRecord::Stock(stock) => stock.ticket.uuid(),
            OrderRecord::Order(order) => order.id.uuid(),
        }
    }

    async fn find(store: &Self::Store, record: &OrderRecord) -> Result<Option<Stored<OrderRecord>>, StoreError> {
        let needs = match record {
            OrderRecord::Stock(stock) => OrderNeeds { stocks: vec![stock.ticket], ..OrderNeeds::default() },
            OrderRecord::Order(order) => OrderNeeds { orders: vec![order.id], ..OrderNeeds::default() },
        };
        let found = store.load(&needs).await?;
        let stock = found.stocks.into_iter().map(widened).next();
        Ok(stock.or_else(|| found.orders.into_iter().map(widened).next()))
    }

    async fn apply(store: &Self::Store, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        store.commit(work).await
    }
}

#[async_trait]
impl AnyStore for Payments {
    type Store = dyn PaymentStore;
    type Record = PaymentRecord;
    const TOPIC: Topic = Topic::Payments;

    fn specimen(kind: usize) -> PaymentRecord {
        if kind.is_multiple_of(2) { sample::payable().into() } else { sample::payment().1.into() }
    }

    fn variants() -> Vec<PaymentRecord> {
        let reference: Arc<str> = "ch_1 “Grüße”".into();
        let payable = |status| PaymentRecord::from(Payable { status, order_version: 2, ..sample::payable() });
        let changed_at = Some(sample::NOW);
        let payment = |status| PaymentRecord::from(Payment { status, changed_at, version: 1, ..sample::payment().1 });
        let keyed = Payment { key: Some(key("a payment's key!~")), ..sample::payment().1 };
        let by_card =
            Payment { key: Some(key("by card")), card: Some(CardDigest::of(keyed.id, "tok")), ..sample::payment().1 };
        let [redirect, confirm] = sample::actions();
        vec![
            sample::payable().into(),
            sample::payment().0.into(),
            payable(PayableStatus::Completed),
            payable(PayableStatus::Cancelled),
            Payable { declined: 7, ..sample::payable() }.into(),
            keyed.into(),
            by_card.into(),
            payment(PaymentStatus::Pending),
            payment(PaymentStatus::AwaitingBuyer { action: redirect }),
            payment(PaymentStatus::AwaitingBuyer { action: confirm }),
            payment(PaymentStatus::Captured { reference: Arc::clone(&reference) }),
            payment(PaymentStatus::Failed { reason: "card_declined".into() }),
            payment(PaymentStatus::RefundDue { reference: Arc::clone(&reference) }),
            payment(PaymentStatus::Refunded { reference }),
        ]
    }

    fn changed(record: PaymentRecord, n: u32) -> PaymentRecord {
        match record {
            PaymentRecord::Payable(payable) => Payable { order_version: u64::from(n), ..payable }.into(),
            PaymentRecord::Payment(payment) => Payment { version: u64::from(n), ..payment }.into(),
        }
    }

    fn bare(record: PaymentRecord) -> PaymentRecord {
        match record {
            PaymentRecord::Payable(payable) => Payable { live: None, declined: 0, ..payable }.into(),
            PaymentRecord::Payment(payment) => {
                Payment { status: PaymentStatus::Pending, card: None, changed_at: None, ..payment }.into()
            }
        }
    }

    fn key(record: &PaymentRecord) -> RecordKey {
        match record {
            PaymentRecord::Payable(payable) => RecordKey::Payable(payable.order),
            PaymentRecord::Payment(payment) => RecordKey::Payment(payment.id),
        }
    }

    fn subject(record: &PaymentRecord) -> Uuid {
        match record {
            PaymentRecord::Payable(payable) => payable.order.uuid(),
            PaymentRecord::Payment(payment) => payment.id.uuid(),
        }
    }

    async fn find(store: &Self::Store, record: &PaymentRecord) -> Result<Option<Stored<PaymentRecord>>, StoreError> {
        match record {
            PaymentRecord::Payable(payable) => {
                let needs = PaymentNeeds { payables: vec![payable.order], ..PaymentNeeds::default() };
                Ok(store.load(&needs).await?.payables.into_iter().map(widened).next())
            }
            PaymentRecord::Payment(payment) => {
                let needs = PaymentNeeds { payments: vec![payment.id], ..PaymentNeeds::default() };
                Ok(store.load(&needs).await?.payments.into_iter().map(widened).next())
            }
        }
    }

    async fn apply(store: &Self::Store, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError> {
        store.commit(work).await
    }
}

#[async_trait]
impl AnyStore for Passes {
    type Store = dyn PassStore;
    type Record = PassRecord;
    const TOPIC: Topic = Topic::Admissions;

    fn specimen(kind: usize) -> PassRecord {
        match kind % 3 {
            0 => sample::admission().into(),
            1 => sample::entrance().into(),
            _ => sample::door_links().into(),
        }
    }

    fn variants() -> Vec<PassRecord> {
        let at = sample::NOW.after(Duration::from_millis(1));
        let with = |status| {
            let mut admission = sample::admission();
            if let Some(coded) = admission.passes.last_mut() {
                coded.pass.status = status;
                coded.pass.version = 2;
            }
            PassRecord::from(admission)
        };
        let mut used_twice = sample::admission();
        for coded in &mut used_twice.passes {
            coded.pass.status = PassStatus::Used { at, by: AccountId::new(sample::uuid()) };
            (coded.check, coded.again_at) = (Some(key("a check-in!~")), Some(at));
        }
        vec![
            sample::admission().into(),
            Admission { passes: Vec::new(), ..sample::admission() }.into(),
            with(PassStatus::Used { at, by: AccountId::new(sample::uuid()) }),
            with(PassStatus::Voided { at, reason: VoidReason::OrderCancelled }),
            with(PassStatus::Voided { at, reason: VoidReason::OrderRefunded }),
            used_twice.into(),
            sample::entrance().into(),
            sample::door_links().into(),
            DoorLinks { links: Vec::new(), ..sample::door_links() }.into(),
        ]
    }

    fn changed(record: PassRecord, n: u32) -> PassRecord {
        match record {
            PassRecord::Admission(admission) => Admission { order_version: u64::from(n), ..admission }.into(),
            PassRecord::Entrance(entrance) => Entrance { ticket_version: u64::from(n), ..entrance }.into(),
            PassRecord::DoorLinks(links) => DoorLinks { version: u64::from(n), ..links }.into(),
        }
    }

    fn bare(record: PassRecord) -> PassRecord {
        match record {
            PassRecord::Admission(admission) => Admission { passes: Vec::new(), ..admission }.into(),
            PassRecord::Entrance(entrance) => entrance.into(),
            PassRecord::DoorLinks(links) => DoorLinks { links: Vec::new(), ..links }.into(),
        }
    }

    fn key(record: &PassRecord) -> RecordKey {
        match record {
            PassRecord::Admission(admission) => RecordKey::Admission(admission.order),
            PassRecord::Entrance(entrance) => RecordKey::Entrance(entrance.ticket),
            PassRecord::DoorLinks(links) => RecordKey::DoorLinks(links.ticket),
        }
    }

    fn subject(record: &PassRecord) -> Uuid {
        match record {
            PassRecord::Admission(admission) => admission.order.uuid(),
            PassRecord::Entrance(entrance) => entrance.ticket.uuid(),
            PassRecord::DoorLinks(links) => links.ticket.uuid(),
        }
    }

    async fn find(store: &Self::Store, record: &PassRecord) -> Result<Option<Stored<PassRecord>>, StoreError> {
        let needs = match record {
            PassRecord::Admission(admission) => PassNeeds { admissions: vec![admission.order], ..PassNeeds::default() },
            PassRecord::Entrance(entrance) => PassNeeds { entrances: vec![entrance.ticket], ..PassNeeds::default() },
            PassRecord::DoorLinks(links) => PassNeeds { door_links: vec![links.ticket], ..PassNeeds::default() },
        };
        let found = store.load(&needs).await?;
        let admission = found.admissions.into_iter().map(widened).next();
        let entrance = found.entrances.into_iter().map(widened).next();
        Ok(admission.or(entrance).or_else(|| found.door_links.into_iter().map(widened).next()))
    }

    async fn apply(store: &Self::Store, work: UnitOfWork<PassRecord>) -> Result<CommitToken, StoreError> {
        store.commit(work).await
    }
}

#[async_trait]
impl AnyStore for Letters {
    type Store = dyn LetterStore;
    type Record = LetterRecord;
    // The service tells nothing yet; its outbox carries any event.
    const TOPIC: Topic = Topic::Admissions;

    fn specimen(kind: usize) -> LetterRecord {
        match kind % 5 {
            0 => sample::letter().into(),
            1 => sample::alerts().into(),
            2 => sample::order(AccountId::new(sample::uuid())).into(),
            3 => sample::ticket().into(),
            _ => sample::search_entry().into(),
        }
    }

    fn variants() -> Vec<LetterRecord> {
        let at = sample::NOW.after(Duration::from_millis(1));
        let orders = Orders::variants().into_iter().filter_map(|record| match record {
            OrderRecord::Order(order) => Some(order.into()),
            OrderRecord::Stock(_) => None,
        });
        let tickets = Tickets::variants().into_iter().filter_map(|record| match record {
            TicketRecord::Listing(listing) => Some(listing.ticket.into()),
            TicketRecord::Seller(_) => None,
        });
        let dropped = [DropReason::NothingToSay, DropReason::Refused, DropReason::TooLate, DropReason::LeftOut];
        let statuses = [LetterStatus::Sending { until: at, tries: 7 }, LetterStatus::Sent { at }]
            .into_iter()
            .chain(dropped.map(|reason| LetterStatus::Dropped { at, reason }));
        let moved = statuses.map(|status| sample::letter().with_status(status).into());
        let reasons = sample::letter_reasons().into_iter().map(|reason| sample::letter_about(reason).into());
        let places = [Places::Left(3), Places::Any, Places::Together(0)];
        let mut alerts = sample::alerts();
        alerts.alerts.extend(places.map(|places| sample::alert("a", Filters { places, ..Filters::default() })));
        let gone = Alerts { is_closed: true, ..Alerts::none(AccountId::new(sample::uuid())) };
        let unknown = SearchEntry { facts: None, ..sample::search_entry() };
        let kept = [alerts.into(), gone.into(), unknown.into(), sample::search_entry().into()];
        orders.chain(tickets).chain(moved).chain(reasons).chain(kept).collect()
    }

    fn changed(record: LetterRecord, n: u32) -> LetterRecord {
        match record {
            LetterRecord::Letter(letter) => {
                letter.with_status(LetterStatus::Waiting { due_at: sample::NOW, tries: n }).into()
            }
            LetterRecord::Order(order) => Order { version: u64::from(n), ..order }.into(),
            LetterRecord::Ticket(ticket) => Ticket { version: u64::from(n), ..ticket }.into(),
            LetterRecord::Alerts(alerts) => Alerts { version: u64::from(n), ..alerts }.into(),
            LetterRecord::Entry(entry) => {
                SearchEntry { sales: Sales { held: n, sold: 0, version: u64::from(n) }, ..entry }.into()
            }
        }
    }

    fn bare(record: LetterRecord) -> LetterRecord {
        match record {
            LetterRecord::Letter(letter) => {
                letter.with_status(LetterStatus::Waiting { due_at: sample::NOW, tries: 0 }).into()
            }
            LetterRecord::Order(order) => {
                Order { status: OrderStatus::AwaitingPayment { pay_by: sample::NOW }, ..order }.into()
            }
            LetterRecord::Ticket(ticket) => bare_ticket(&ticket).into(),
            LetterRecord::Alerts(alerts) => Alerts::none(alerts.account).into(),
            LetterRecord::Entry(entry) => {
                let facts = entry.facts.as_ref().map(bare_ticket);
                SearchEntry { facts, sales: Sales::default(), ..entry }.into()
            }
        }
    }

    fn key(record: &LetterRecord) -> RecordKey {
        match record {
            LetterRecord::Letter(letter) => RecordKey::Letter(letter.id),
            LetterRecord::Order(order) => RecordKey::OrderReplica(order.id),
            LetterRecord::Ticket(ticket) => RecordKey::TicketReplica(ticket.id),
            LetterRecord::Alerts(alerts) => RecordKey::Alerts(alerts.account),
            LetterRecord::Entry(entry) => RecordKey::AlertEntry(entry.id),
        }
    }

    fn subject(record: &LetterRecord) -> Uuid {
        match record {
            LetterRecord::Letter(letter) => letter.id.uuid(),
            LetterRecord::Order(order) => order.id.uuid(),
            LetterRecord::Ticket(ticket) => ticket.id.uuid(),
            LetterRecord::Alerts(alerts) => alerts.account.uuid(),
            LetterRecord::Entry(entry) => entry.id.uuid(),
        }
    }

    async fn find(store: &Self::Store, record: &LetterRecord) -> Result<Option<Stored<LetterRecord>>, StoreError> {
        let mut needs = LetterNeeds::default();
        match record {
            LetterRecord::Letter(letter) => needs.letters.push(letter.id),
            LetterRecord::Order(order) => needs.orders.push(order.id),
            LetterRecord::Ticket(ticket) => needs.tickets.push(ticket.id),
            LetterRecord::Alerts(alerts) => needs.alerts.push(alerts.account),
            LetterRecord::Entry(entry) => needs.entries.push(entry.id),
        }
        let LetterRecords { letters, orders, tickets, alerts, entries } = store.load(&needs).await?;
        let replicas = orders.into_iter().map(widened).chain(tickets.into_iter().map(widened));
        let of_alerts = alerts.into_iter().map(widened).chain(entries.into_iter().map(widened));
        Ok(letters.into_iter().map(widened).chain(replicas).chain(of_alerts).next())
    }

    async fn apply(store: &Self::Store, work: UnitOfWork<LetterRecord>) -> Result<CommitToken, StoreError> {
        store.commit(work).await
    }
}

/// The same ticket with nothing but a title.
fn bare_ticket(ticket: &Ticket) -> Ticket {
    let offer = sample::bare_listing("Opera").ticket.offer;
    Ticket { offer, seller_name: None, status: TicketStatus::OnSale, ..*ticket }
}

/// The request that put a listing on sale.
pub(super) fn request(text: &str) -> CreationRequest {
    CreationRequest { key: key(text), digest: *b"0123456789abcdefghijklmnopqrstuv" }
}

pub(super) fn key(text: &str) -> IdempotencyKey {
    text.replace(' ', "-").parse().expect("an idempotency key")
}

fn widened<R, T: From<R>>(stored: Stored<R>) -> Stored<T> {
    Stored { record: stored.record.into(), revision: stored.revision }
}
