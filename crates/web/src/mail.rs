//! Letters in words: what people are told by mail.
//!
//! The words are files in `mail/`, two for each letter. The text begins with lines for the subject and for why
//! somebody gets it; what stands in braces is filled in. All are put into one frame.
//!
//! Invariant: a mail shows nothing from elsewhere, runs nothing, and takes no text of anybody for HTML.

mod alerts;
mod calendar;
mod facts;
mod letters;
mod name;
#[cfg(test)]
#[path = "../tests/letters/samples.rs"]
mod samples;
mod template;
mod value;

use ticketing_core::ports::letter_writer::{LetterToWrite, LetterWriter};
use ticketing_core::ports::mailer::Mail;

use crate::base::Base;

/// Puts letters into words. Every link in them is absolute.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::ids::{AccountId, LetterId};
/// use ticketing_core::domain::letter::LetterReason;
/// use ticketing_core::ports::contacts::{Contact, LinkToken};
/// use ticketing_core::ports::letter_writer::{LetterToWrite, LetterWriter};
/// use ticketing_web::{Base, Letters};
///
/// let letters = Letters {
///     origin: "https://tickets.example".to_owned(),
///     base: Base::default(),
///     marketplace: "Tickets of Example".to_owned(),
/// };
/// let token = Some(LinkToken::new("a-secret"));
/// let mail = letters.write(&LetterToWrite {
///     id: LetterId::from_u128(1),
///     reason: LetterReason::ConfirmAddress,
///     caused_at: "2027-02-01T09:05:00Z".parse()?,
///     owner: AccountId::from_u128(1),
///     to: Contact { email: "ada@example.org".parse()?, display_name: None, token },
///     order: None,
///     ticket: None,
///     alert: None,
/// });
///
/// assert_eq!(mail.subject, "Confirm your address for Tickets of Example");
/// assert!(mail.text.contains("https://tickets.example/confirm/a-secret"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// Where browsers find the site, such as `https://tickets.example`.
    pub origin: String,
    /// Where the site is mounted.
    pub base: Base,
    /// What the marketplace is called.
    pub marketplace: String,
}

impl Letters {
    /// The address of a page of the site.
    fn link(&self, path: &str) -> String {
        [self.origin.trim_end_matches('/'), &self.base.at(path)].concat()
    }
}

impl LetterWriter for Letters {
    fn write(&self, letter: &LetterToWrite) -> Mail {
        let written = self.compose(letter).written();
        Mail {
            id: letter.id,
            to: letter.to.email.clone(),
            subject: written.subject,
            text: written.text,
            html: written.html,
            attachments: self.calendar(letter).into_iter().collect(),
            unsubscribe: letter.alert.as_ref().map(|alert| self.end_of(letter, alert)),
        }
    }
}
