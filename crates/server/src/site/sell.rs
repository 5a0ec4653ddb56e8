//! `/sell` and `/my/tickets`: offering a ticket, and what was offered before.

use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use ticketing_api::money::MoneyBody;
use ticketing_api::paths;
use ticketing_api::tickets::{OfferBody, ScheduleBody, TicketBody, TicketPage};
use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::{Currency, Money, Price};
use ticketing_core::domain::time_zone::LocalTime;
use ticketing_web::{Done, FieldError, Form, MyTicketsPage, SellPage, TicketValues, my_tickets_page, sell_page};

use crate::http::extract::Lenient;

use super::choices::{EURO, categories, currencies, time_zones};
use super::context::{ActorContext, answered};
use super::draft::Draft;
use super::form::{Fields, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;
use super::view::{Place, my_ticket};

pub(super) async fn sell(ActorContext { context, viewer }: ActorContext) -> Html<String> {
    let (context, draft) = context.with_draft().await;
    let typed: Option<TicketForm> = draft.form();
    let idempotency_key = draft.key(&context.app, typed.as_ref().map(|form| &*form.idempotency_key));
    let blank = || TicketForm { currency: "EUR".to_owned(), quantity: "1".to_owned(), ..TicketForm::default() };
    let form = typed.unwrap_or_else(blank).shown(&draft);
    let currencies = currencies(&form.values.currency);
    Html(sell_page(SellPage {
        shell: context.shell(),
        is_unconfirmed: context.has_to_confirm(&viewer),
        form,
        currencies,
        categories: categories(),
        time_zones: time_zones(),
        idempotency_key,
    }))
}

pub(super) async fn offer(sent: SentBy<TicketForm>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, viewer }, form, typed } = sent;
    let keyed = context.with_key(&form.idempotency_key)?;
    let (offered, cookies) = match keyed.post(paths::TICKETS, &form.offer()).await {
        // The address was confirmed elsewhere, and the token of this browser does not know it yet.
        Err(refusal) if refusal.is("address_unconfirmed") && viewer.confirmed => {
            let (renewed, cookies) = keyed.renewed().await;
            (renewed.post(paths::TICKETS, &form.offer()).await, cookies)
        }
        offered => (offered, Vec::new()),
    };
    match offered {
        Ok(answer) => {
            let ticket: TicketBody = answered(answer)?;
            let onward = Onward::to(format!("/tickets/{}", ticket.id)).telling(Done::TicketOffered);
            Ok(cookies.into_iter().fold(onward, Onward::with_cookie).into_response())
        }
        Err(refusal) => context.ask_again("/sell", typed, refusal).await,
    }
}

