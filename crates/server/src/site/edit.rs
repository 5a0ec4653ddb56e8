//! `/tickets/{id}/edit`: changing and withdrawing a ticket.

use std::sync::Arc;

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::paths;
use ticketing_api::tickets::{TicketBody, TicketStatusBody};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::ticket::TicketRefusal;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;
use ticketing_core::domain::typed_amount::AmountRefusal;
use ticketing_core::usecase::error::Error;
use ticketing_web::{AskPage, Done, EditPage, Form, Question, TicketValues, ask_page, edit_page};

use crate::http::extract::Named;
use crate::http::problem::Problem;

use super::choices::{categories, currencies, time_zones};
use super::context::{ActorContext, PageContext};
use super::draft::Draft;
use super::form::{Fields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::sell::TicketForm;
use super::ticket;
use super::view::money;

pub(super) async fn edit(Named(id): Named<TicketId>, actor: ActorContext) -> Result<Html<String>, Refusal> {
    let ticket = load(&actor, id).await?;
    let (context, draft) = actor.context.with_draft().await;
    Ok(Html(page(&context, &ticket, &draft)))
}

/// A ticket that this actor may change.
async fn load(actor: &ActorContext, id: TicketId) -> Result<TicketBody, Refusal> {
    let ticket = ticket::load(&actor.context, id).await?;
    let refusal = match ticket.status {
        _ if ticket.seller_id.to_string() != actor.viewer.id => TicketRefusal::NotSeller,
        TicketStatusBody::Withdrawn => TicketRefusal::Withdrawn,
        TicketStatusBody::CalledOff => TicketRefusal::CalledOff,
        TicketStatusBody::OnSale | TicketStatusBody::SoldOut | TicketStatusBody::SalesEnded => return Ok(ticket),
    };
    Err(Problem::from(Error::Ticket(refusal)).into())
}

pub(super) fn values(ticket: &TicketBody) -> TicketValues {
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let zone = TimeZone::stored(ticket.time_zone.as_deref().unwrap_or("UTC"));
    let time = |at: Option<Timestamp>| at.map(|at| typed_time(&zone.local(at).to_string())).unwrap_or_default();
    TicketValues {
        title: ticket.title.to_string(),
        description: text(&ticket.description),
        venue: text(&ticket.venue),
        city: text(&ticket.city),
        category: text(&ticket.category),
        starts_at: time(ticket.starts_at),
        time_zone: text(&ticket.time_zone),
        sales_end_at: time(ticket.sales_end_at),
        section: text(&ticket.section),
        row: text(&ticket.row),
        seats: text(&ticket.seats),
        together: ticket.together,
        price: typed_price(money(ticket.price)),
        currency: ticket.price.currency.code().to_owned(),
        quantity: ticket.quantity.to_string(),
        max_per_buyer: ticket.max_per_buyer.map(|most| most.to_string()).unwrap_or_default(),
    }
}

/// A price as a form takes it: a seller who changes something else sends it back as it is.
fn typed_price(price: ticketing_web::Money) -> String {
    let decimal = price.decimal();
    match price.currency.parse().map(|currency| Money::typed(&decimal, currency)) {
        Ok(Err(AmountRefusal::Ambiguous { low, .. })) => low,
        Ok(_) | Err(_) => decimal,
    }
}

/// A time as a form takes it, no less exact than it is.
fn typed_time(local: &str) -> String {
    local.strip_suffix(":00").unwrap_or(local).to_owned()
}

fn page(context: &PageContext, ticket: &TicketBody, draft: &Draft) -> String {
    let typed: Option<TicketForm> = draft.form();
    // Who was told that the ticket has changed sees it as it is; nobody else replaces what they have not seen.
    let is_told = draft.reason.as_ref().is_some_and(|reason| reason.is("stale_version"));
    let version = typed.as_ref().filter(|_| !is_told).map_or(ticket.version, |form| form.version);
    let form = match typed {
        Some(typed) => typed.shown(draft),
        None => draft.onto(Form::new(values(ticket))),
    };
    edit_page(EditPage {
        shell: context.shell(),
        id: ticket.id.to_string(),
        version,
        currencies: currencies(&form.values.currency),
        categories: categories(),
        time_zones: time_zones(),
        form,
        taken: ticket.quantity.saturating_sub(ticket.available),
        withdrawn: ticket.status == TicketStatusBody::Withdrawn,
    })
}

pub(super) async fn save(Named(id): Named<TicketId>, sent: SentBy<TicketForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    let saved = context.for_version(form.version).put(&paths::ticket(id), &form.offer()).await;
    match saved {
        Ok(_) => Ok(Onward::to(format!("/tickets/{id}")).telling(Done::TicketChanged).into_response()),
        Err(refusal) => context.ask_again(&format!("/tickets/{id}/edit"), typed, refusal).await,
    }
}

pub(super) async fn ask_to_withdraw(Named(id): Named<TicketId>, actor: ActorContext) -> Result<Html<String>, Refusal> {
    let ticket = load(&actor, id).await?;
    let question = Question::WithdrawTicket {
        id: ticket.id.to_string(),
        title: ticket.title.to_string(),
        version: ticket.version,
        taken: ticket.quantity.saturating_sub(ticket.available),
    };
    Ok(Html(ask_page(AskPage { shell: actor.context.shell(), question })))
}

/// The form that withdraws: the version that the seller saw.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WithdrawForm {
    version: u64,
}

impl Fields for WithdrawForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn withdraw(Named(id): Named<TicketId>, sent: SentBy<WithdrawForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, form, typed } = sent;
    match context.for_version(form.version).delete(&paths::ticket(id)).await {
        Ok(_) => Ok(Onward::to(format!("/tickets/{id}")).telling(Done::TicketWithdrawn).into_response()),
        Err(refusal) => context.ask_again(&format!("/tickets/{id}/edit"), typed, refusal).await,
    }
}

#[cfg(test)]
mod tests {
    use super::{Money, typed_price, typed_time};

    #[test]
    fn a_price_is_typed_as_it_is_read_back() {
        for (amount, code, exponent, typed) in [
            (12_500, "KWD", 3, "12.5"),
            (12_505, "KWD", 3, "012.505"),
            (1_000, "KWD", 3, "1"),
            (5, "KWD", 3, "0.005"),
            (1_234_567, "KWD", 3, "1234.567"),
            (1250, "EUR", 2, "12.50"),
            (900, "JPY", 0, "900"),
        ] {
            assert_eq!(typed_price(ticketing_web::Money { amount, currency: code, exponent }), typed);
            let currency = code.parse().expect("a currency");
            assert_eq!(Money::typed(typed, currency), Ok(Money { amount, currency }), "{typed} {code}");
        }
    }

    #[test]
    fn a_time_is_typed_as_exactly_as_it_is() {
        assert_eq!(typed_time("2026-12-01T19:30:00"), "2026-12-01T19:30");
        assert_eq!(typed_time("2026-12-01T19:00:00"), "2026-12-01T19:00");
        assert_eq!(typed_time("2026-12-01T19:30:05"), "2026-12-01T19:30:05");
        assert_eq!(typed_time("2026-12-01T19:30:00.25"), "2026-12-01T19:30:00.25");
    }
}
