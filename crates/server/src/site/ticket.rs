//! `/tickets/{id}`: a ticket, and the form that orders it.

use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use ticketing_core::domain::ids::TicketId;
use ticketing_web::{Form, Money, OrderValues, TicketPage, ticket_page};

use crate::api::money::MoneyBody;
use crate::http::extract::Named;
use crate::http::problem::Problem;
use crate::state::App;

use super::draft::Draft;
use super::form::{Fields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::{Order, Price, Ticket};
use super::visit::{Member, Visit, parsed};

pub(super) async fn ticket(Named(id): Named<TicketId>, visit: Visit) -> Result<Html<String>, Refusal> {
    let ticket = load(&visit, id).await?;
    let (visit, draft) = visit.with_draft().await;
    Ok(Html(page(&visit, ticket, &draft)))
}

/// Where the API has a ticket.
pub(super) fn address(id: TicketId) -> String {
    format!("/api/tickets/{id}")
}

pub(super) async fn load(visit: &Visit, id: TicketId) -> Result<Ticket, Refusal> {
    visit.read(&address(id)).await
}

/// By which the API knows a form that is sent twice.
pub(super) fn new_key(app: &App) -> String {
    app.env.uuid(app.env.now()).to_string()
}

fn page(visit: &Visit, ticket: Ticket, draft: &Draft) -> String {
    let own = visit.viewer().is_some_and(|viewer| viewer.id == ticket.seller_id);
    let typed: OrderForm = draft.form().unwrap_or_default();
    let was = typed.price().filter(|was| *was != ticket.price.0);
    let idempotency_key = draft.key(&visit.app, Some(&typed.idempotency_key));
    let order = draft.onto(Form::new(OrderValues { quantity: typed.quantity }));
    ticket_page(TicketPage {
        shell: visit.shell(),
        id: ticket.id,
        version: ticket.version,
        title: ticket.title,
        description: ticket.description,
        venue: ticket.venue,
        city: ticket.city,
        category: ticket.category,
        starts_at: ticket.starts_at,
        price: ticket.price.0,
        was,
        available: ticket.available,
        status: ticket.status.into(),
        own,
        order,
        idempotency_key,
    })
}

/// The order form: how many, and what the buyer saw.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OrderForm {
    quantity: String,
    amount: String,
    currency: String,
    idempotency_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlaceOrder {
    ticket_id: String,
    quantity: u32,
    price: MoneyBody<'static>,
}

impl Fields for OrderForm {
    const KEPT: &'static [&'static str] = &["quantity", "amount", "currency", "idempotency_key"];
}

impl OrderForm {
    /// The price that the buyer saw.
    fn price(&self) -> Option<Money> {
        let seen = MoneyBody { amount: self.amount.parse().ok()?, currency: self.currency.clone().into() };
        Price::try_from(seen).ok().map(|price| price.0)
    }

    fn command(&self, id: TicketId) -> Result<PlaceOrder, Problem> {
        let amount = self.amount.parse().map_err(|_| Problem::malformed("the price of the form is no amount"))?;
        Ok(PlaceOrder {
            ticket_id: id.to_string(),
            // The API refuses an order for none in the same words as for too many.
            quantity: self.quantity.trim().parse().unwrap_or(0),
            price: MoneyBody { amount, currency: self.currency.clone().into() },
        })
    }
}

pub(super) async fn order(Named(id): Named<TicketId>, sent: SentBy<OrderForm>) -> Result<Response, Refusal> {
    let SentBy { member: Member { visit, .. }, form, typed } = sent;
    match visit.with_key(&form.idempotency_key)?.post("/api/orders", &form.command(id)?).await {
        Ok(answer) => Ok(Onward::to(format!("/orders/{}", parsed::<Order>(&answer)?.id)).into_response()),
        Err(refusal) => visit.ask_again(&format!("/tickets/{id}"), typed, refusal).await,
    }
}