pub(super) async fn my_tickets(
    ActorContext { context, .. }: ActorContext,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: TicketPage = context.read(&place.of_list(paths::MY_TICKETS)).await?;
    Ok(Html(my_tickets_page(MyTicketsPage {
        shell: context.shell(),
        tickets: found.items.iter().map(my_ticket).collect(),
        paging: place.paging(found.next_cursor),
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
    time_zone: String,
    sales_end_at: String,
    section: String,
    row: String,
    seats: String,
    together: String,
    price: String,
    currency: String,
    quantity: String,
    #[serde(rename = "idempotency_key")]
    idempotency_key: String,
    max_per_buyer: String,
    /// Which version was edited.
    pub(super) version: u64,
}

impl Fields for TicketForm {
    const KEPT: &'static [&'static str] = &[
        "title",
        "description",
        "venue",
        "city",
        "category",
        "startsAt",
        "timeZone",
        "salesEndAt",
        "section",
        "row",
        "seats",
        "together",
        "price",
        "currency",
        "quantity",
        "maxPerBuyer",
        "idempotency_key",
        "version",
    ];
}

impl TicketForm {
    /// The offer as the API takes it.
    ///
    /// A number that cannot be read becomes zero, which the API refuses together
    /// with all else that is wrong; [`TicketForm::shown`] then says it better.
    pub(super) fn offer(&self) -> OfferBody {
        OfferBody {
            title: self.title.clone(),
            description: given(&self.description),
            venue: given(&self.venue),
            city: given(&self.city),
            category: given(&self.category),
            starts_at: self.time(&self.starts_at),
            time_zone: given(&self.time_zone),
            sales_end_at: self.time(&self.sales_end_at),
            section: given(&self.section),
            row: given(&self.row),
            seats: given(&self.seats),
            together: !self.together.is_empty(),
            price: MoneyBody { amount: self.amount().unwrap_or(0), currency: self.currency.clone().into() },
            quantity: self.quantity().unwrap_or(0),
            max_per_buyer: given(&self.max_per_buyer).map(|_| self.max_per_buyer().unwrap_or(0)),
            // No page shows them; a change leaves them as they are.
            attributes: None,
        }
    }

    /// The facts of an event that is sold, as the API takes them.
    pub(super) fn schedule(&self) -> ScheduleBody {
        let OfferBody { title, venue, city, starts_at, time_zone, sales_end_at, section, row, seats, together, .. } =
            self.offer();
        ScheduleBody { title, venue, city, starts_at, time_zone, sales_end_at, section, row, seats, together }
    }

    /// A time as the API takes it. Tickets older than time zones have none, and keep their time in UTC.
    fn time(&self, typed: &str) -> Option<String> {
        let time = given(typed)?;
        let is_old = self.time_zone.trim().is_empty() && time.parse::<LocalTime>().is_ok();
        Some(if is_old { format!("{time}Z") } else { time })
    }

    /// The form as it was typed, with what was wrong with it.
    pub(super) fn shown(self, draft: &Draft) -> Form<TicketValues> {
        let limit = given(&self.max_per_buyer).and_then(|_| self.max_per_buyer().err());
        let better = [("price", self.amount().err()), ("quantity", self.quantity().err()), ("maxPerBuyer", limit)];
        let mut form = draft.onto(Form::new(self.values()));
        if draft.reason.is_none() {
            return form;
        }
        for (field, message) in better {
            let Some(message) = message else { continue };
            form.errors.retain(|error| error.field != field);
            form.errors.push(FieldError { field: field.to_owned(), message });
        }
        // As the fields stand on the page.
        let place = |error: &FieldError| Self::KEPT.iter().position(|field| *field == error.field);
        form.errors.sort_by_key(|error| place(error).unwrap_or(usize::MAX));
        form
    }

    fn amount(&self) -> Result<u64, String> {
        // The API says what is wrong with a currency that is none.
        let currency: Currency = self.currency.parse().or_else(|_| EURO.parse()).map_err(|_: Invalid| String::new())?;
        match Money::typed(&self.price, currency).map_err(|refusal| refusal.to_string())?.amount {
            0 => Err("must be above zero".to_owned()),
            amount if amount > Price::MAX_AMOUNT => Err("is too high".to_owned()),
            amount => Ok(amount),
        }
    }

    fn quantity(&self) -> Result<u32, String> {
        places(&self.quantity)
    }

    fn max_per_buyer(&self) -> Result<u32, String> {
        places(&self.max_per_buyer)
    }

    fn values(self) -> TicketValues {
        let Self { title, description, venue, city, category, starts_at, time_zone, sales_end_at, .. } = self;
        let Self { section, row, seats, price, currency, quantity, max_per_buyer, .. } = self;
        TicketValues {
            title,
            description,
            venue,
            city,
            category,
            starts_at,
            time_zone,
            sales_end_at,
            section,
            row,
            seats,
            together: !self.together.is_empty(),
            price,
            currency,
            quantity,
            max_per_buyer,
        }
    }
}

fn places(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| "must be a whole number between 1 and 1000".to_owned())
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(starts_at: &str, time_zone: &str) -> Option<String> {
        let form = TicketForm { starts_at: starts_at.into(), time_zone: time_zone.into(), ..TicketForm::default() };
        form.offer().starts_at
    }

    #[test]
    fn a_time_is_on_the_clocks_of_its_zone_and_of_an_old_ticket_in_utc() {
        assert_eq!(typed("2030-06-01T19:30", "Europe/Vienna").as_deref(), Some("2030-06-01T19:30"));
        assert_eq!(typed("2030-06-01T19:30", " ").as_deref(), Some("2030-06-01T19:30Z"));
        assert_eq!(typed("2030-06-01T19:30Z", "").as_deref(), Some("2030-06-01T19:30Z"));
        assert_eq!(typed(" ", "Europe/Vienna"), None);
    }
}
