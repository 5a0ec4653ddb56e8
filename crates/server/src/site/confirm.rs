//! `/orders/{id}/confirm`: where the buyer of a challenged test card approves a payment or declines it.
//!
//! It stands for the page of a bank, so it plays the sandbox's part: what the buyer answers goes to the API as a notice
//! that the sandbox signed. It is served only where the sandbox takes the money.

use std::sync::Arc;

use axum::Extension;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use serde_json::value::RawValue;

use ticketing_api::orders::OrderBody;
use ticketing_api::paths;
use ticketing_api::payments::{PaymentBody, PaymentList};
use ticketing_core::domain::ids::{OrderId, PaymentId};
use ticketing_core::ports::gateway::{Sandbox, UnverifiedNotice};
use ticketing_web::{ConfirmPage, Done, confirm_page};

use crate::http::extract::Named;
use crate::http::problem::Problem;

use super::context::{ActorContext, PageContext};
use super::form::{NoFields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::order_summary;

/// The bank that a buyer's answer comes from.
pub(super) type Bank = Extension<Arc<dyn Sandbox>>;

pub(super) fn address(order: impl std::fmt::Display) -> String {
    format!("/orders/{order}/confirm")
}

pub(super) async fn confirm(
    Named(id): Named<OrderId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    if awaiting(&context, id).await?.is_none() {
        return Ok(Onward::to(format!("/orders/{id}")).into_response());
    }
    let order: OrderBody = context.read(&paths::order(id)).await?;
    Ok(Html(confirm_page(ConfirmPage { shell: context.shell(), order: order_summary(&order) })).into_response())
}

pub(super) async fn approve(id: Named<OrderId>, bank: Bank, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    answer(id, bank, sent, true).await
}

pub(super) async fn decline(id: Named<OrderId>, bank: Bank, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    answer(id, bank, sent, false).await
}

async fn answer(
    Named(id): Named<OrderId>,
    Extension(bank): Bank,
    sent: SentBy<NoFields>,
    is_approved: bool,
) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let here = format!("/orders/{id}");
    let Some(payment) = awaiting(&context, id).await? else { return Ok(Onward::to(here).into_response()) };
    let notice = bank.answer(payment, is_approved, context.app.env.now());
    match context.deliver(&notice).await {
        Ok(()) if is_approved => Ok(Onward::to(here).telling(Done::OrderPaid).into_response()),
        Ok(()) => Ok(Onward::to(here).telling(Done::PaymentDeclined).into_response()),
        Err(refusal) => context.ask_again(&here, typed, refusal).await,
    }
}

/// The payment of an order that awaits its buyer.
async fn awaiting(context: &PageContext, order: OrderId) -> Result<Option<PaymentId>, Refusal> {
    let payments: PaymentList = context.read(&paths::payments_of(order)).await?;
    let awaits = |payment: PaymentBody| payment.action.is_some().then_some(payment.id);
    Ok(payments.items.into_iter().find_map(awaits))
}

impl PageContext {
    /// Brings a notice to the API, byte for byte: it is signed.
    async fn deliver(&self, notice: &UnverifiedNotice) -> Result<(), Refusal> {
        let mut context = self.clone();
        for (name, value) in &notice.headers {
            let header = (HeaderName::try_from(name), HeaderValue::from_bytes(value));
            let (Ok(name), Ok(value)) = header else { return Err(Problem::bad_notice().into()) };
            context.api = context.api.with_header(name, value);
        }
        let body: &RawValue = serde_json::from_slice(&notice.body).map_err(Problem::broken)?;
        context.post(paths::NOTICES, &body).await.map(drop)
    }
}
