//! `/orders` and `/orders/{id}`: what a buyer ordered, how it is paid, and what became of it.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use http::header::{REFRESH, SET_COOKIE};
use tokio::time::{sleep, timeout};

use ticketing_api::admissions::PassList;
use ticketing_api::orders::{OrderBody, OrderPage as OrderList, OrderStatusBody};
use ticketing_api::paths;
use ticketing_api::payments::{BuyerActionBody, PaymentBody, PaymentList, PaymentStatusBody};
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::ids::OrderId;
use ticketing_web::{
    BuyerStep, CheckoutPage, Done, Form, NewEvent, OrderPage, OrderStatus, OrdersPage, PassState, PassView,
    PaymentValues, Refund, checkout_page, order_page, orders_page,
};

use crate::config::Gateway;
use crate::http::extract::{Lenient, Named};

use super::confirm;
use super::context::{ActorContext, PageContext};
use super::draft::{Draft, new_key};
use super::refusal::{Reason, Refusal};
use super::view::{self, Place, event_time, money, order_row, order_status, order_summary, pass, place, time};

/// How long a page waits for orders to hear of a payment.
const NEWS_WAIT: Duration = Duration::from_secs(1);
const NEWS_POLL: Duration = Duration::from_millis(20);

/// When a page looks again what became of an order.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

pub(super) async fn orders(
    ActorContext { context, .. }: ActorContext,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: OrderList = context.read(&place.of_list(paths::ORDERS)).await?;
    Ok(Html(orders_page(OrdersPage {
        shell: context.shell(),
        orders: found.items.iter().map(order_row).collect(),
        paging: place.paging(found.next_cursor),
    })))
}

