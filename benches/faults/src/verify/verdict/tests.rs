//! A small market whose books are right, and what is wrong once one number is.

use super::super::books::{Letter, Listing, Money, Parked, Sales, Stock, Waiting};
use super::*;
use crate::ledger::{Answered, OrderKey, Paid, Wanted};

const TICKET: u128 = 1;
const BUYER: u128 = 2;
const BOUGHT: u128 = 3;
const GIVEN_BACK: u128 = 4;
const PAYMENT: u128 = 5;
const REFUND: u128 = 6;
const LETTER: u128 = 7;

fn id(number: u128) -> Uuid {
    uuid(number).into()
}

const fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

fn order(number: u128, status: OrderStatus, payment: Option<u128>) -> Order {
    Order {
        id: id(number),
        buyer: id(BUYER),
        ticket: id(TICKET),
        price: Money { amount: 100 },
        quantity: 2,
        status,
        payment: payment.map(id),
        key: Some(format!("key-{number}")),
        version: 2,
    }
}

fn payable(number: u128, status: PayableStatus) -> Payable {
    Payable { id: id(number), status, order_version: 2, total: Money { amount: 200 } }
}

fn payment(number: u128, order: u128, status: PaymentStatus) -> Payment {
    let total = Money { amount: 200 };
    Payment { id: id(number), order: id(order), buyer: id(BUYER), total, status, key: Some(format!("pay-{number}")) }
}

fn attempt(number: u128, refunded: bool) -> Attempt {
    Attempt { id: id(number), reference: Some("ch".to_owned()), total: Some(Money { amount: 200 }), refunded }
}

fn letter(reason: &str) -> Letter {
    Letter { id: id(LETTER), reason: reason.to_owned(), order: Some(id(BOUGHT)), status: LetterStatus::Sent }
}

/// One order was bought, another was paid and cancelled at once.
fn books() -> Books {
    let sales = Sales { held: 0, sold: 2, version: 4 };
    Books {
        stocks: vec![Stock { id: id(TICKET), quantity: 3, ticket_version: 1, sales }],
        orders: vec![
            order(BOUGHT, OrderStatus::Completed, Some(PAYMENT)),
            order(GIVEN_BACK, OrderStatus::CancelledByBuyer, None),
        ],
        listings: vec![Listing { id: id(TICKET), version: 1, sales, called_off: false }],
        payables: vec![payable(BOUGHT, PayableStatus::Completed), payable(GIVEN_BACK, PayableStatus::Cancelled)],
        payments: vec![
            payment(PAYMENT, BOUGHT, PaymentStatus::Captured),
            payment(REFUND, GIVEN_BACK, PaymentStatus::Refunded),
        ],
        attempts: vec![attempt(PAYMENT, false), attempt(REFUND, true)],
        letters: vec![letter("order_completed")],
        arrived: [(uuid(LETTER), 1)].into(),
        waiting: vec![Waiting { service: "orders", unpublished: 0, parked: Vec::new() }],
    }
}

fn ledger() -> Ledger {
    let wanted = Wanted { buyer: uuid(BUYER), ticket: uuid(TICKET), quantity: 2 };
    let key = |number| {
        let answered = Answered::Placed(uuid(number));
        (format!("key-{number}"), OrderKey { wanted, answered })
    };
    Ledger {
        tickets: [(uuid(TICKET), uuid(9))].into(),
        order_keys: [key(BOUGHT), key(GIVEN_BACK)].into(),
        orders: [(uuid(BOUGHT), wanted), (uuid(GIVEN_BACK), wanted)].into(),
        cancelled: [uuid(GIVEN_BACK)].into(),
        payments: [
            (uuid(PAYMENT), Paid { order: uuid(BOUGHT), taken: true }),
            (uuid(REFUND), Paid { order: uuid(GIVEN_BACK), taken: true }),
        ]
        .into(),
        ..Ledger::default()
    }
}

/// Whatever was there before is of no interest.
fn put<T>(_before: T) {}

