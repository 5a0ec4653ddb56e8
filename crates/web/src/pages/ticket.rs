//! A ticket: its details, its price, and the form that orders it.

use leptos::prelude::*;

use crate::components::badge::{TicketStatus, ticket_badge};
use crate::components::description::description;
use crate::components::event_time::event_time;
use crate::components::field::{Field, Kind, input_field};
use crate::components::form::{Form, form_alert};
use crate::components::held::HeldOrder;
use crate::components::money::money;
use crate::components::opened_by::opened_by;
use crate::components::ticket_card::place;
use crate::format::{EventTime, Money, door_address, order_address, sales_address, ticket_address, with_query};
use crate::head::About;
use crate::linked_data::event;
use crate::shell::{Shell, public_document};

/// A ticket at `/tickets/{id}`.
#[derive(Clone, Debug, Default)]
pub struct TicketPage {
    /// What all pages have in common.
    pub shell: Shell,
    /// Its id, part of its address.
    pub id: String,
    /// The version shown; older live updates are ignored.
    pub version: u64,
    /// The title.
    pub title: String,
    /// What its seller is called, if that is known.
    pub seller_name: Option<String>,
    /// The description; line breaks are kept.
    pub description: Option<String>,
    /// The venue.
    pub venue: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The kind of event.
    pub category: Option<String>,
    /// When the event starts.
    pub starts_at: Option<EventTime>,
    /// Section, row and seats in one line.
    pub seats: Option<String>,
    /// When sales end, if that is before the start.
    pub sales_end_at: Option<EventTime>,
    /// The current price of one place.
    pub price: Money,
    /// The price when the reader ordered, if it was different: then they are asked again.
    pub was: Option<Money>,
    /// Stands for what, where and when; empty if that is unknown.
    pub facts_tag: String,
    /// Whether what, where or when has changed since the reader ordered: then they are asked again.
    pub has_changed: bool,
    /// How many places can be ordered now.
    pub available: u32,
    /// Whether it can be ordered.
    pub status: TicketStatus,
    /// Whether the reader is its seller, who edits instead of ordering.
    pub own: bool,
    /// What the reader holds of it already, which they pay for instead of ordering more.
    pub held: Option<HeldOrder>,
    /// The order form, sent to `/tickets/{id}/order`; somebody who is not signed in has to sign in first.
    ///
    /// Its fields: `quantity`, and hidden `amount` and `currency` (the price that
    /// the reader saw, in minor units), `facts_tag` (the event that they saw), `idempotency_key` and `for`.
    pub order: Form<OrderValues>,
    /// The idempotency key of the order form.
    pub idempotency_key: String,
    /// What else is on sale of the same event, cheapest first.
    pub others: Vec<OtherOffer>,
}

/// Another offer of the same event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherOffer {
    /// Its id, part of its address.
    pub id: String,
    /// Section, row and seats in one line.
    pub seats: Option<String>,
    /// The price of one place.
    pub price: Money,
    /// How many places can be ordered now.
    pub available: u32,
}

/// The values of the order form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderValues {
    /// The number of places; empty means one.
    pub quantity: String,
}

/// Renders a ticket.
#[must_use]
pub fn ticket_page(page: TicketPage) -> String {
    let title = page.order.title(&page.title);
    let visitor = page.shell.viewer.is_none();
    let about = about(&page);
    let offer = offer(&page, visitor);
    let others = others(&page.others, &page.shell);
    // Sales end by themselves: the script looks at the server's time.
    let closes = page.sales_end_at.as_ref().or(page.starts_at.as_ref()).map(|at| at.utc.clone());
    let content = view! {
        <article class="split" data-live=page.id data-version=page.version data-closes=closes>
            <div class="split-main">
                {page.category.map(|category| view! { <p class="kind" dir="auto">{category}</p> })}
                <h1 class="title" dir="auto">{page.title}</h1>
                {facts([
                    time("Starts", page.starts_at),
                    text("Place", place(page.venue, page.city)),
                    text("Seats", page.seats),
                    time("Sales end", page.sales_end_at),
                    text("Sold by", page.seller_name),
                ])}
            </div>
            <aside class="panel split-side" aria-label="Offer">{offer}</aside>
            {page.description.map(description)}
            {others}
        </article>
    };
    public_document(page.shell, &title, Some(about), content)
}

