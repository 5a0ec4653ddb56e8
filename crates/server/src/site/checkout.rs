//! `/orders` and `/orders/{id}`: what a buyer ordered; paying an order or cancelling it, and what became of it.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use ticketing_api::orders::{OrderBody, OrderPage as OrderList, OrderedTicketBody};
use ticketing_api::paths;
use ticketing_api::payments::{BuyerActionBody, PayOrderBody, PaymentBody, PaymentList, PaymentStatusBody};
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::ids::OrderId;
use ticketing_web::{
    BuyerStep, CheckoutPage, Done, Form, NewEvent, OrderPage, OrderStatus, OrdersPage, PaymentValues, checkout_page,
    order_page, orders_page,
};

use crate::config::Gateway;
use crate::http::extract::{Lenient, Named};

use super::confirm;
use super::context::{ActorContext, PageContext, answered};
use super::draft::Draft;
use super::form::{Fields, NoFields, SentBy};
use super::onward::Onward;
use super::refusal::{Reason, Refusal};
use super::ticket::new_key;
use super::view::{self, Place, event_time, order_row, order_status, order_summary, place, time};

/// How long a page waits for orders to hear of a payment.
const NEWS_WAIT: Duration = Duration::from_secs(1);
const NEWS_POLL: Duration = Duration::from_millis(20);

pub(super) async fn orders(
    ActorContext { context, .. }: ActorContext,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: OrderList = context.read(&place.of_list(paths::ORDERS)).await?;
    Ok(Html(orders_page(OrdersPage {
        shell: context.shell(),
        orders: found.items.iter().map(order_row).collect(),
        next_cursor: found.next_cursor,
    })))
}

