//! `/orders/{id}`: paying an order or cancelling it, and what became of it.

use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use ticketing_core::domain::ids::OrderId;
use ticketing_web::{CheckoutPage, Done, Form, OrderPage, OrderStatus, PaymentValues, checkout_page, order_page};

use crate::extract::Named;
use crate::marketplace::App;

use super::form::Sent;
use super::onward::Onward;
use super::refusal::Refusal;
use super::ticket::new_key;
use super::view::Order;
use super::visit::{Member, Visit, parsed};

/// How long a page waits for orders to hear of a payment.
const NEWS_WAIT: Duration = Duration::from_secs(1);
const NEWS_POLL: Duration = Duration::from_millis(20);

pub(super) async fn order(
    State(app): State<App>,
    Named(id): Named<OrderId>,
    Member { visit, .. }: Member,
) -> Result<Html<String>, Refusal> {
    let order = match visit.done() {
        Some(Done::OrderPaid | Done::OrderPaidBefore) => settled(&visit, id).await?,
        _ => load(&visit, id).await?,
    };
    let paying = matches!(visit.done(), Some(Done::OrderPaid | Done::OrderPaidBefore | Done::PaymentPending));
    Ok(Html(match order.status() {
        OrderStatus::AwaitingPayment if !paying => checkout(&visit, order, Form::default(), (&app, new_key(&app))),
        status => order_page(OrderPage { shell: visit.shell(), status, order: order.into() }),
    }))
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

fn checkout(
    visit: &Visit,
    order: Order,
    payment: Form<PaymentValues>,
    (app, idempotency_key): (&App, String),
) -> String {
    let (pay_by, now) = (order.pay_by.clone().unwrap_or_default(), app.world.now().to_string());
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

pub(super) async fn pay(
    State(app): State<App>,
    Named(id): Named<OrderId>,
    Member { visit, .. }: Member,
    Sent(form): Sent<PaymentForm>,
) -> Result<Response, Refusal> {
    let command = PayOrder { order_id: id.to_string(), token: &form.token };
    let here = Onward::to(format!("/orders/{id}"));
    match visit.with_key(&form.idempotency_key)?.post("/api/payments", &command).await {
        Ok(answer) => Ok(here.telling(parsed::<Payment>(&answer)?.status.into()).into_response()),
        Err(refusal) if refusal.is("already_paid") => Ok(here.telling(Done::OrderPaidBefore).into_response()),
        Err(refusal) => {
            // What may have been carried out is asked for again under its own key.
            let idempotency_key = if refusal.is_passing() { form.idempotency_key } else { new_key(&app) };
            refused(&visit, &app, id, (PaymentForm { idempotency_key, ..form }, refusal)).await
        }
    }
}

pub(super) async fn cancel(
    State(app): State<App>,
    Named(id): Named<OrderId>,
    Member { visit, .. }: Member,
) -> Result<Response, Refusal> {
    match visit.delete(&address(id)).await {
        Ok(_) => Ok(Onward::to(format!("/orders/{id}")).telling(Done::OrderCancelled).into_response()),
        Err(refusal) => {
            let form = PaymentForm { idempotency_key: new_key(&app), ..PaymentForm::default() };
            refused(&visit, &app, id, (form, refusal)).await
        }
    }
}

/// The order as it is, with what was refused.
async fn refused(
    visit: &Visit,
    app: &App,
    id: OrderId,
    (form, refusal): (PaymentForm, Refusal),
) -> Result<Response, Refusal> {
    if !refusal.suits_a_form() {
        return Err(refusal);
    }
    let order = load(visit, id).await?;
    let status = order.status();
    if status == OrderStatus::AwaitingPayment {
        let payment = refusal.onto(Form::new(PaymentValues { token: form.token }));
        return Ok(refusal.page(checkout(visit, order, payment, (app, form.idempotency_key))));
    }
    let mut shell = visit.shell();
    shell.flash = Some(refusal.flash());
    Ok(refusal.page(order_page(OrderPage { shell, status, order: order.into() })))
}
