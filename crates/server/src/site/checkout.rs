//! `/orders/{id}`: paying an order or cancelling it, and what became of it.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use ticketing_api::orders::OrderBody;
use ticketing_api::paths;
use ticketing_api::payments::{PayOrderBody, PaymentBody, PaymentStatusBody};
use ticketing_core::domain::ids::OrderId;
use ticketing_web::{CheckoutPage, Done, Form, OrderPage, OrderStatus, PaymentValues, checkout_page, order_page};

use crate::http::extract::Named;

use super::draft::Draft;
use super::form::{Fields, NoFields, SentBy};
use super::onward::Onward;
use super::refusal::{Reason, Refusal};
use super::ticket::new_key;
use super::view::{order_status, order_summary, time};
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
    Ok(Html(match order_status(&order) {
        OrderStatus::AwaitingPayment if !paying => checkout(&visit, &order, &draft),
        status => closed(&visit, &order, (status, &draft)),
    }))
}

/// An order that needs nothing more; what was refused is told if that is why.
fn closed(visit: &Visit, order: &OrderBody, (status, draft): (OrderStatus, &Draft)) -> String {
    let mut shell = visit.shell();
    let told = draft.reason.as_ref().filter(|reason| reason.is_about_the_order());
    shell.flash = shell.flash.or_else(|| told.map(Reason::flash));
    order_page(OrderPage { shell, status, order: order_summary(order) })
}

async fn load(visit: &Visit, id: OrderId) -> Result<OrderBody, Refusal> {
    visit.read(&paths::order(id)).await
}

/// A paid order, once orders has heard so; as it is if that takes long.
async fn settled(visit: &Visit, id: OrderId) -> Result<OrderBody, Refusal> {
    let heard = timeout(NEWS_WAIT, async {
        loop {
            let order = load(visit, id).await?;
            if order_status(&order) != OrderStatus::AwaitingPayment {
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

fn checkout(visit: &Visit, order: &OrderBody, draft: &Draft) -> String {
    let (pay_by, now) = (time(order.pay_by).unwrap_or_default(), visit.app.env.now().to_string());
    // A card that was tried is not kept, so its payment is another one; an order is paid once all the same.
    let (payment, idempotency_key) = (draft.onto(Form::new(PaymentValues::default())), new_key(&visit.app));
    checkout_page(CheckoutPage {
        shell: visit.shell(),
        order: order_summary(order),
        pay_by,
        now,
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

const fn outcome(status: PaymentStatusBody) -> Done {
    match status {
        PaymentStatusBody::Captured => Done::OrderPaid,
        PaymentStatusBody::RefundDue | PaymentStatusBody::Refunded => Done::PaymentRefunded,
        // One that failed is refused by the API; all that is sure here is that no money came.
        PaymentStatusBody::Pending | PaymentStatusBody::Failed => Done::PaymentPending,
    }
}

impl Fields for PaymentForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn pay(Named(id): Named<OrderId>, sent: SentBy<PaymentForm>) -> Result<Response, Refusal> {
    let SentBy { member: Member { visit, .. }, form, typed } = sent;
    let command = PayOrderBody { order_id: id.uuid(), token: form.token.clone() };
    let here = format!("/orders/{id}");
    match visit.with_key(&form.idempotency_key)?.post(paths::PAYMENTS, &command).await {
        Ok(answer) => Ok(Onward::to(here).telling(outcome(parsed::<PaymentBody>(&answer)?.status)).into_response()),
        Err(refusal) if refusal.is("already_paid") => {
            Ok(Onward::to(here).telling(Done::OrderPaidBefore).into_response())
        }
        Err(refusal) => visit.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn cancel(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { member: Member { visit, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match visit.delete(&paths::order(id)).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::OrderCancelled).into_response()),
        Err(refusal) => visit.ask_again(&here, typed, refusal).await,
    }
}