pub(super) async fn order(
    Named(id): Named<OrderId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Html<String>, Refusal> {
    let order = match context.done() {
        Some(Done::OrderPaid | Done::OrderPaidBefore) => settled(&context, id).await?,
        _ => load(&context, id).await?,
    };
    let paying = matches!(context.done(), Some(Done::OrderPaid | Done::OrderPaidBefore | Done::PaymentPending));
    let (context, draft) = context.with_draft().await;
    Ok(Html(match (order_status(&order), buyer_step(&context, &order).await) {
        (OrderStatus::AwaitingPayment, step @ Some(_)) => checkout(&context, &order, &draft, step),
        (OrderStatus::AwaitingPayment, None) if !paying => checkout(&context, &order, &draft, None),
        (status, _) => {
            let event = new_event(&context, &order).await;
            closed(&context, &order, status, event, &draft)
        }
    }))
}

/// What a paid event is now, if that is not what was ordered. If tickets does not respond, nothing is said of it.
async fn new_event(context: &PageContext, order: &OrderBody) -> Option<NewEvent> {
    if order_status(order) != OrderStatus::Completed {
        return None;
    }
    let TicketBody { title, venue, city, starts_at, time_zone, section, row, seats, together, status, .. } =
        context.read(&paths::ticket(order.ticket.id)).await.ok()?;
    let now = OrderedTicketBody {
        id: order.ticket.id,
        attributes: order.ticket.attributes.clone(),
        title,
        venue,
        city,
        starts_at,
        time_zone,
        section,
        row,
        seats,
        together,
    };
    let has_begun = now.starts_at.is_some_and(|at| at <= context.app.env.now());
    (now != order.ticket).then(|| NewEvent {
        title: now.title.to_string(),
        starts_at: event_time(now.starts_at, now.time_zone.as_deref()),
        place: place(now.venue.as_deref(), now.city.as_deref()),
        seats: view::seats(now.section.as_deref(), now.row.as_deref(), now.seats.as_deref(), now.together),
        may_give_back: !has_begun && status != TicketStatusBody::CalledOff,
    })
}

/// What the buyer must do before a payment of the order goes on.
///
/// If payments does not respond, or has yet to hear of the order, paying it will say so.
async fn buyer_step(context: &PageContext, order: &OrderBody) -> Option<BuyerStep> {
    if order_status(order) != OrderStatus::AwaitingPayment {
        return None;
    }
    let payments: PaymentList = context.read(&paths::payments_of(order.id)).await.ok()?;
    payments.items.into_iter().find_map(|payment| payment.action).map(|action| match action {
        BuyerActionBody::Redirect { .. } if context.app.gateway == Some(Gateway::Sandbox) => {
            BuyerStep::Open(context.base.at(&confirm::address(order.id)))
        }
        BuyerActionBody::Redirect { url } => BuyerStep::Open(url),
        BuyerActionBody::Confirm { .. } => BuyerStep::Elsewhere,
    })
}

/// An order that needs nothing more; what was refused is told if that is why.
fn closed(
    context: &PageContext,
    order: &OrderBody,
    status: OrderStatus,
    new_event: Option<NewEvent>,
    draft: &Draft,
) -> String {
    let mut shell = context.shell();
    let told = draft.reason.as_ref().filter(|reason| reason.is_about_the_order());
    shell.flash = shell.flash.or_else(|| told.map(Reason::flash));
    order_page(OrderPage { shell, status, new_event, order: order_summary(order) })
}

async fn load(context: &PageContext, id: OrderId) -> Result<OrderBody, Refusal> {
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

fn checkout(context: &PageContext, order: &OrderBody, draft: &Draft, step: Option<BuyerStep>) -> String {
    let (pay_by, now) = (time(order.pay_by).unwrap_or_default(), context.app.env.now().to_string());
    // A card that was tried is not kept, so its payment is another one; an order is paid once all the same.
    let (payment, idempotency_key) = (draft.onto(Form::new(PaymentValues::default())), new_key(&context.app));
    checkout_page(CheckoutPage {
        shell: context.shell(),
        order: order_summary(order),
        pay_by,
        now,
        hosted: context.app.gateway.is_some_and(|gateway| gateway.pages().is_some()),
        step,
        payment,
        idempotency_key,
    })
}

/// The payment form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentForm {
    token: String,
    idempotency_key: String,
}

/// What the page of the order tells of its payment; nothing where it shows what the buyer must do.
const fn outcome(payment: &PaymentBody) -> Option<Done> {
    match payment.status {
        PaymentStatusBody::Captured => Some(Done::OrderPaid),
        PaymentStatusBody::RefundDue | PaymentStatusBody::Refunded => Some(Done::PaymentRefunded),
        PaymentStatusBody::Pending if payment.action.is_some() => None,
        // One that failed is refused by the API; all that is sure here is that no money came.
        PaymentStatusBody::Pending | PaymentStatusBody::Failed => Some(Done::PaymentPending),
    }
}

/// The page of the gateway where the buyer pays, if the content security policy allows the redirect; otherwise the page of
/// the order has a link.
fn gateways_page<'a>(context: &PageContext, payment: &'a PaymentBody) -> Option<&'a str> {
    let pages = context.app.gateway?.pages()?;
    match payment.action.as_ref()? {
        BuyerActionBody::Redirect { url } => Some(url.as_str()).filter(|url| url.starts_with(pages)),
        BuyerActionBody::Confirm { .. } => None,
    }
}

fn onward(here: String, done: Option<Done>) -> Onward {
    let onward = Onward::to(here);
    match done {
        Some(done) => onward.telling(done),
        None => onward,
    }
}

impl Fields for PaymentForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn pay(Named(id): Named<OrderId>, sent: SentBy<PaymentForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    let command = PayOrderBody { order_id: id.uuid(), token: form.token.clone() };
    let here = format!("/orders/{id}");
    match context.with_key(&form.idempotency_key)?.post(paths::PAYMENTS, &command).await {
        Ok(answer) => {
            let payment: PaymentBody = answered(answer)?;
            Ok(match gateways_page(&context, &payment) {
                Some(page) => Onward::to(page).into_response(),
                None => onward(here, outcome(&payment)).into_response(),
            })
        }
        Err(refusal) if refusal.is("already_paid") => {
            Ok(Onward::to(here).telling(Done::OrderPaidBefore).into_response())
        }
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn give_up(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match context.delete(&paths::payments_of(id)).await {
        Ok(answer) => {
            let payments: PaymentList = answered(answer)?;
            // The form to pay with another card says enough.
            let stands = payments.items.iter().find(|payment| payment.status != PaymentStatusBody::Failed);
            Ok(onward(here, stands.and_then(outcome)).into_response())
        }
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn give_back(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match context.post(&paths::give_back(id), &()).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::OrderGivenBack).into_response()),
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn cancel(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match context.delete(&paths::order(id)).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::OrderCancelled).into_response()),
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}
