//! What somebody typed into a form that was not accepted, kept until its page is shown again.
//!
//! A form is answered with a redirect whatever becomes of it, so going back never sends
//! it again, and what was typed survives signing in. It waits in a slot of the draft
//! store; a cookie for its page alone names the slot, and holds the secret that opens it.
//!
//! Invariant: only fields that a form lists are kept, and no form lists a password or
//! the token of a card. A draft is shown at its own page to its own account, as often
//! as the page is asked for, until another takes its place or its time is up.

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use ticketing_core::ports::drafts::{DraftError, DraftStore};
use ticketing_web::{Base, Form};

use crate::http::limits;
use crate::state::App;

use super::refusal::Reason;

/// How long a draft is kept: long enough to sign up.
const LASTS: Duration = Duration::from_secs(15 * 60);
/// How long at the pages for signing in and up, which show an address to anybody: who comes after should not see it.
const LASTS_AT_THE_DOOR: Duration = Duration::from_secs(2 * 60);
/// How many drafts one network can have at a time; only beyond that one takes the place of another.
const SLOTS: u8 = 64;
/// The largest draft: a ticket with the longest description takes about half.
const MOST_BYTES: usize = 32 * 1024;

/// By which the API knows a form that is sent twice.
pub(super) fn new_key(app: &App) -> String {
    app.env.uuid(app.env.now()).to_string()
}

/// What was typed, by the names of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Typed(pub(super) Vec<(String, String)>);

/// A form that was not accepted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Draft {
    /// The page of the form.
    pub(super) page: String,
    /// Whose it is; anybody's in this browser, if it was opened before signing in.
    pub(super) account: Option<String>,
    pub(super) typed: Typed,
    /// Why it was not accepted; `None` if it was not tried.
    pub(super) reason: Option<Reason>,
}

/// The browser that a draft is kept for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeper<'a> {
    /// Where the site is mounted.
    pub(super) base: &'a Base,
    pub(super) network: IpAddr,
    pub(super) https: bool,
    /// What it has of the page's earlier drafts.
    pub(super) cookies: &'a [String],
}

/// A draft as it lies in the store.
#[derive(Serialize, Deserialize)]
struct Sealed {
    secret: String,
    draft: Draft,
}

impl Draft {
    /// The form as it was typed; `None` if nothing is kept of it.
    pub(super) fn form<T: DeserializeOwned>(&self) -> Option<T> {
        if self.typed.0.is_empty() {
            return None;
        }
        serde_urlencoded::from_str(&serde_urlencoded::to_string(&self.typed.0).ok()?).ok()
    }

    /// Says in a form why it was not accepted.
    pub(super) fn onto<V>(&self, form: Form<V>) -> Form<V> {
        match &self.reason {
            Some(reason) => reason.onto(form),
            None => form,
        }
    }

    /// By which the API knows the form when it is sent again: what may have been carried out keeps its key.
    pub(super) fn key(&self, app: &App, sent: Option<&str>) -> String {
        let may_be_done = self.reason.as_ref().is_none_or(Reason::is_passing);
        match sent.filter(|key| may_be_done && !key.is_empty()) {
            Some(key) => key.to_owned(),
            None => new_key(app),
        }
    }

    /// Keeps the draft for a browser; returns the cookie that finds it.
    ///
    /// It goes on in the slot of the draft before it, or else in a free one.
    /// `None` if it cannot be kept: it is too large, its network keeps too many, or the store does not answer.
    pub(super) async fn keep(self, app: &App, keeper: Keeper<'_>) -> Option<HeaderValue> {
        let drafts = app.drafts.as_ref()?;
        let chance = app.env.ids.secret();
        let (secret, start) = (hex(chance.get(..16)?), *chance.last()?);
        let page = self.page.clone();
        let lasts = if matches!(&*page, "/signin" | "/signup" | "/forgot") { LASTS_AT_THE_DOOR } else { LASTS };
        let sealed = serde_json::to_vec(&Sealed { secret: secret.clone(), draft: self }).ok()?;
        if sealed.len() > MOST_BYTES || !limits::may_keep(app, keeper.network).await {
            return None;
        }
        let kept = match found(&**drafts, &page, keeper.cookies).await {
            Ok(Some((slot, _))) => drafts.keep(&slot, sealed, lasts).await.map(|()| slot),
            Ok(None) => keep_again(&**drafts, slots(keeper.network, start), sealed, lasts).await,
            Err(error) => Err(error),
        };
        let slot = kept.inspect_err(|error| tracing::debug!(%error, "a form could not be kept")).ok()?;
        set_cookie(&keeper.base.at(&page), &format!("{slot}.{secret}"), lasts, keeper.https)
    }

    /// The draft that one of these cookies of a page finds.
    ///
    /// # Errors
    ///
    /// It is not known whether there is one.
    pub(super) async fn find(app: &App, page: &str, cookies: &[String]) -> Result<Option<Self>, DraftError> {
        let Some(drafts) = &app.drafts else { return Ok(None) };
        Ok(found(&**drafts, page, cookies).await?.map(|(_, draft)| draft))
    }
}

