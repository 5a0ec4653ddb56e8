//! Checkout: an order that awaits payment, and its deadline.

use leptos::prelude::*;

use crate::components::form::{Form, form_alert};
use crate::components::money::money;
use crate::components::new_event::{NewEvent, new_event};
use crate::components::opened_by::opened_by;
use crate::components::order_facts::{OrderSummary, order_facts};
use crate::components::time::moment;
use crate::format::{cancel_address, order_address};
use crate::shell::{Shell, document};

/// A test card of the sandbox.
struct TestCard {
    /// What the form submits.
    token: &'static str,
    label: &'static str,
    hint: &'static str,
}

/// What the form submits instead of a card: the gateway answers with the address of its own page.
const HOSTED: &str = "hosted";

const TEST_CARDS: [TestCard; 4] = [
    TestCard { token: "tok_visa", label: "Test card that pays", hint: "The payment is captured at once." },
    TestCard {
        token: "tok_chargeDeclined",
        label: "Test card that is declined",
        hint: "Nothing is charged; you may try another.",
    },
    TestCard {
        token: "tok_timeout",
        label: "Test card that does not answer",
        hint: "The answer comes late; you are charged once at most.",
    },
    TestCard {
        token: "tok_threeDSecure",
        label: "Test card that asks you to confirm",
        hint: "A page in place of your bank's asks you first.",
    },
];

/// An order that awaits payment, at `/orders/{id}`.
///
/// A link leads to the page that asks before the order is cancelled. While a payment awaits the buyer, the page
/// says so in place of the payment form, with a form to give it up, sent to `/orders/{id}/give-up`.
#[derive(Clone, Debug, Default)]
pub struct CheckoutPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// The order to pay.
    pub order: OrderSummary,
    /// What the event is now, if that is not what was ordered: the buyer should know before they pay.
    pub new_event: Option<NewEvent>,
    /// The deadline: RFC 3339 in UTC.
    pub pay_by: String,
    /// The server's time: RFC 3339 in UTC.
    pub now: String,
    /// Whether buyers pay on a page of the payment provider; if not, by the test cards of the sandbox.
    pub hosted: bool,
    /// What the buyer must do before the payment goes on.
    pub step: Option<BuyerStep>,
    /// The payment form, sent to `/orders/{id}/pay`.
    ///
    /// Its fields: `token`, and hidden `idempotency_key` and `for`.
    pub payment: Form<PaymentValues>,
    /// The idempotency key of the payment form.
    pub idempotency_key: String,
}

/// What a buyer must do before a payment goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuyerStep {
    /// Open this address: of the payment provider, or of the page that stands for it in the sandbox.
    Open(String),
    /// Confirm it where the payment was started: this page knows no script of the provider.
    Elsewhere,
}

/// The values of the payment form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentValues {
    /// The token of the card; empty means the first.
    pub token: String,
}

/// Renders the checkout of an order.
#[must_use]
pub fn checkout_page(page: CheckoutPage) -> String {
    let title = page.payment.title(&format!("Checkout: {}", page.order.ticket_title));
    let alert = form_alert(&page.payment);
    let moved = page.new_event.clone().map(|event| new_event(event, Some(keep_or_cancel())));
    let payment = match &page.step {
        Some(step) => step_panel(&page, step),
        None => payment_form(&page),
    };
    let (due, cancel) = (due(&page.order), cancel_link(&page));
    let content = view! {
        <h1 class="title">"Checkout"</h1>
        <div class="split">
            <div class="split-main">
                {countdown(page.pay_by, page.now)}
                {alert}
                {moved}
                {due}
                {payment}
            </div>
            <aside class="panel split-side" aria-labelledby="summary">
                <h2 class="subtitle" id="summary">"Your order"</h2>
                {order_facts(page.order, &page.shell.base)}
                {cancel}
            </aside>
        </div>
    };
    document(page.shell, &title, content)
}

// The script uses the server's clock and disables nothing: the server decides whether it is too late.
fn countdown(pay_by: String, now: String) -> impl IntoView {
    let end = pay_by.clone();
    view! {
        <p class="countdown" data-countdown=end data-now=now>
            <span>"Held for you until " {moment(pay_by)}</span>
            <strong class="countdown-left" data-countdown-left="" role="timer"></strong>
        </p>
        <p class="sr-only" data-countdown-note="" role="status"></p>
    }
}

