//! `/tickets/{id}`: a ticket, and the form that orders it.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::money::MoneyBody;
use ticketing_api::orders::{OrderBody, PlaceOrderBody};
use ticketing_api::paths;
use ticketing_api::tickets::{OtherOffers, TicketBody};
use ticketing_core::domain::ids::TicketId;
use ticketing_web::{Done, Form, Money, OrderValues, OtherOffer, TicketPage, ticket_page};

use crate::http::extract::Named;
use crate::http::problem::Problem;

use super::context::{ActorContext, PageContext, answered};
use super::draft::Draft;
use super::form::{Fields, SentBy};
use super::held;
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::{event_time, money, seats, ticket_status};

pub(super) async fn ticket(Named(id): Named<TicketId>, context: PageContext) -> Result<Html<String>, Refusal> {
    let ticket = load(&context, id).await?;
    // The page is complete without them.
    let others: OtherOffers = context.read(&paths::other_offers(id)).await.unwrap_or_default();
    let (context, draft) = context.with_draft().await;
    Ok(Html(page(&context, ticket, &others, &draft)))
}

pub(super) async fn load(context: &PageContext, id: TicketId) -> Result<TicketBody, Refusal> {
    context.read(&paths::ticket(id)).await
}

fn page(context: &PageContext, ticket: TicketBody, others: &OtherOffers, draft: &Draft) -> String {
    let own = context.viewer().is_some_and(|viewer| viewer.id == ticket.seller_id.to_string());
    let price = money(ticket.price);
    let zone = ticket.time_zone.as_deref();
    let typed: OrderForm = draft.form().unwrap_or_default();
    let was = typed.price().filter(|was| *was != price);
    let facts_tag = ticket.facts_tag.unwrap_or_default();
    // A refusal says so itself.
    let is_told = draft.reason.as_ref().is_some_and(|reason| reason.is("event_changed"));
    let has_changed = !typed.facts_tag.is_empty() && typed.facts_tag != facts_tag && !is_told;
    let idempotency_key = draft.key(&context.app, Some(&typed.idempotency_key));
    let order = draft.onto(Form::new(OrderValues { quantity: typed.quantity }));
    ticket_page(TicketPage {
        shell: context.shell(),
        id: ticket.id.to_string(),
        version: ticket.version,
        title: ticket.title.to_string(),
        seller_name: ticket.seller_name.map(|name| name.to_string()),
        starts_at: event_time(ticket.starts_at, zone),
        seats: seats(ticket.section.as_deref(), ticket.row.as_deref(), ticket.seats.as_deref(), ticket.together),
        sales_end_at: event_time(ticket.sales_end_at, zone),
        description: ticket.description.map(|text| text.to_string()),
        venue: ticket.venue.map(|text| text.to_string()),
        city: ticket.city.map(|text| text.to_string()),
        category: ticket.category.map(|text| text.to_string()),
        price,
        was,
        facts_tag,
        has_changed,
        available: ticket.available,
        status: ticket_status(ticket.status),
        own,
        held: context.held.of_ticket(ticket.id, context.app.env.now()),
        order,
        idempotency_key,
        others: others.items.iter().map(other_offer).collect(),
    })
}

fn other_offer(ticket: &TicketBody) -> OtherOffer {
    OtherOffer {
        id: ticket.id.to_string(),
        seats: seats(ticket.section.as_deref(), ticket.row.as_deref(), ticket.seats.as_deref(), ticket.together),
        price: money(ticket.price),
        available: ticket.available,
    }
}

/// The order form: how many, and what the buyer saw.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OrderForm {
    quantity: String,
    amount: String,
    currency: String,
    facts_tag: String,
    idempotency_key: String,
}

impl Fields for OrderForm {
    const KEPT: &'static [&'static str] = &["quantity", "amount", "currency", "facts_tag", "idempotency_key"];
}

impl OrderForm {
    /// The price that the buyer saw.
    fn price(&self) -> Option<Money> {
        let seen = MoneyBody { amount: self.amount.parse().ok()?, currency: self.currency.clone().into() };
        seen.try_into().ok().map(money)
    }

    fn command(&self, id: TicketId) -> Result<PlaceOrderBody, Problem> {
        let amount = self.amount.parse().map_err(|_| Problem::malformed("the price of the form is no amount"))?;
        Ok(PlaceOrderBody {
            ticket_id: id.uuid(),
            // The API refuses an order for none in the same words as for too many.
            quantity: Some(self.quantity.trim().parse().unwrap_or(0)),
            price: Some(MoneyBody { amount, currency: self.currency.clone().into() }),
            facts_tag: Some(self.facts_tag.clone()).filter(|tag| !tag.is_empty()),
        })
    }
}

pub(super) async fn order(Named(id): Named<TicketId>, sent: SentBy<OrderForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    let now = context.app.env.now();
    if let Some(held) = context.held.of_ticket(id, now) {
        return Ok(Onward::to(format!("/orders/{}", held.id)).telling(Done::OrderHeld).into_response());
    }
    match context.with_key(&form.idempotency_key)?.post(paths::ORDERS, &form.command(id)?).await {
        Ok(answer) => {
            let order: OrderBody = answered(answer)?;
            let onward = Onward::to(format!("/orders/{}", order.id));
            let flag = held::flag(&order, now, context.is_https());
            Ok(flag.into_iter().fold(onward, Onward::with_cookie).into_response())
        }
        Err(refusal) => context.ask_again(&format!("/tickets/{id}"), typed, refusal).await,
    }
}