pub(super) async fn order(
    Named(id): Named<OrderId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    let is_paid = matches!(context.done(), Some(Done::OrderPaid | Done::OrderPaidBefore));
    let order = if is_paid { settled(&context, id).await? } else { load(&context, id).await? };
    let (context, draft) = context.with_draft().await;
    let status = order_status(&order);
    let payment = if status == OrderStatus::Completed { None } else { payment_of(&context, id).await };
    if status != OrderStatus::AwaitingPayment {
        let about = Closed {
            new_event: new_event(&context, &order).await,
            passes: passes(&context, &order).await,
            refund: refund(payment.as_ref()),
        };
        let is_awaited = about.passes.is_empty() && status == OrderStatus::Completed && !are_late(&context, &order);
        let again = is_awaited.then(|| [(REFRESH, LOOK_AGAIN.as_secs().to_string())]);
        return Ok((again, Html(closed(&context, &order, about, &draft))).into_response());
    }
    let step = payment.iter().flatten().find_map(|payment| payment.action.clone());
    let is_told = is_paid || context.done() == Some(Done::PaymentPending);
    let is_under_way = is_told || payment.iter().flatten().any(is_under_way);
    let (html, again) = match step.map(|action| buyer_step(&context, id, action)) {
        None if is_under_way => (closed(&context, &order, Closed::default(), &draft), LOOK_AGAIN),
        step => {
            let new_event = new_event(&context, &order).await;
            (checkout(&context, &order, &draft, Due { step, new_event }), left_to_pay(&context, &order) + LOOK_AGAIN)
        }
    };
    let flag = context.held.flag(&order, context.app.env.now(), context.is_https());
    let mut response = ([(REFRESH, again.as_secs().to_string())], Html(html)).into_response();
    response.headers_mut().extend(flag.map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// The payment of an order.
///
/// `None` if payments does not respond, or has yet to hear of the order: then paying it will say so.
async fn payment_of(context: &PageContext, id: OrderId) -> Option<Vec<PaymentBody>> {
    let payments: PaymentList = context.read(&paths::payments_of(id)).await.ok()?;
    Some(payments.items)
}

/// Whether a payment needs nothing more of its buyer, and the order has yet to hear how it ended.
const fn is_under_way(payment: &PaymentBody) -> bool {
    match payment.status {
        PaymentStatusBody::Pending => payment.action.is_none(),
        PaymentStatusBody::Captured => true,
        PaymentStatusBody::Refunding | PaymentStatusBody::Refunded | PaymentStatusBody::Declined => false,
    }
}

/// How long the places of an order are still held.
fn left_to_pay(context: &PageContext, order: &OrderBody) -> Duration {
    order.pay_by.map_or(Duration::ZERO, |pay_by| pay_by.since(context.app.env.now()))
}

/// What the event of an order is now, if that is not what was ordered: who paid may give it back, and who is about to pay
/// should know. If tickets does not respond, nothing is said of it.
pub(super) async fn new_event(context: &PageContext, order: &OrderBody) -> Option<NewEvent> {
    let is_paid = order.status == OrderStatusBody::Completed;
    if !is_paid && order.status != OrderStatusBody::AwaitingPayment {
        return None;
    }
    let now: TicketBody = context.read(&paths::ticket(order.ticket.id)).await.ok()?;
    let (ordered, event) = (order.ticket.event(), now.event());
    let has_begun = ordered.has_begun(&event, context.app.env.now());
    (!ordered.is_still(&event)).then(|| NewEvent {
        title: now.title.to_string(),
        starts_at: event_time(now.starts_at, now.time_zone.as_deref()),
        place: place(now.venue.as_deref(), now.city.as_deref()),
        seats: view::seats(now.section.as_deref(), now.row.as_deref(), now.seats.as_deref(), now.together),
        may_give_back: is_paid && !has_begun && now.status != TicketStatusBody::CalledOff,
    })
}

/// What the buyer must do before a payment of the order goes on.
fn buyer_step(context: &PageContext, id: OrderId, action: BuyerActionBody) -> BuyerStep {
    match action {
        BuyerActionBody::Redirect { .. } if context.app.gateway == Some(Gateway::Sandbox) => {
            BuyerStep::Open(context.base.at(&confirm::address(id)))
        }
        BuyerActionBody::Redirect { url } => BuyerStep::Open(url),
        BuyerActionBody::Confirm { .. } => BuyerStep::Elsewhere,
    }
}

/// What became of the money that was paid for an order that is over.
fn refund(payments: Option<&Vec<PaymentBody>>) -> Refund {
    let Some(payments) = payments else { return Refund::Unknown };
    payments.iter().fold(Refund::None, |refund, payment| match payment.status {
        PaymentStatusBody::Captured | PaymentStatusBody::Refunding => Refund::UnderWay(money(payment.amount)),
        PaymentStatusBody::Refunded => Refund::Done { amount: money(payment.amount), at: time(payment.changed_at) },
        // The bank has not answered yet: if it takes the money, the money goes back.
        PaymentStatusBody::Pending => Refund::Unknown,
        PaymentStatusBody::Declined => refund,
    })
}

/// What is shown of an order besides the order.
#[derive(Debug, Default)]
struct Closed {
    new_event: Option<NewEvent>,
    passes: Vec<PassView>,
    refund: Refund,
}

/// Passes follow a payment within moments; after a while something else is wrong, and no page waits for it.
fn are_late(context: &PageContext, order: &OrderBody) -> bool {
    const WITHIN: Duration = Duration::from_secs(60);
    order.completed_at.is_none_or(|at| context.app.env.now().since(at) >= WITHIN)
}

/// What is shown of an order that is to be paid besides the order.
struct Due {
    step: Option<BuyerStep>,
    new_event: Option<NewEvent>,
}

/// The passes of an order that is paid or was; none if they are not issued yet, or admissions does not respond.
async fn passes(context: &PageContext, order: &OrderBody) -> Vec<PassView> {
    if !matches!(order.status, OrderStatusBody::Completed | OrderStatusBody::Refunded) {
        return Vec::new();
    }
    let issued = context.read(&paths::passes_of(order.id)).await;
    issued.map(|PassList { items }| items.into_iter().map(pass).collect()).unwrap_or_default()
}

/// An order that needs nothing more; what was refused is told if that is why.
fn closed(context: &PageContext, order: &OrderBody, about: Closed, draft: &Draft) -> String {
    let Closed { mut new_event, passes, refund } = about;
    if let Some(event) = &mut new_event {
        // Who was let in gives nothing back.
        event.may_give_back &= !passes.iter().any(|pass| matches!(pass.state, PassState::Used(_)));
    }
    let mut shell = context.shell();
    let told = draft.reason.as_ref().filter(|reason| reason.is_about_the_order());
    shell.flash = shell.flash.or_else(|| told.map(Reason::flash));
    let (status, passes_are_late) = (order_status(order), are_late(context, order));
    order_page(OrderPage { shell, status, order: order_summary(order), new_event, refund, passes, passes_are_late })
}

pub(super) async fn load(context: &PageContext, id: OrderId) -> Result<OrderBody, Refusal> {
    context.read(&paths::order(id)).await
}

/// A paid order, once orders has heard so; as it is if that takes long.
async fn settled(context: &PageContext, id: OrderId) -> Result<OrderBody, Refusal> {
    let heard = timeout(NEWS_WAIT, async {
        loop {
            let order = load(context, id).await?;
            if order_status(&order) != OrderStatus::AwaitingPayment {
                return Ok(order);
            }
            sleep(NEWS_POLL).await;
        }
    });
    match heard.await {
        Ok(order) => order,
        Err(_) => load(context, id).await,
    }
}

fn checkout(context: &PageContext, order: &OrderBody, draft: &Draft, due: Due) -> String {
    let (pay_by, now) = (time(order.pay_by).unwrap_or_default(), context.app.env.now().to_string());
    // A card that was tried is not kept, so its payment is another one; an order is paid once all the same.
    let (payment, idempotency_key) = (draft.onto(Form::new(PaymentValues::default())), new_key(&context.app));
    checkout_page(CheckoutPage {
        shell: context.shell(),
        order: order_summary(order),
        new_event: due.new_event,
        pay_by,
        now,
        hosted: context.app.gateway.is_some_and(|gateway| gateway.pages().is_some()),
        step: due.step,
        payment,
        idempotency_key,
    })
}
