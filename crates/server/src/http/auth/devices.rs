//! Browsers that signed in before: a cookie that says so, signed and bound to the account.
//!
//! It lets nobody in. It gives its browser separate attempts, which nobody else
//! can use up, so that guessing from elsewhere never locks an owner out.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use ticketing_core::domain::account::EmailAddress;
use ticketing_core::domain::time::Timestamp;

use crate::state::DeviceKey;

use super::cookies::{CookieName, cookies};

const KNOWN: CookieName = CookieName::new("known", "__Host-known");
/// How long a browser is known after its last sign-in.
const LASTS: Duration = Duration::from_secs(180 * 24 * 3600);
/// The most accounts that one browser is known for; the longest unused goes first.
const ACCOUNTS: usize = 4;

/// How many bytes of a digest are kept.
const DIGEST: usize = 16;

/// An account without its address: the first half of its SHA-256, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountMark(String);

impl AccountMark {
    /// Every spelling of an address is one account, whether it exists or not.
    pub(crate) fn of(email: &EmailAddress) -> Self {
        Self(hex(&Sha256::digest(email.as_str())))
    }
}

impl fmt::Display for AccountMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DeviceKey {
    /// The accounts that the browser of a request signed in to before.
    pub(crate) fn known(&self, headers: &HeaderMap, secure: bool, now: Timestamp) -> KnownAccounts {
        let values = cookies(headers, KNOWN, secure).into_iter();
        // Each one costs a digest, so of what was made up few are looked at.
        let entries = values.flat_map(|value| value.split('.').take(ACCOUNTS));
        KnownAccounts(entries.filter_map(|entry| self.read(entry, now)).take(ACCOUNTS).collect())
    }

    /// The cookie by which a browser is known for these accounts.
    pub(crate) fn cookie(&self, known: &KnownAccounts, secure: bool) -> HeaderValue {
        let written: Vec<_> = known.0.iter().map(|entry| self.write(entry)).collect();
        KNOWN.set(&written.join("."), LASTS, secure)
    }

    fn write(&self, Known { account, until }: &Known) -> String {
        format!("{account}-{until}-{}", hex(&self.mac(account, *until).finalize().into_bytes()))
    }

    fn read(&self, entry: &str, now: Timestamp) -> Option<Known> {
        let (account, rest) = entry.split_once('-').filter(|(account, _)| account.len() == 2 * DIGEST)?;
        let (until, _) = rest.split_once('-')?;
        let known = Known { account: AccountMark(account.to_owned()), until: until.parse().ok()? };
        // Not the text alone: a mark is believed for as long as its signature says.
        let is_ours = same(self.write(&known).as_bytes(), entry.as_bytes());
        Some(known).filter(|known| is_ours && known.until > now.millis() / 1000)
    }

    fn mac(&self, account: &AccountMark, until: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret()).expect("HMAC takes keys of any length");
        mac.update(format!("known device:{account}:{until}").as_bytes());
        mac
    }
}

/// Which accounts a browser signed in to before.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownAccounts(Vec<Known>);

#[derive(Debug, Clone)]
struct Known {
    account: AccountMark,
    /// In whole seconds since the epoch.
    until: i64,
}

impl KnownAccounts {
    /// The same, once the browser signed in to `account`.
    pub(crate) fn and(&self, account: AccountMark, now: Timestamp) -> Self {
        let mut others = self.0.clone();
        others.retain(|other| other.account != account);
        others.truncate(ACCOUNTS - 1);
        others.insert(0, Known { account, until: now.after(LASTS).millis() / 1000 });
        Self(others)
    }

    pub(crate) fn includes(&self, account: &AccountMark) -> bool {
        self.0.iter().any(|known| known.account == *account)
    }
}

/// Half of a digest, which is enough to be unique.
fn hex(digest: &[u8]) -> String {
    digest.iter().take(DIGEST).map(|byte| format!("{byte:02x}")).collect()
}

/// Compares in a time that does not depend on where two texts differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn mark(email: &str) -> AccountMark {
        AccountMark::of(&email.parse().unwrap())
    }

    /// The value that a browser keeps that had another, once it signed in.
    fn signed_in(key: &DeviceKey, value: &str, email: &str) -> String {
        let cookie = key.cookie(&known(key, value, NOW).and(mark(email), NOW), true);
        KNOWN.set_by(&cookie).unwrap().to_owned()
    }

    fn known(key: &DeviceKey, value: &str, now: Timestamp) -> KnownAccounts {
        let line = HeaderValue::from_str(&format!("__Host-known={value}")).unwrap();
        key.known(&HeaderMap::from_iter([(http::header::COOKIE, line)]), true, now)
    }

    #[test]
    fn a_browser_is_known_for_the_accounts_it_signed_in_to() {
        let key = DeviceKey::new(b"secret");
        let first = signed_in(&key, "", "Ada@Example.org");
        let both = signed_in(&key, &first, "ben@example.org");

        let known = known(&key, &both, NOW);

        assert!(known.includes(&mark("ada@example.org")) && known.includes(&mark("ben@example.org")));
        assert!(!known.includes(&mark("eve@example.org")));
    }

    #[test]
    fn a_mark_is_believed_only_as_it_was_signed() {
        let key = DeviceKey::new(b"secret");
        let value = signed_in(&key, "", "ada@example.org");
        let ada = mark("ada@example.org");
        let eve = value.replacen(&ada.0, &mark("eve@example.org").0, 1);
        let longer = value.replacen("-1", "-2", 1);

        assert!(known(&key, &value, NOW).includes(&ada));
        assert!(!known(&DeviceKey::new(b"another"), &value, NOW).includes(&ada));
        assert!(!known(&key, &value, NOW.after(LASTS)).includes(&ada));
        assert!(!known(&key, &eve, NOW).includes(&mark("eve@example.org")));
        for forged in [longer.as_str(), &value[..value.len() - 1], &format!("{value}0"), "", "-", "--", "...", "a-b-c"]
        {
            assert!(!known(&key, forged, NOW).includes(&ada), "{forged}");
        }
    }

    #[test]
    fn only_a_few_entries_of_a_cookie_are_looked_at() {
        let key = DeviceKey::new(b"secret");
        let value = signed_in(&key, "", "ada@example.org");
        let ada = mark("ada@example.org");
        let many = format!("{}.{value}", ["a-1-b"; ACCOUNTS].join("."));
        let twice = HeaderValue::from_str(&format!("__Host-known=a-1-b; __Host-known={value}")).unwrap();
        let twice = HeaderMap::from_iter([(http::header::COOKIE, twice)]);

        assert!(!known(&key, &many, NOW).includes(&ada));
        assert!(key.known(&twice, true, NOW).includes(&ada), "a bad cookie hides no good one");
    }

    #[test]
    fn the_longest_unused_account_is_forgotten_first() {
        let key = DeviceKey::new(b"secret");
        let addresses: Vec<_> = (0..=ACCOUNTS).map(|n| format!("ada{n}@example.org")).collect();
        let value = addresses.iter().fold(String::new(), |value, address| signed_in(&key, &value, address));

        let known: Vec<_> =
            addresses.iter().filter(|address| known(&key, &value, NOW).includes(&mark(address))).collect();

        assert_eq!(known, addresses.iter().skip(1).collect::<Vec<_>>());
    }
}
