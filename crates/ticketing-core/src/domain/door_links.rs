//! Door links: who opens the door of a ticket besides its seller.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::admission::Entrance;
use super::ids::{AccountId, DoorLinkId, TicketId};
use super::invalid::{Invalid, Lines, TextRule};
use super::pass::PassRefusal;
use super::secret;
use super::time::Timestamp;

const LABEL: TextRule = TextRule { field: "label", max_chars: 60, lines: Lines::One };

/// What opens one door: 128 unpredictable bits, as 32 hexadecimal digits. It is shown once and stored nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct DoorKey([u8; 16]);

/// The text is not the key of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of a door has 32 hexadecimal digits")]
pub struct InvalidDoorKey;

/// The stored digest of a key: enough to recognise it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DoorKeyDigest([u8; 32]);

/// What a seller calls a link: 1 to 60 characters, one of which can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorLabel(Arc<str>);

/// A link that opens the door of a ticket until it is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorLink {
    /// Unique id (UUID version 7).
    pub id: DoorLinkId,
    /// What the seller calls it, such as `North door`.
    pub label: DoorLabel,
    /// Recognises its key.
    pub digest: DoorKeyDigest,
    /// When it was made.
    pub made_at: Timestamp,
}

/// The links of one ticket that are not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorLinks {
    /// The ticket.
    pub ticket: TicketId,
    /// The links, oldest first. Invariant: at most [`DoorLinks::MOST`].
    pub links: Vec<DoorLink>,
    /// The number of changes so far.
    pub version: u64,
}

/// By what somebody stands at a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorAccess {
    /// An account, which must be the seller's.
    Account(AccountId),
    /// A key, which must be that of a link.
    Key(DoorKey),
}

impl From<AccountId> for DoorAccess {
    fn from(account: AccountId) -> Self {
        Self::Account(account)
    }
}

impl From<DoorKey> for DoorAccess {
    fn from(key: DoorKey) -> Self {
        Self::Key(key)
    }
}

impl DoorKey {
    /// Takes the key out of a secret that was drawn for one link.
    #[must_use]
    pub fn drawn(secret: [u8; 32]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(secret).for_each(|(byte, drawn)| *byte = drawn);
        Self(key)
    }

    /// The key as text, for the person who is to stand at the door.
    #[must_use]
    pub fn expose(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> DoorKeyDigest {
        DoorKeyDigest(Sha256::new_with_prefix("door key").chain_update(self.0).finalize().into())
    }
}

impl FromStr for DoorKey {
    type Err = InvalidDoorKey;

    fn from_str(text: &str) -> Result<Self, InvalidDoorKey> {
        let text = text.trim().as_bytes();
        let mut key = [0; 16];
        for (byte, pair) in key.iter_mut().zip(text.chunks(2)) {
            let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
            let both = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(16 * high + low).ok());
            *byte = both.ok_or(InvalidDoorKey)?;
        }
        if text.len() == 32 { Ok(Self(key)) } else { Err(InvalidDoorKey) }
    }
}

impl fmt::Debug for DoorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DoorKey(…)")
    }
}

impl DoorKeyDigest {
    /// Wraps a stored digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest to store.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is of this key. The time it takes does not depend on where they differ.
    #[must_use]
    pub fn is_of(&self, key: &DoorKey) -> bool {
        secret::are_same(&self.0, &key.digest().0)
    }
}

impl fmt::Debug for DoorKeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DoorKeyDigest(…)")
    }
}

impl DoorLabel {
    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DoorLabel {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        LABEL.parse(text).map(|text| Self(text.into()))
    }
}

impl DoorLinks {
    /// The most links of a ticket at a time.
    pub const MOST: usize = 20;

    /// No links yet.
    #[must_use]
    pub const fn none(ticket: TicketId) -> Self {
        Self { ticket, links: Vec::new(), version: 0 }
    }

    /// Adds a link.
    ///
    /// # Errors
    ///
    /// [`PassRefusal::TooManyDoorLinks`].
    pub fn with(mut self, link: DoorLink) -> Result<Self, PassRefusal> {
        if self.links.len() >= Self::MOST {
            return Err(PassRefusal::TooManyDoorLinks);
        }
        self.links.push(link);
        self.version += 1;
        Ok(self)
    }