/// The rules that are broken once something was done to books that are right.
fn broken(harm: impl FnOnce(&mut Books, &mut Ledger)) -> Vec<&'static str> {
    let (mut books, mut ledger) = (books(), ledger());
    harm(&mut books, &mut ledger);
    let mut rules: Vec<_> = judge(&books, &ledger).iter().map(|violation| violation.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn books_that_are_right_pass() {
    assert_eq!(broken(|_, _| {}), [""; 0]);
}

#[test]
fn a_stock_counts_the_places_of_its_orders() {
    let both = |books: &mut Books, sales: Sales| {
        books.stocks[0].sales = sales;
        books.listings[0].sales = sales;
    };

    assert_eq!(broken(|books, _| both(books, Sales { held: 1, sold: 2, version: 4 })), ["miscounted"]);
    assert_eq!(broken(|books, _| both(books, Sales { held: 0, sold: 4, version: 4 })), ["miscounted", "sold-twice"]);
    assert_eq!(broken(|books, _| books.stocks[0].quantity = 1), ["sold-twice"]);
    let lost = broken(|books, _| books.stocks.clear());
    assert_eq!(lost, ["orders-without-stock", "listing-and-stock", "acknowledged-ticket"]);
}

#[test]
fn a_replica_is_what_its_source_is() {
    assert_eq!(broken(|books, _| books.listings[0].sales.version = 3), ["listing-and-stock"]);
    assert_eq!(broken(|books, _| books.listings[0].version = 2), ["listing-and-stock"]);
    assert_eq!(broken(|books, _| books.payables[1].order_version = 1), ["payable-and-order"]);
    assert_eq!(broken(|books, _| books.payables[0].status = PayableStatus::Open), ["payable-and-order"]);
    assert_eq!(broken(|books, _| books.payables.push(payable(77, PayableStatus::Open))), ["payable-and-order"]);
}

#[test]
fn money_and_orders_match() {
    let refused = broken(|books, _| books.payments[0].status = PaymentStatus::Failed);
    assert_eq!(refused, ["completed-and-not-paid", "gateway-and-payment", "acknowledged-payment"]);
    let kept = broken(|books, _| books.payments[1].status = PaymentStatus::Captured);
    assert_eq!(kept, ["paid-and-nothing-got", "gateway-and-payment", "acknowledged-payment"]);
    let never_refunded = broken(|books, _| books.attempts[1].refunded = false);
    assert_eq!(never_refunded, ["gateway-and-payment", "unbalanced"]);
    let charged_for_nothing = broken(|books, _| books.attempts.push(attempt(77, false)));
    assert_eq!(charged_for_nothing, ["gateway-and-payment", "unbalanced"]);
}

#[test]
fn everything_comes_to_its_end() {
    let pending = broken(|books, _| books.payments.push(payment(77, GIVEN_BACK, PaymentStatus::Pending)));
    assert_eq!(pending, ["unsettled"]);
    assert_eq!(broken(|books, _| books.waiting[0].unpublished = 1), ["unpublished"]);
    let parked = || Parked { id: id(1), consumer: "tickets".into(), key: "k".into(), reason: "no".into() };
    assert_eq!(broken(|books, _| books.waiting[0].parked.push(parked())), ["parked"]);
    let open = broken(|books, ledger| {
        books.orders[1].status = OrderStatus::AwaitingPayment;
        books.payables[1].status = PayableStatus::Open;
        books.stocks[0].sales.held = 2;
        books.stocks[0].quantity = 4;
        books.listings[0].sales.held = 2;
        ledger.cancelled.clear();
    });
    assert_eq!(open, ["overdue"]);
}

#[test]
fn a_key_makes_one_order_and_one_payment() {
    let same_key = broken(|books, ledger| {
        books.orders[1].key = Some(format!("key-{BOUGHT}"));
        ledger.order_keys.clear();
    });
    assert_eq!(same_key, ["two-of-a-key", "order-of-nobody"]);
    assert_eq!(broken(|books, _| books.payments[1].key = Some(format!("pay-{PAYMENT}"))), ["two-of-a-key"]);
}

#[test]
fn what_was_acknowledged_is_so() {
    let wanted = Wanted { buyer: uuid(BUYER), ticket: uuid(TICKET), quantity: 2 };
    assert_eq!(broken(|_, ledger| put(ledger.orders.insert(uuid(77), wanted))), ["acknowledged-order"]);
    assert_eq!(broken(|_, ledger| put(ledger.cancelled.insert(uuid(BOUGHT)))), ["acknowledged-cancellation"]);
    let lost = Paid { order: uuid(BOUGHT), taken: true };
    assert_eq!(broken(|_, ledger| put(ledger.payments.insert(uuid(77), lost))), ["acknowledged-payment"]);
    assert_eq!(broken(|_, ledger| put(ledger.tickets.insert(uuid(77), uuid(9)))), ["acknowledged-ticket"]);
}

#[test]
fn a_refused_key_made_no_order_unless_it_is_in_doubt() {
    let refused = |unsure| {
        broken(move |_, ledger| {
            ledger.orders.remove(&uuid(BOUGHT));
            let key = ledger.order_keys.get_mut(&format!("key-{BOUGHT}")).unwrap();
            key.answered = Answered::Refused { code: "sold_out".to_owned(), unsure };
        })
    };

    assert_eq!(refused(false), ["key-and-order"]);
    assert_eq!(refused(true), [""; 0]);
}

#[test]
fn a_payment_without_an_answer_of_the_gateway_may_come_to_nothing() {
    let failed = |taken| {
        broken(move |books, ledger| {
            books.payments.push(payment(77, GIVEN_BACK, PaymentStatus::Failed));
            books.attempts.push(Attempt { reference: None, total: None, ..attempt(77, false) });
            ledger.payments.insert(uuid(77), Paid { order: uuid(GIVEN_BACK), taken });
        })
    };

    assert_eq!(failed(false), [""; 0]);
    assert_eq!(failed(true), ["acknowledged-payment"]);
}

/// The bought order is refunded, with all that belongs to it.
fn refund(books: &mut Books, status: OrderStatus) {
    books.orders[0].status = status;
    books.payables[0].status = PayableStatus::Cancelled;
    books.payments[0].status = PaymentStatus::Refunded;
    books.attempts[0].refunded = true;
    books.letters = vec![letter("order_refunded")];
    books.stocks[0].sales.sold = 0;
    books.listings[0].sales.sold = 0;
}

#[test]
fn a_refunded_order_has_its_money_back_and_somebody_asked_for_it() {
    let refunded = |harm: fn(&mut Books, &mut Ledger)| {
        broken(move |books, ledger| {
            refund(books, OrderStatus::RefundedBySeller);
            ledger.refunds.asked.insert(uuid(BOUGHT));
            harm(books, ledger);
        })
    };

    assert_eq!(refunded(|_, ledger| put(ledger.refunds.done.insert(uuid(BOUGHT)))), [""; 0]);
    assert_eq!(refunded(|_, ledger| ledger.refunds.asked.clear()), ["ended-by-nobody"]);
    let kept = refunded(|books, _| books.payments[0].status = PaymentStatus::RefundDue);
    assert_eq!(kept, ["refunded-and-not-paid-back", "unsettled", "acknowledged-payment"]);
    assert_eq!(broken(|_, ledger| put(ledger.refunds.done.insert(uuid(BOUGHT)))), ["acknowledged-refund"]);
}

#[test]
fn an_event_that_was_called_off_keeps_no_order() {
    let called_off = |asked: bool| {
        broken(move |books, ledger| {
            refund(books, OrderStatus::RefundedByCallOff);
            books.listings[0].called_off = true;
            ledger.call_offs.asked.extend(asked.then_some(uuid(TICKET)));
            ledger.call_offs.done.extend(asked.then_some(uuid(TICKET)));
        })
    };

    assert_eq!(called_off(true), [""; 0]);
    assert_eq!(called_off(false), ["called-off-by-nobody"]);
    let kept = broken(|books, ledger| {
        books.listings[0].called_off = true;
        ledger.call_offs.asked.insert(uuid(TICKET));
    });
    assert_eq!(kept, ["called-off-and-kept"]);
    assert_eq!(broken(|_, ledger| put(ledger.call_offs.done.insert(uuid(TICKET)))), ["acknowledged-call-off"]);
}

#[test]
fn who_paid_is_told_and_what_was_sent_arrived() {
    assert_eq!(broken(|books, _| books.letters[0].reason = "places_sold".to_owned()), ["untold"]);
    assert_eq!(broken(|books, _| books.letters[0].status = LetterStatus::Waiting), ["letter-and-mail"]);
    assert_eq!(broken(|books, _| books.arrived.clear()), ["letter-and-mail"]);
    assert_eq!(broken(|books, _| put(books.arrived.insert(uuid(LETTER), 9))), ["letter-and-mail"]);
    assert_eq!(broken(|books, _| put(books.arrived.insert(uuid(77), 1))), ["mail-of-nobody"]);
    for (status, arrived) in
        [(LetterStatus::Sending, false), (LetterStatus::Sending, true), (LetterStatus::NothingToSay, true)]
    {
        let perhaps = broken(move |books, _| {
            books.letters[0].status = status;
            books.arrived.retain(|_, _| arrived);
        });
        assert_eq!(perhaps, [""; 0], "{status:?}");
    }
}