fn others(others: &[OtherOffer], shell: &Shell) -> Option<AnyView> {
    let row = |other: &OtherOffer| {
        let address = shell.base.at(&ticket_address(&other.id));
        let seats = other.seats.clone().unwrap_or_else(|| "Any place".to_owned());
        view! {
            <li class="other-offer">
                <a class="link" href=address dir="auto">{seats}</a>
                <span>{money(other.price)} " each · " {other.available} " available"</span>
            </li>
        }
    };
    (!others.is_empty()).then(|| {
        view! {
            <section class="split-main" aria-labelledby="others">
                <h2 class="subtitle" id="others">"Other offers of this event"</h2>
                <ul>{others.iter().map(row).collect_view()}</ul>
            </section>
        }
        .into_any()
    })
}

fn about(page: &TicketPage) -> About {
    let when = page.starts_at.as_ref().map(|at| at.text.clone());
    let place = place(page.venue.clone(), page.city.clone());
    let price = format!("{} {} each", page.price.decimal(), page.price.currency);
    let facts: Vec<_> = [Some(page.title.clone()), when, place, Some(price)].into_iter().flatten().collect();
    About { description: facts.join(" · "), path: ticket_address(&page.id), data: event(page) }
}

fn facts<const N: usize>(facts: [Option<AnyView>; N]) -> impl IntoView {
    let any = facts.iter().any(Option::is_some);
    any.then(|| view! { <dl class="facts">{facts.into_iter().flatten().collect_view()}</dl> })
}

fn time(name: &'static str, at: Option<EventTime>) -> Option<AnyView> {
    at.map(|at| fact(name, event_time(at).into_any()))
}

fn text(name: &'static str, text: Option<String>) -> Option<AnyView> {
    text.map(|text| fact(name, text.into_any()))
}

fn fact(name: &'static str, value: AnyView) -> AnyView {
    view! { <div class="fact"><dt>{name}</dt><dd dir="auto">{value}</dd></div> }.into_any()
}

fn offer(page: &TicketPage, visitor: bool) -> AnyView {
    let available = page.available.to_string();
    view! {
        <p class="price-line">{money(page.price)} " each"</p>
        <p class="stock-line" role="status">
            {ticket_badge(page.status)}
            <span><span data-live-available="">{available}</span> " available"</span>
        </p>
        {refusal(page)}
        {page.was.map(|was| another_price(was, page.price))}
        {page.has_changed.then(another_event)}
        <p class="message" data-kind="notice" data-live-note="" role="status" hidden></p>
        <p class="message" data-kind="notice" data-live-stale="" role="status" hidden>
            "This page is not up to date: the connection for live updates is lost. It is being tried again."
        </p>
        {action(page, visitor)}
    }
    .into_any()
}

/// What was refused. Where nothing can be ordered the form is hidden, so nothing leads to a field of it.
fn refusal(page: &TicketPage) -> Option<AnyView> {
    let mut form = page.order.clone();
    if page.status != TicketStatus::OnSale || page.held.is_some() {
        form.errors.retain(|error| error.field != "quantity");
    }
    form_alert(&form)
}

/// The old and the new amount, for the reader to agree to.
fn another_price(was: Money, now: Money) -> impl IntoView {
    view! {
        <p class="message" data-kind="notice" id="another-price">
            "The price was " {money(was)} " when you chose this ticket, and is now " {money(now)} "."
        </p>
    }
}

fn another_event() -> impl IntoView {
    view! {
        <p class="message" data-kind="notice">
            "The event has changed since you chose this ticket. Look at what, where and when before you order."
        </p>
    }
}

