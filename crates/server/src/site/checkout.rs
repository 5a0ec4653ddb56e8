//! `/orders/{id}`: paying an order or cancelling it, and what became of it.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use ticketing_core::domain::ids::OrderId;
use ticketing_web::{CheckoutPage, Done, Form, OrderPage, OrderStatus, PaymentValues, checkout_page, order_page};

use crate::http::extract::Named;

use super::draft::Draft;
use super::form::{Fields, NoFields, SentBy};
use super::onward::Onward;
use super::refusal::{Reason, Refusal};
use super::ticket::new_key;
use super::view::Order;
use super::visit::{Member, Visit, parsed};

/// How long a page waits for orders to hear of a payment.
const NEWS_WAIT: Duration = Duration::from_secs(1);
const NEWS_POLL: Duration = Duration::from_millis(20);

pub(super) async fn order(Named(id): Named<OrderId>, Member { visit, .. }: Member) -> Result<Html<String>, Refusal> {
    let order = match visit.done() {
        Some(Done::OrderPaid | Done::OrderPaidBefore) => settled(&visit, id).await?,
        _ => load(&visit, id).await?,
    };
    let paying = matches!(visit.done(), Some(Done::OrderPaid | Done::OrderPaidBefore | Done::PaymentPending));
    let (visit, draft) = visit.with_draft().await;
    Ok(Html(match order.status() {
        OrderStatus::AwaitingPayment if !paying => checkout(&visit, order, &draft),
        status => closed(&visit, order, (status, &draft)),
    }))
}

/// An order that needs nothing more; what was refused is told if that is why.
fn closed(visit: &Visit, order: Order, (status, draft): (OrderStatus, &Draft)) -> String {
    let mut shell = visit.shell();
    let told = draft.reason.as_ref().filter(|reason| reason.is_about_the_order());
    shell.flash = shell.flash.or_else(|| told.map(Reason::flash));
    order_page(OrderPage { shell, status, order: order.into() })
}

fn address(id: OrderId) -> String {
    format!("/api/orders/{id}")
}

async fn load(visit: &Visit, id: OrderId) -> Result<Order, Refusal> {
    visit.read(&address(id)).await
}

/// A paid order, once orders has heard so; as it is if that takes long.
async fn settled(visit: &Visit, id: OrderId) -> Result<Order, Refusal> {
    let heard = timeout(NEWS_WAIT, async {
        loop {
            let order = load(visit, id).await?;
            if order.status() != OrderStatus::AwaitingPayment {
                return Ok(order);
            }
            sleep(NEWS_POLL).await;
        }
    });
    match heard.await {
        Ok(order) => order,
        Err(_) => load(visit, id).await,
    }
}

fn checkout(visit: &Visit, order: Order, draft: &Draft) -> String {
    let (pay_by, now) = (order.pay_by.clone().unwrap_or_default(), visit.app.env.now().to_string());
    // A card that was tried is not kept, so its payment is another one; an order is paid once all the same.
    let (payment, idempotency_key) = (draft.onto(Form::new(PaymentValues::default())), new_key(&visit.app));
    checkout_page(CheckoutPage { shell: visit.shell(), order: order.into(), pay_by, now, payment, idempotency_key })
}

/// The payment form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentForm {
    token: String,
    idempotency_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayOrder<'a> {
    order_id: String,
    token: &'a str,
}

#[derive(Deserialize)]
struct Payment {
    status: PaymentState,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum PaymentState {
    Pending,
    Captured,
    RefundDue,
    Refunded,
    Failed,
}

impl From<PaymentState> for Done {
    fn from(state: PaymentState) -> Self {
        match state {
            PaymentState::Captured => Self::OrderPaid,
            PaymentState::RefundDue | PaymentState::Refunded => Self::PaymentRefunded,
            // One that failed is refused by the API; all that is sure here is that no money came.
            PaymentState::Pending | PaymentState::Failed => Self::PaymentPending,
        }
    }
}

impl Fields for PaymentForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn pay(Named(id): Named<OrderId>, sent: SentBy<PaymentForm>) -> Result<Response, Refusal> {
    let SentBy { member: Member { visit, .. }, form, typed } = sent;
    let command = PayOrder { order_id: id.to_string(), token: &form.token };
    let here = format!("/orders/{id}");
    match visit.with_key(&form.idempotency_key)?.post("/api/payments", &command).await {
        Ok(answer) => Ok(Onward::to(here).telling(parsed::<Payment>(&answer)?.status.into()).into_response()),
        Err(refusal) if refusal.is("already_paid") => {
            Ok(Onward::to(here).telling(Done::OrderPaidBefore).into_response())
        }
        Err(refusal) => visit.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn cancel(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { member: Member { visit, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match visit.delete(&address(id)).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::OrderCancelled).into_response()),
        Err(refusal) => visit.ask_again(&here, typed, refusal).await,
    }
}
