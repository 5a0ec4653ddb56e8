//! `/sell` and `/my/tickets`: offering a ticket, and what was offered before.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_core::domain::money::{Currency, Price};
use ticketing_web::{Done, FieldError, Form, MyTicketsPage, SellPage, TicketValues, my_tickets_page, sell_page};

use crate::api::money::MoneyBody;
use crate::api::tickets::OfferBody;
use crate::extract::Lenient;

use super::choices::{categories, currencies};
use super::form::Sent;
use super::onward::Onward;
use super::price::minor_units;
use super::refusal::Refusal;
use super::view::{Listed, Place, Ticket};
use super::visit::{Member, Visit, parsed};

pub(super) async fn sell(Member { visit, .. }: Member) -> Html<String> {
    let values = TicketValues { currency: "EUR".to_owned(), quantity: "1".to_owned(), ..TicketValues::default() };
    Html(page(&visit, Form::new(values)))
}

fn page(visit: &Visit, form: Form<TicketValues>) -> String {
    let currencies = currencies(&form.values.currency);
    let idempotency_key = String::new();
    sell_page(SellPage { shell: visit.shell(), form, currencies, categories: categories(), idempotency_key })
}

pub(super) async fn offer(Member { visit, .. }: Member, Sent(form): Sent<TicketForm>) -> Result<Response, Refusal> {
    match visit.post("/api/tickets", &form.offer()).await {
        Ok(answer) => {
            let ticket: Ticket = parsed(&answer)?;
            Ok(Onward::to(format!("/tickets/{}", ticket.id)).telling(Done::TicketOffered).into_response())
        }
        Err(refusal) if refusal.suits_a_form() => Ok(refusal.page(page(&visit, form.refused(&refusal)))),
        Err(refusal) => Err(refusal),
    }
}

pub(super) async fn my_tickets(
    Member { visit, .. }: Member,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: Listed<Ticket> = visit.read(&place.of_list("/api/tickets/mine")).await?;
    Ok(Html(my_tickets_page(MyTicketsPage {
        shell: visit.shell(),
        tickets: found.items.into_iter().map(Into::into).collect(),
        next_cursor: found.next_cursor,
    })))
}

/// What describes a ticket, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TicketForm {
    title: String,
    description: String,
    venue: String,
    city: String,
    category: String,
    starts_at: String,
    price: String,
    currency: String,
    quantity: String,
    /// Which version was edited.
    pub(super) version: u64,
}

impl TicketForm {
    /// The offer as the API takes it.
    ///
    /// A number that cannot be read becomes zero, which the API refuses together
    /// with all else that is wrong; [`TicketForm::refused`] then says it better.
    pub(super) fn offer(&self) -> OfferBody {
        OfferBody {
            title: self.title.clone(),
            description: given(&self.description),
            venue: given(&self.venue),
            city: given(&self.city),
            category: given(&self.category),
            // What is typed has no time zone: it is meant in UTC.
            starts_at: given(&self.starts_at).map(|time| format!("{time}Z")),
            price: MoneyBody { amount: self.amount().unwrap_or(0), currency: self.currency.clone().into() },
            quantity: self.quantity().unwrap_or(0),
        }
    }

    /// The form as it was typed, with what was wrong with it.
    pub(super) fn refused(self, refusal: &Refusal) -> Form<TicketValues> {
        let better = [("price", self.amount().err()), ("quantity", self.quantity().err())];
        let mut form = refusal.onto(Form::new(self.values()));
        for (field, message) in better {
            let Some(message) = message else { continue };
            form.errors.retain(|error| error.field != field);
            form.errors.push(FieldError { field: field.to_owned(), message });
        }
        form
    }

    fn amount(&self) -> Result<u64, String> {
        let exponent = self.currency.parse().map_or(2, Currency::exponent);
        match minor_units(&self.price, exponent)? {
            0 => Err("must be above zero".to_owned()),
            amount if amount > Price::MAX_AMOUNT => Err("is too high".to_owned()),
            amount => Ok(amount),
        }
    }

    fn quantity(&self) -> Result<u32, String> {
        self.quantity.trim().parse().map_err(|_| "must be a whole number between 1 and 1000".to_owned())
    }

    fn values(self) -> TicketValues {
        let Self { title, description, venue, city, category, starts_at, price, currency, quantity, version: _ } = self;
        TicketValues { title, description, venue, city, category, starts_at, price, currency, quantity }
    }
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
