//! Tells people of tickets as a marketplace does.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::{AccountId, EventId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, Incoming};
use ticketing_core::ports::contacts::{Contact, ContactPurpose, Contacts, ContactsUnavailable};
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::letter_writer::{LetterToWrite, LetterWriter};
use ticketing_core::ports::mailer::{Mail, MailError, Mailer};
use ticketing_core::usecase::notifications::{AlertsFollow, Notifications};
use ticketing_core::wire::{Origin, seal};
use ticketing_memory::ManualClock;

pub(crate) type Failure = Box<dyn std::error::Error>;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Letters are written to the store and go nowhere.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Contacts for Nowhere {
    async fn contact(&self, _: AccountId, _: ContactPurpose) -> Result<Option<Contact>, ContactsUnavailable> {
        Ok(None)
    }
}

impl LetterWriter for Nowhere {
    fn write(&self, letter: &LetterToWrite) -> Mail {
        let (id, to, subject) = (letter.id, letter.to.email.clone(), String::new());
        Mail { id, to, subject, text: String::new(), html: String::new(), attachments: Vec::new(), unsubscribe: None }
    }
}

#[async_trait]
impl Mailer for Nowhere {
    async fn send(&self, _: &Mail) -> Result<(), MailError> {
        Ok(())
    }
}

/// A service that follows tickets.
pub(crate) fn follow(store: Arc<dyn LetterStore>) -> AlertsFollow {
    let env = ManualClock::new(NOW).with_sequential_ids();
    AlertsFollow(Notifications {
        store,
        contacts: Arc::new(Nowhere),
        writer: Arc::new(Nowhere),
        mailer: Arc::new(Nowhere),
        env,
    })
}

/// Tells of a ticket.
pub(crate) async fn tell(follow: &AlertsFollow, event: Event) -> Result<(), Failure> {
    let envelope = seal(&event, EventId::new(event.subject()), NOW, &Origin::new(event.subject()));
    Ok(follow.handle(&[Incoming { envelope, event }]).await?)
}