fn keep_or_cancel() -> AnyView {
    view! { <p>"If you do not want it as it is now, cancel the order: nothing is charged."</p> }.into_any()
}

/// What is paid, and for what: on a phone the facts of the order come below the button.
fn due(order: &OrderSummary) -> impl IntoView + use<> {
    let places = format!("{} × ", order.quantity);
    let title = order.ticket_title.clone();
    view! {
        <p class="due">
            <span>{places} <bdi>{title}</bdi></span>
            <strong>"Total " {money(order.total)}</strong>
        </p>
    }
}

fn step_panel(page: &CheckoutPage, step: &BuyerStep) -> AnyView {
    let (heading, again) = match page.hosted {
        true => ("Finish your payment", "Start again"),
        false => ("Confirm your payment", "Use another card"),
    };
    let step = match step {
        BuyerStep::Open(url) if page.hosted => view! {
            <p>"You pay on a page of our payment provider, which brings you back here. You are charged once."</p>
            <a class="button button-primary button-wide" href=url.clone() rel="noreferrer">"Go to the payment"</a>
        }
        .into_any(),
        BuyerStep::Open(url) => view! {
            <p>"Your bank asks you to confirm this payment. You are charged once, after you have done so."</p>
            <a class="button button-primary button-wide" href=url.clone() rel="noreferrer">"Confirm the payment"</a>
        }
        .into_any(),
        BuyerStep::Elsewhere => view! {
            <p>"Your bank asks you to confirm this payment, in the app or the window where you started it."</p>
        }
        .into_any(),
    };
    view! {
        <section class="form panel" aria-labelledby="step">
            <h2 class="subtitle" id="step">{heading}</h2>
            {step}
            <p class="muted">"Done already? " <a class="link" href=page.shell.base.at(&order_address(&page.order.id))>"Check again"</a></p>
            <form class="form" method="post" action=page.shell.base.at(&format!("/orders/{}/give-up", page.order.id))>
                {opened_by(page.shell.account())}
                <button class="button button-wide" type="submit">{again}</button>
            </form>
        </section>
    }
    .into_any()
}

fn payment_form(page: &CheckoutPage) -> AnyView {
    let form = &page.payment;
    let error = form.message("token");
    let described_by = error.is_some().then_some("token-error");
    let (legend, choices) = match page.hosted {
        true => ("Payment", hosted().into_any()),
        false => ("Pay with", test_cards(&form.values.token).into_any()),
    };
    view! {
        <form class="form panel" method="post" action=page.shell.base.at(&format!("/orders/{}/pay", page.order.id))>
            <input type="hidden" name="idempotency_key" value=page.idempotency_key.clone()/>
            {opened_by(page.shell.account())}
            <fieldset class="choices" id="token" aria-describedby=described_by>
                <legend class="subtitle">{legend}</legend>
                {choices}
                {error.map(|error| view! { <p class="field-error" id="token-error">{error}</p> })}
            </fieldset>
            <button class="button button-primary button-wide" type="submit"><span>"Pay " {money(page.order.total)}</span></button>
        </form>
    }
    .into_any()
}

/// The card is entered on the provider's page, and never here.
fn hosted() -> impl IntoView {
    view! {
        <input type="hidden" name="token" value=HOSTED/>
        <p>"You pay on a page of our payment provider, which brings you back here."</p>
    }
}

fn test_cards(chosen: &str) -> impl IntoView + use<> {
    let chosen = if chosen.is_empty() { TEST_CARDS[0].token } else { chosen };
    TEST_CARDS.map(|card| card_choice(card, chosen)).collect_view()
}

fn card_choice(TestCard { token, label, hint }: TestCard, chosen: &str) -> impl IntoView + use<> {
    let checked = token == chosen;
    view! {
        <label class="choice" for=token>
            <input type="radio" name="token" id=token value=token checked=checked required/>
            <span class="choice-text">
                <span class="choice-label">{label}</span>
                <span class="choice-hint">{hint}</span>
            </span>
        </label>
    }
}

fn cancel_link(page: &CheckoutPage) -> impl IntoView + use<> {
    let address = page.shell.base.at(&cancel_address(&page.order.id));
    view! { <a class="button button-wide" href=address>"Cancel order"</a> }
}