fn action(page: &TicketPage, visitor: bool) -> AnyView {
    if page.own {
        return own_ticket(page);
    }
    if let Some(held) = &page.held {
        return held_places(held, &page.shell);
    }
    view! {
        <div data-live-open="" hidden=page.status != TicketStatus::OnSale>
            {order_form(page, visitor)}
        </div>
        <p class="muted" data-live-closed="soldOut" hidden=page.status != TicketStatus::SoldOut>
            "None are left. Places come back only if an order is cancelled or not paid in time."
        </p>
        <p class="muted" data-live-closed="salesEnded" hidden=page.status != TicketStatus::SalesEnded>"Sales of this ticket have ended."</p>
        <p class="muted" data-live-closed="calledOff" hidden=page.status != TicketStatus::CalledOff>
            "This event was called off. Everybody who paid gets the money back."
        </p>
        <p class="muted" data-live-closed="withdrawn" hidden=page.status != TicketStatus::Withdrawn>
            "The seller takes no more orders for this ticket."
        </p>
    }
    .into_any()
}

fn own_ticket(page: &TicketPage) -> AnyView {
    let address = |way: &str| page.shell.base.at(&format!("{}/{way}", ticket_address(&page.id)));
    let may_edit = !matches!(page.status, TicketStatus::Withdrawn | TicketStatus::CalledOff);
    let edit = may_edit.then(|| view! { <a class="button button-wide" href=address("edit")>"Edit ticket"</a> });
    // Tickets that are sold stay sold when no more are offered, so their event may still be moved or called off.
    let event = (page.status != TicketStatus::CalledOff).then(|| {
        view! {
            <p><a class="link" href=address("reschedule")>"Reschedule the event"</a></p>
            <p><a class="link" href=address("call-off")>"Call off the event"</a></p>
        }
    });
    let [sales, door] = [sales_address(&page.id), door_address(&page.id)].map(|address| page.shell.base.at(&address));
    view! {
        <p class="muted">"You sell this ticket."</p>
        {edit}
        <p><a class="link" href=sales>"Sales and money"</a></p>
        <p><a class="link" href=door>"Check tickets at the door"</a></p>
        {event}
    }
    .into_any()
}

/// Ordering again leads to what is held.
fn held_places(held: &HeldOrder, shell: &Shell) -> AnyView {
    let address = shell.base.at(&order_address(&held.id));
    let places =
        if held.quantity == 1 { "You hold 1 place.".to_owned() } else { format!("You hold {} places.", held.quantity) };
    view! {
        <p class="muted">{places}</p>
        <a class="button button-primary button-wide" href=address>"Go to checkout"</a>
    }
    .into_any()
}

fn sign_in_first(page: &TicketPage) -> AnyView {
    let address = with_query(&page.shell.base.at("/signin"), &[("next", &ticket_address(&page.id))]);
    view! { <p class="muted">"You are asked to " <a class="link" href=address>"sign in"</a> " first."</p> }.into_any()
}

fn order_form(page: &TicketPage, visitor: bool) -> AnyView {
    let typed = &page.order.values.quantity;
    let quantity = Field {
        name: "quantity",
        label: "Quantity",
        value: if typed.is_empty() { "1".to_owned() } else { typed.clone() },
        error: page.order.message("quantity"),
        required: true,
        ..Field::default()
    };
    view! {
        <form class="form" method="post" action=page.shell.base.at(&format!("/tickets/{}/order", page.id))>
            <input type="hidden" name="idempotency_key" value=page.idempotency_key.clone()/>
            <input type="hidden" name="amount" value=page.price.amount/>
            <input type="hidden" name="currency" value=page.price.currency/>
            <input type="hidden" name="facts_tag" value=page.facts_tag.clone()/>
            {opened_by(page.shell.account())}
            {input_field(Kind::Count(page.available.max(1)), quantity)}
            <button class="button button-primary button-wide" type="submit">{order_label(page, visitor)}</button>
            {if visitor { sign_in_first(page) } else { held_meanwhile() }}
        </form>
    }
    .into_any()
}

fn held_meanwhile() -> AnyView {
    view! { <p class="muted">"Held for you while you pay."</p> }.into_any()
}

fn order_label(page: &TicketPage, visitor: bool) -> AnyView {
    match page.was {
        _ if visitor => view! { "Sign in to order" }.into_any(),
        None => view! { "Order" }.into_any(),
        Some(_) => view! { <span>"Agree and order for " {money(page.price)} " each"</span> }.into_any(),
    }
}
