//! The page of the sandbox's bank, where a buyer confirms a payment.

use leptos::prelude::*;

use crate::components::opened_by::opened_by;
use crate::components::order_facts::{OrderSummary, order_facts};
use crate::shell::{Shell, document};

/// The page of the sandbox where a buyer confirms a payment or declines it, at `/orders/{id}/confirm`.
///
/// It stands for the page of a bank, which a real payment provider would have. Its forms are sent to `/orders/{id}/approve`
/// and `/orders/{id}/decline`.
#[derive(Clone, Debug, Default)]
pub struct ConfirmPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The order that is paid.
    pub order: OrderSummary,
}

/// Renders the page where a buyer confirms a payment of the sandbox.
#[must_use]
pub fn confirm_page(page: ConfirmPage) -> String {
    let approve = answer(&page, "approve", "Approve the payment", "button button-primary button-wide");
    let decline = answer(&page, "decline", "Decline", "button button-wide");
    let content = view! {
        <div class="narrow">
            <h1 class="title">"Confirm your payment"</h1>
            <section class="form panel" aria-label="Payment">
                <p>"With a real card, this would be a page of your bank."</p>
                {order_facts(page.order, &page.shell.base)}
                {approve}
                {decline}
            </section>
        </div>
    };
    document(page.shell, "Confirm your payment", content)
}

fn answer(page: &ConfirmPage, answer: &str, label: &'static str, class: &'static str) -> impl IntoView + use<> {
    view! {
        <form class="form" method="post" action=page.shell.base.at(&format!("/orders/{}/{answer}", page.order.id))>
            {opened_by(page.shell.account())}
            <button class=class type="submit">{label}</button>
        </form>
    }
}