    /// Without a link, whose key opens nothing from then on; `None` if there is no such link.
    #[must_use]
    pub fn without(mut self, id: DoorLinkId) -> Option<Self> {
        let before = self.links.len();
        self.links.retain(|link| link.id != id);
        self.version += 1;
        (self.links.len() < before).then_some(self)
    }

    /// Whether a key is that of a link.
    #[must_use]
    pub fn are_opened_by(&self, key: &DoorKey) -> bool {
        // Every link is looked at, so that the time does not tell which it is.
        self.links.iter().fold(false, |opened, link| opened | link.digest.is_of(key))
    }
}

impl Entrance {
    /// Lets only the seller open it, and anybody who has the key of a link.
    ///
    /// # Errors
    ///
    /// [`PassRefusal::NotSeller`].
    pub fn may_be_entered_by(&self, access: &DoorAccess, links: Option<&DoorLinks>) -> Result<(), PassRefusal> {
        match access {
            DoorAccess::Account(account) => self.may_be_opened_by(*account),
            DoorAccess::Key(key) => match links.filter(|links| links.ticket == self.ticket) {
                Some(links) if links.are_opened_by(key) => Ok(()),
                _ => Err(PassRefusal::NotSeller),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(first: u8) -> DoorKey {
        DoorKey::drawn([first; 32])
    }

    fn link(n: u8) -> DoorLink {
        DoorLink {
            id: DoorLinkId::from_u128(n.into()),
            label: "North door".parse().unwrap(),
            digest: key(n).digest(),
            made_at: Timestamp::EPOCH,
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_shown_and_nothing_else_is_a_key() {
        assert_eq!(key(7).expose().parse(), Ok(key(7)));
        assert_eq!(key(0xab).expose().to_uppercase().parse(), Ok(key(0xab)));
        for wrong in ["", "abc", &"0".repeat(31), &"0".repeat(33), &"g".repeat(32), &"é".repeat(16)] {
            assert_eq!(wrong.parse::<DoorKey>(), Err(InvalidDoorKey), "{wrong}");
        }
        assert!(!format!("{:?} {:?}", key(7), link(7)).contains(&key(7).expose()));
    }

    #[test]
    fn a_door_opens_for_its_seller_and_for_keys_until_they_are_revoked() {
        let (ticket, seller) = (TicketId::from_u128(1), AccountId::from_u128(2));
        let door = Entrance { ticket, seller, title: "Opera".into(), ticket_version: 1 };
        let links = DoorLinks::none(ticket).with(link(1)).unwrap().with(link(2)).unwrap();
        let opens = |access: DoorAccess, links: &DoorLinks| door.may_be_entered_by(&access, Some(links)).is_ok();

        assert!(opens(seller.into(), &links) && !opens(AccountId::from_u128(3).into(), &links));
        assert!(opens(key(1).into(), &links) && opens(key(2).into(), &links) && !opens(key(3).into(), &links));
        let revoked = links.clone().without(link(1).id).unwrap();
        assert!(!opens(key(1).into(), &revoked) && opens(key(2).into(), &revoked));
        assert_eq!(revoked.without(link(1).id), None);
        assert!(!opens(key(1).into(), &DoorLinks { ticket: TicketId::from_u128(9), ..links }));
        assert_eq!(door.may_be_entered_by(&key(1).into(), None), Err(PassRefusal::NotSeller));
    }

    #[test]
    fn a_ticket_has_twenty_links_at_most() {
        let full = (0..20).try_fold(DoorLinks::none(TicketId::from_u128(1)), |links, n| links.with(link(n))).unwrap();

        assert_eq!(full.with(link(20)), Err(PassRefusal::TooManyDoorLinks));
    }

    #[test]
    fn a_label_is_one_line_that_can_be_seen() {
        assert_eq!(" North door ".parse::<DoorLabel>().unwrap().as_str(), "North door");
        for wrong in ["", "  ", "\u{200b}", "a\nb", "a\u{202E}b", &"x".repeat(61)] {
            assert!(wrong.parse::<DoorLabel>().is_err(), "{wrong:?}");
        }
    }
}
