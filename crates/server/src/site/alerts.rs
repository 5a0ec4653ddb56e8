//! `/account/alerts` and `/alerts/end/{link}`: searches that somebody keeps.
//!
//! The button of a search is sent here. Anybody who has to sign in first finds the search here afterwards, to keep it then.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;

use ticketing_api::alerts::{AlertBody, AlertList, EndAlertBody, KeepAlertBody};
use ticketing_api::paths;
use ticketing_api::tickets::TicketSearch;
use ticketing_core::domain::ids::AlertId;
use ticketing_core::domain::money::Currency;
use ticketing_web::{
    AlertRow, AlertsPage, CatalogFilters, Done, EndAlertPage, Form, Money, alerts_page, end_alert_page,
};

use super::catalog::Search;
use super::context::{ActorContext, PageContext};
use super::form::{Fields, NoFields, Sent, SentBy};
use super::onward::Onward;
use super::refusal::Refusal;

const HERE: &str = "/account/alerts";

pub(super) async fn alerts(ActorContext { context, viewer }: ActorContext) -> Result<Html<String>, Refusal> {
    let kept: AlertList = context.read(paths::ALERTS).await?;
    let (context, draft) = context.with_draft().await;
    let wanted = draft.form::<Search>().map(|search| Search::explained(draft.onto(search.form())));
    Ok(Html(alerts_page(AlertsPage {
        shell: context.shell(),
        is_unconfirmed: !viewer.confirmed,
        wanted,
        alerts: kept.items.iter().map(row).collect(),
    })))
}

pub(super) async fn keep(sent: SentBy<Search>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, viewer }, form, typed } = sent;
    let given: Vec<_> = form.asked().into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    let body = KeepAlertBody { search: serde_urlencoded::to_string(given).expect("texts can be encoded") };
    let (kept, cookies) = match context.post(paths::ALERTS, &body).await {
        // The address was confirmed elsewhere, and the token of this browser does not know it yet.
        Err(refusal) if refusal.is("address_unconfirmed") && viewer.confirmed => {
            let (renewed, cookies) = context.renewed().await;
            (renewed.post(paths::ALERTS, &body).await, cookies)
        }
        kept => (kept, Vec::new()),
    };
    match kept {
        Ok(_) => {
            let onward = Onward::to(HERE).telling(Done::AlertKept);
            Ok(cookies.into_iter().fold(onward, Onward::with_cookie).into_response())
        }
        Err(refusal) => context.ask_again(HERE, typed, refusal).await,
    }
}

pub(super) async fn end(Path(id): Path<String>, sent: SentBy<NoFields>) -> Result<Response, Refusal> {
    let SentBy { actor: ActorContext { context, .. }, typed, .. } = sent;
    let Ok(id) = id.parse::<AlertId>() else { return Ok(Onward::to(HERE).into_response()) };
    match context.delete(&paths::alert(id)).await {
        Ok(_) => Ok(Onward::to(HERE).telling(Done::AlertEnded).into_response()),
        Err(refusal) => context.ask_again(HERE, typed, refusal).await,
    }
}

pub(super) async fn ask(context: PageContext) -> Html<String> {
    Html(end_alert_page(EndAlertPage { shell: context.shell_of_link(), form: Form::default() }))
}

/// What a mail program sends whose reader presses its button (RFC 8058); a page of ours sends nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EndForm {
    #[serde(rename = "List-Unsubscribe")]
    unsubscribe: String,
}

impl Fields for EndForm {
    const KEPT: &'static [&'static str] = &[];
}

pub(super) async fn end_by_link(
    Path(link): Path<String>,
    context: PageContext,
    sent: Sent<EndForm>,
) -> Result<Response, Refusal> {
    match context.post(paths::END_ALERT, &EndAlertBody { link }).await {
        // A mail program goes nowhere from here.
        Ok(_) if sent.form.unsubscribe == "One-Click" => Ok(StatusCode::OK.into_response()),
        Ok(_) => Ok(Onward::to("/").telling(Done::AlertEnded).into_response()),
        Err(refusal) if refusal.suits_a_form() => {
            let form = refusal.reason().onto(Form::default());
            let page = end_alert_page(EndAlertPage { shell: context.shell_of_link(), form });
            Ok(refusal.page(page).into_response())
        }
        Err(refusal) => Err(refusal),
    }
}

fn row(alert: &AlertBody) -> AlertRow {
    let search = serde_urlencoded::from_str(&alert.search).unwrap_or_default();
    AlertRow { id: alert.id.to_string(), filters: filters(search), created_at: alert.created_at.to_string() }
}

/// The filters of a search as they are typed: amounts in major units.
fn filters(search: TicketSearch) -> CatalogFilters {
    let currency: Option<Currency> = search.currency.as_deref().and_then(|code| code.parse().ok());
    let typed = |amount: Option<String>| {
        let (amount, currency) = amount.and_then(|amount| amount.parse().ok()).zip(currency)?;
        Some(Money { amount, currency: currency.code(), exponent: currency.exponent() }.decimal())
    };
    CatalogFilters {
        min_price: typed(search.min_price).unwrap_or_default(),
        max_price: typed(search.max_price).unwrap_or_default(),
        q: search.q.unwrap_or_default(),
        category: search.category.unwrap_or_default(),
        city: search.city.unwrap_or_default(),
        country: search.country.unwrap_or_default(),
        from: search.from.unwrap_or_default(),
        to: search.to.unwrap_or_default(),
        days: search.days.unwrap_or_default(),
        currency: search.currency.unwrap_or_default(),
        places: search.places.unwrap_or_default(),
        together: search.together.unwrap_or_default(),
        ..CatalogFilters::default()
    }
}
