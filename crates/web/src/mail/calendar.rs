//! The file that a letter of an order has for a calendar: an entry, what became of it, or that it is off.

use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::letter::LetterReason;
use ticketing_core::domain::order::{Order, OrderStatus};
use ticketing_core::domain::ticket::{Ticket, TicketStatus};
use ticketing_core::ports::letter_writer::LetterToWrite;
use ticketing_core::ports::mailer::Attachment;

use crate::calendar::{CalendarEntry, calendar};
use crate::components::ticket_card::place;
use crate::format::order_address;

use super::{Letters, facts};

impl Letters {
    /// An entry replaces the one of an earlier letter. Nothing where the time of the event is not known.
    pub(super) fn calendar(&self, letter: &LetterToWrite) -> Option<Attachment> {
        match letter.reason {
            LetterReason::OrderCompleted { .. }
            | LetterReason::EventChanged { .. }
            | LetterReason::OrderRefunded { .. } => {}
            LetterReason::ConfirmAddress
            | LetterReason::ResetPassword
            | LetterReason::PasswordChanged
            | LetterReason::NewBrowser { .. }
            | LetterReason::MoneyReturned { .. }
            | LetterReason::PlacesSold { .. }
            | LetterReason::TicketFound { .. } => return None,
        }
        let entry = self.entry(letter, letter.order.as_ref()?, letter.ticket.as_ref()?)?;
        Some(Attachment {
            name: "ticket.ics".to_owned(),
            media_type: "text/calendar; charset=utf-8".to_owned(),
            content: calendar(&entry).into(),
        })
    }

    fn entry(&self, letter: &LetterToWrite, order: &Order, ticket: &Ticket) -> Option<CalendarEntry> {
        let EventFacts { title, venue, city, starts_at, seating, .. } = &*ticket.offer.details.event;
        let is_paid = matches!(order.status, OrderStatus::Completed { .. });
        let [venue, city] = [venue, city].map(|text| text.as_deref().map(str::to_owned));
        Some(CalendarEntry {
            id: order.id.to_string(),
            // Each rises by itself, so together they do.
            sequence: ticket.version.saturating_add(order.version),
            is_cancelled: !is_paid || ticket.status == TicketStatus::CalledOff,
            title: title.to_string(),
            starts_at: starts_at.or(order.ticket.event.starts_at)?,
            place: place(venue, city),
            seats: facts::seats(seating),
            quantity: order.quantity.get(),
            address: Some(self.link(&order_address(&order.id.to_string()))),
            now: letter.caused_at,
        })
    }
}
