//! Searches that somebody keeps, and the page that ends one without a sign-in.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::components::opened_by::opened_by;
use crate::components::time::moment;
use crate::components::unconfirmed::{UNTIL_TOLD, unconfirmed_hint};
use crate::format::with_query;
use crate::pages::catalog::{CatalogFilters, kept_fields};
use crate::shell::{Shell, document};

/// The searches that somebody keeps, at `/account/alerts`.
///
/// A form with the filters of a search, sent to the same path, keeps it; one to `/account/alerts/{id}/end` ends it.
#[derive(Clone, Debug, Default)]
pub struct AlertsPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// Whether the address is to be confirmed before anything is kept.
    pub is_unconfirmed: bool,
    /// A search that is not kept yet, with what is wrong with it.
    pub wanted: Option<Form<CatalogFilters>>,
    /// What is kept, oldest first.
    pub alerts: Vec<AlertRow>,
}

/// A search that somebody keeps.
#[derive(Clone, Debug, Default)]
pub struct AlertRow {
    /// Its id.
    pub id: String,
    /// The search.
    pub filters: CatalogFilters,
    /// Since when: RFC 3339 in UTC.
    pub created_at: String,
}

/// The page at `/alerts/end/{link}` with one button, sent to the same address, which it does not repeat.
///
/// It asks, because programs that look through mail follow links.
#[derive(Clone, Debug, Default)]
pub struct EndAlertPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The form, which has no field.
    pub form: Form<()>,
}

/// Renders the searches that somebody keeps.
#[must_use]
pub fn alerts_page(page: AlertsPage) -> String {
    let (shell, title) = (&page.shell, "Alerts");
    let title = page.wanted.as_ref().map_or_else(|| title.to_owned(), |form| form.title(title));
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Alerts"</h1>
            <p class="lead">
                "We write to you when tickets go on sale that you look for, or sold-out ones have places again: at most five letters a day."
            </p>
            {page.is_unconfirmed.then(|| unconfirmed_hint(shell, UNTIL_TOLD))}
            {page.wanted.map(|form| wanted(&form, shell))}
            {alerts(page.alerts, shell)}
        </div>
    };
    document(page.shell, &title, content)
}

fn wanted(form: &Form<CatalogFilters>, shell: &Shell) -> AnyView {
    view! {
        {form_alert(form)}
        <form class="form panel" method="post" action=shell.base.at("/account/alerts")>
            <p>"Tell you of new tickets for: " <strong dir="auto">{form.values.described()}</strong></p>
            {kept_fields(&form.values)}
            {opened_by(shell.account())}
            <button class="button button-primary" type="submit">"Tell me of new ones"</button>
        </form>
    }
    .into_any()
}

fn alerts(alerts: Vec<AlertRow>, shell: &Shell) -> AnyView {
    if alerts.is_empty() {
        let catalog = shell.base.at("/");
        return view! {
            <div class="empty">
                <p>"You have no alerts."</p>
                <p><a class="link" href=catalog>"Search for something"</a>", and choose “Tell me of new ones” there."</p>
            </div>
        }
        .into_any();
    }
    let rows = alerts.into_iter().map(|alert| row(&alert, shell)).collect_view();
    view! { <section class="panel" aria-label="Your alerts"><ul class="rows">{rows}</ul></section> }.into_any()
}

fn row(alert: &AlertRow, shell: &Shell) -> AnyView {
    let described = alert.filters.described();
    let search = shell.base.at(&with_query("/", &alert.filters.pairs()));
    let end = shell.base.at(&format!("/account/alerts/{}/end", alert.id));
    let label = format!("End the alert for {described}");
    view! {
        <li class="row">
            <div class="row-text">
                <p class="row-title"><a class="link" href=search dir="auto">{described}</a></p>
                <p class="muted">"Since " {moment(alert.created_at.clone())}</p>
            </div>
            <form method="post" action=end>
                {opened_by(shell.account())}
                <button class="button button-small button-danger" type="submit" aria-label=label>"End"</button>
            </form>
        </li>
    }
    .into_any()
}

/// Renders the page that ends an alert.
#[must_use]
pub fn end_alert_page(page: EndAlertPage) -> String {
    let title = page.form.title("End this alert");
    let alerts = page.shell.base.at("/account/alerts");
    let content = view! {
        <div class="narrow narrow-form">
            <h1 class="title">"End this alert"</h1>
            {form_alert(&page.form)}
            <form class="form panel" method="post">
                <p>"Press the button to hear nothing more of the search that our letter was about."</p>
                <button class="button button-primary button-wide" type="submit">"Tell me no more"</button>
            </form>
            <p class="muted">"All of your alerts are on " <a class="link" href=alerts>"a page of your account"</a> "."</p>
        </div>
    };
    document(page.shell, &title, content)
}

impl CatalogFilters {
    /// The search in words.
    fn described(&self) -> String {
        let Self {
            q,
            category,
            city,
            country,
            from,
            to,
            days,
            currency,
            min_price,
            max_price,
            places,
            together,
            left,
            ..
        } = self;
        let said = |word: &str, value: &str| if value.is_empty() { String::new() } else { format!("{word} {value}") };
        let price = |word: &str, amount: &str| {
            if amount.is_empty() { String::new() } else { format!("{word} {amount} {currency}") }
        };
        let is_priced = !min_price.is_empty() || !max_price.is_empty();
        let places = match (&**places, &**together) {
            ("", "") => String::new(),
            ("", _) => "side by side".to_owned(),
            (places, "") => format!("at least {places} places"),
            (places, _) => format!("at least {places} places side by side"),
        };
        let parts = [
            if q.is_empty() { String::new() } else { format!("“{q}”") },
            category.clone(),
            city.clone(),
            country.clone(),
            said("from", from),
            said("until", to),
            if days.is_empty() { String::new() } else { "weekends".to_owned() },
            if is_priced { String::new() } else { said("in", currency) },
            price("from", min_price),
            price("up to", max_price),
            places,
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let all = if left.is_empty() { "everything" } else { "everything with places left" };
        if parts.is_empty() { all.to_owned() } else { parts.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_described_in_words() {
        let filters = CatalogFilters {
            q: "opera".into(),
            city: "Wien".into(),
            currency: "EUR".into(),
            max_price: "50.00".into(),
            places: "2".into(),
            together: "true".into(),
            ..CatalogFilters::default()
        };

        let described = "“opera”, Wien, up to 50.00 EUR, at least 2 places side by side";
        assert_eq!(filters.described(), described);
        assert_eq!(CatalogFilters::default().described(), "everything");
    }
}
