//! `/tickets/{id}`: a ticket, and the form that orders it.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use ticketing_core::domain::ids::TicketId;
use ticketing_web::{Form, Money, OrderValues, TicketPage, ticket_page};

use crate::api::money::MoneyBody;
use crate::extract::Named;
use crate::marketplace::App;
use crate::problem::Problem;

use super::form::Sent;
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::{Order, Price, Ticket};
use super::visit::{Member, Visit, parsed};

pub(super) async fn ticket(
    State(app): State<App>,
    Named(id): Named<TicketId>,
    visit: Visit,
) -> Result<Html<String>, Refusal> {
    let ticket = load(&visit, id).await?;
    Ok(Html(page(&visit, ticket, (Form::default(), None), new_key(&app))))
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
    app.world.uuid(app.world.now()).to_string()
}

fn page(
    visit: &Visit,
    ticket: Ticket,
    (order, was): (Form<OrderValues>, Option<Money>),
    idempotency_key: String,
) -> String {
    let own = visit.viewer().is_some_and(|viewer| viewer.id == ticket.seller_id);
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
        was: was.filter(|was| *was != ticket.price.0),
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

pub(super) async fn order(
    State(app): State<App>,
    Named(id): Named<TicketId>,
    Member { visit, .. }: Member,
    Sent(form): Sent<OrderForm>,
) -> Result<Response, Refusal> {
    let placed = visit.with_key(&form.idempotency_key)?.post("/api/orders", &form.command(id)?).await;
    let refusal = match placed {
        Ok(answer) => return Ok(Onward::to(format!("/orders/{}", parsed::<Order>(&answer)?.id)).into_response()),
        Err(refusal) if refusal.suits_a_form() => refusal,
        Err(refusal) => return Err(refusal),
    };
    let ticket = load(&visit, id).await?;
    let was = form.price();
    // Order matters: what may have been carried out is asked for again under its own key.
    let key = if refusal.is_passing() { form.idempotency_key } else { new_key(&app) };
    let again = refusal.onto(Form::new(OrderValues { quantity: form.quantity }));
    Ok(refusal.page(page(&visit, ticket, (again, was), key)))
}
