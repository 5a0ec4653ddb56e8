//! What a page shows, in the words of schema.org.

use serde_json::{Value, json};

use crate::components::badge::TicketStatus;
use crate::format::ticket_address;
use crate::head::address;
use crate::pages::ticket::TicketPage;

/// The event of a ticket and its offer, as JSON-LD; `None` without a start, which an event must have.
pub(crate) fn event(page: &TicketPage) -> Option<String> {
    let url = address(&page.shell, &ticket_address(&page.id));
    let availability = match page.status {
        TicketStatus::OnSale => "https://schema.org/InStock",
        TicketStatus::SoldOut => "https://schema.org/SoldOut",
        TicketStatus::SalesEnded | TicketStatus::CalledOff => "https://schema.org/OutOfStock",
        TicketStatus::Withdrawn => "https://schema.org/Discontinued",
    };
    let status = match page.status {
        TicketStatus::CalledOff => "https://schema.org/EventCancelled",
        _ => "https://schema.org/EventScheduled",
    };
    let offer = json!({
        "@type": "Offer",
        "url": url,
        "price": page.price.decimal(),
        "priceCurrency": page.price.currency,
        "availability": availability,
    });
    let place = page.venue.as_ref().or(page.city.as_ref());
    let location =
        place.map(|name| json!({"@type": "Place", "name": name, "address": page.city.as_ref().unwrap_or(name)}));
    let mut event = json!({
        "@context": "https://schema.org",
        "@type": "Event",
        "name": page.title,
        "startDate": page.starts_at.as_ref()?.utc,
        "eventStatus": status,
        "description": page.description,
        "location": location,
        "url": url,
        "offers": offer,
    });
    event.as_object_mut()?.retain(|_, value| !value.is_null());
    Some(as_script(&event))
}

/// The text of a script element, which no text in it ends.
fn as_script(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}