/// Keeps a draft in a free slot, or in the first one if none is free; returns the slot.
async fn keep_again(
    drafts: &dyn DraftStore,
    slots: Vec<String>,
    sealed: Vec<u8>,
    lasts: Duration,
) -> Result<String, DraftError> {
    let free = drafts.keep_in_free(&slots, &sealed, lasts).await?;
    let slot = slots.into_iter().nth(free.unwrap_or_default()).unwrap_or_default();
    if free.is_none() {
        drafts.keep(&slot, sealed, lasts).await?;
    }
    Ok(slot)
}

/// The first draft that one of these cookies opens, and its slot.
///
/// A cookie that somebody planted, or that is left of an earlier draft, hides no good one.
async fn found(drafts: &dyn DraftStore, page: &str, cookies: &[String]) -> Result<Option<(String, Draft)>, DraftError> {
    let mut unknown = None;
    for cookie in cookies {
        match opened(drafts, page, cookie).await {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => {}
            Err(error) => unknown = Some(error),
        }
    }
    unknown.map_or(Ok(None), Err)
}

async fn opened(drafts: &dyn DraftStore, page: &str, cookie: &str) -> Result<Option<(String, Draft)>, DraftError> {
    let Some((slot, secret)) = cookie.split_once('.').filter(|(slot, _)| slot.len() <= 32) else { return Ok(None) };
    let sealed = drafts.find(slot).await?;
    let sealed = sealed.and_then(|sealed| serde_json::from_slice::<Sealed>(&sealed).ok());
    let opened = sealed.filter(|sealed| sealed.secret == secret && sealed.draft.page == page);
    Ok(opened.map(|sealed| (slot.to_owned(), sealed.draft)))
}

/// The slots of a network, from one of them on and around.
fn slots(network: IpAddr, start: u8) -> Vec<String> {
    let name = name_of(network);
    (0..SLOTS).map(|n| format!("{name}-{}", start.wrapping_add(n) % SLOTS)).collect()
}

/// The name of the cookie for the drafts of the page at an address.
///
/// Over TLS not `__Host-`, which is for every path, but `__Secure-`: nothing that speaks without TLS sets it.
pub(super) fn cookie_of(page: &str, https: bool) -> String {
    let prefix = if https { "__Secure-" } else { "" };
    format!("{prefix}draft-{}", mark_of(page))
}

/// Stands for the address of a page in a cookie: short, and safe whatever the address is.
pub(super) fn mark_of(page: &str) -> String {
    hex(Sha256::digest(page).get(..4).unwrap_or_default())
}

/// Forgets the draft of the page at an address.
pub(super) fn forget_cookie(page: &str, https: bool) -> Option<HeaderValue> {
    set_cookie(page, "", Duration::ZERO, https)
}

fn set_cookie(page: &str, value: &str, lasts: Duration, https: bool) -> Option<HeaderValue> {
    let (name, seconds) = (cookie_of(page, https), lasts.as_secs());
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Max-Age={seconds}; Path={page}; HttpOnly; SameSite=Lax{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Names a network without telling it: what a customer of a provider has for sure, /48 of IPv6 for one.
fn name_of(network: IpAddr) -> String {
    let digest = match network.to_canonical() {
        IpAddr::V4(address) => Sha256::digest(address.octets()),
        IpAddr::V6(address) => Sha256::digest(address.octets().get(..6).unwrap_or_default()),
    };
    hex(digest.get(..8).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_a_page_is_sent_to_that_page_alone() {
        let cookie = set_cookie("/sell", "a.b", Duration::from_secs(5), true).unwrap();
        let name = cookie_of("/sell", true);

        assert_eq!(cookie, format!("{name}=a.b; Max-Age=5; Path=/sell; HttpOnly; SameSite=Lax; Secure"));
        assert_eq!(name, format!("__Secure-{}", cookie_of("/sell", false)));
        assert_ne!(name, cookie_of("/signin", true));
    }

    #[test]
    fn slots_of_a_network_are_as_many_from_wherever_they_begin() {
        let network = "203.0.113.9".parse().unwrap();
        for start in [0, 1, 63, 64, 255] {
            let mut slots = slots(network, start);
            slots.sort_unstable();
            slots.dedup();
            assert_eq!(slots.len(), usize::from(SLOTS), "{start}");
        }
    }

    #[test]
    fn one_network_has_one_name() {
        let name = |address: &str| name_of(address.parse().unwrap());

        assert_eq!(name("2001:db8:1:2:3::4"), name("2001:db8:1:ff::1"));
        assert_ne!(name("2001:db8:1::"), name("2001:db8:2::"));
        assert_eq!(name("::ffff:203.0.113.9"), name("203.0.113.9"));
        assert_ne!(name("203.0.113.8"), name("203.0.113.9"));
    }
}
