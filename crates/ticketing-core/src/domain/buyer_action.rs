//! What a buyer must do before a payment goes on, such as prove to their bank who they are (3-D Secure).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What the buyer must do. Anybody who knows it can act for the buyer, so only the buyer gets it, and `Debug` hides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuyerAction {
    /// Open an address of the provider, which sends the buyer back afterwards.
    Redirect(ActionUrl),
    /// Confirm in the provider's own script, on a page of the marketplace.
    Confirm(Confirmation),
}

/// An address that a buyer may be sent to: `https`, or `http` on the loopback interface.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionUrl(Arc<str>);

/// What the provider's script needs to let the buyer confirm a payment.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmation {
    client_secret: Arc<str>,
    reference: Arc<str>,
}

/// The gateway asks of the buyer what cannot be passed on: look the payment up later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAction {
    /// No address, or one that a buyer must not be sent to.
    #[error(
        "the address must be https, or http on loopback, with at most {} visible ASCII characters",
        ActionUrl::MAX_BYTES
    )]
    Url,
    /// The client secret or the reference is empty, too long or no visible text.
    #[error("the client secret and the reference must be 1 to {} visible ASCII characters", Confirmation::MAX_BYTES)]
    Confirmation,
}

impl ActionUrl {
    /// The longest address, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// Checks an address.
    ///
    /// # Errors
    ///
    /// [`InvalidAction::Url`].
    pub fn parse(url: &str) -> Result<Self, InvalidAction> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidAction::Url)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_allowed = match (scheme, host(authority)) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => is_loopback(host),
            _ => false,
        };
        // Browsers read a backslash as a slash, so it could end the host elsewhere than here.
        let is_plain = is_visible(url, Self::MAX_BYTES) && !url.contains('\\');
        if is_allowed && is_plain { Ok(Self(url.into())) } else { Err(InvalidAction::Url) }
    }

    /// The address.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The host of an authority without user information.
fn host(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(inside) => inside.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte));
    (is_host && is_port).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host == "localhost"
        || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
        || ipv6.and_then(|host| host.parse().ok()).is_some_and(|ip: Ipv6Addr| ip.is_loopback())
}

fn is_visible(text: &str, max_bytes: usize) -> bool {
    (1..=max_bytes).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl fmt::Debug for ActionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActionUrl(…)")
    }
}

impl Confirmation {
    /// The longest client secret, and the longest reference, in bytes.
    pub const MAX_BYTES: usize = 500;

    /// Checks a client secret and the provider's public reference of the payment.
    ///
    /// # Errors
    ///
    /// [`InvalidAction::Confirmation`].
    pub fn parse(client_secret: &str, reference: &str) -> Result<Self, InvalidAction> {
        let is_visible = [client_secret, reference].iter().all(|text| is_visible(text, Self::MAX_BYTES));
        let confirmation = Self { client_secret: client_secret.into(), reference: reference.into() };
        if is_visible { Ok(confirmation) } else { Err(InvalidAction::Confirmation) }
    }

    /// The secret by which the provider's script acts for the buyer.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.client_secret
    }

    /// The provider's public reference of the payment.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation").field("reference", &self.reference).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_is_sent_to_https_or_to_loopback() {
        for url in [
            "https://bank.example/act?id=1#top",
            "https://bank.example:8443",
            "https://[2001:db8::1]/",
            "http://localhost:3000/act",
            "http://127.0.0.1/act",
            "http://[::1]:80/act",
        ] {
            assert_eq!(ActionUrl::parse(url).map(|url| url.expose().to_owned()), Ok(url.to_owned()));
        }
    }

    #[test]
    fn a_buyer_is_sent_nowhere_else() {
        let long = format!("https://bank.example/{}", "a".repeat(ActionUrl::MAX_BYTES));
        for url in [
            "",
            "/act",
            "//bank.example",
            "javascript://bank.example/%0aalert(1)",
            "data:text/html,x",
            "http://bank.example/",
            "http://localhost.bank.example/",
            "http://[::2]/",
            "https://",
            "https:///act",
            "https://shop.example@bank.example/",
            "https://bank.example:port/",
            "https://bank.example\\@shop.example/",
            "https://bank.example/a b",
            "https://bänk.example/",
            &long,
        ] {
            assert_eq!(ActionUrl::parse(url), Err(InvalidAction::Url), "{url}");
        }
    }

    #[test]
    fn a_confirmation_is_bounded_and_its_secret_is_not_printed() {
        let long = "a".repeat(Confirmation::MAX_BYTES + 1);
        for (secret, reference) in [("", "pi_1"), ("secret", ""), (&*long, "pi_1"), ("secret", &*long), ("a b", "pi_1")]
        {
            assert_eq!(Confirmation::parse(secret, reference), Err(InvalidAction::Confirmation));
        }
        let confirmation = Confirmation::parse("hush", "pi_1").unwrap();

        assert_eq!((confirmation.expose(), confirmation.reference()), ("hush", "pi_1"));
        assert_eq!(format!("{confirmation:?}"), r#"Confirmation { reference: "pi_1", .. }"#);
    }
}
