//! `/orders/{id}/pay`, `/give-up`, `/cancel` and `/give-back`: paying an order, cancelling it, and giving it back.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::paths;
use ticketing_api::payments::{BuyerActionBody, PayOrderBody, PaymentBody, PaymentList, PaymentStatusBody};
use ticketing_core::domain::ids::OrderId;
use ticketing_web::{AskPage, Done, OrderStatus, Question, ask_page};

use crate::http::extract::Named;

use super::checkout::{load, new_event};
use super::context::{ActorContext, PageContext, answered};
use super::form::{Fields, NoFields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::{order_status, order_summary};

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
        PaymentStatusBody::Refunding | PaymentStatusBody::Refunded => Some(Done::PaymentRefunded),
        PaymentStatusBody::Pending if payment.action.is_some() => None,
        // One that failed is refused by the API; all that is sure here is that no money came.
        PaymentStatusBody::Pending | PaymentStatusBody::Declined => Some(Done::PaymentPending),
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
            let stands = payments.items.iter().find(|payment| payment.status != PaymentStatusBody::Declined);
            Ok(onward(here, stands.and_then(outcome)).into_response())
        }
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn ask_to_cancel(
    Named(id): Named<OrderId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    let order = load(&context, id).await?;
    if order_status(&order) != OrderStatus::AwaitingPayment {
        return Ok(Onward::to(format!("/orders/{id}")).into_response());
    }
    let question = Question::CancelOrder(Box::new(order_summary(&order)));
    Ok(Html(ask_page(AskPage { shell: context.shell(), question })).into_response())
}

pub(super) async fn cancel(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match context.delete(&paths::order(id)).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::OrderCancelled).into_response()),
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

pub(super) async fn ask_to_give_back(
    Named(id): Named<OrderId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    let order = load(&context, id).await?;
    let may_give_back = new_event(&context, &order).await.is_some_and(|event| event.may_give_back);
    if !may_give_back {
        return Ok(Onward::to(format!("/orders/{id}")).into_response());
    }
    let question = Question::GiveBack(Box::new(order_summary(&order)));
    Ok(Html(ask_page(AskPage { shell: context.shell(), question })).into_response())
}

pub(super) async fn give_back(Named(id): Named<OrderId>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    match context.post(&paths::give_back(id), &()).await {
        Ok(_) => Ok(Onward::to(here).telling(Done::OrderGivenBack).into_response()),
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}
