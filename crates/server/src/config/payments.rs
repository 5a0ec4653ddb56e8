//! What takes the money.

use super::Secret;

/// What takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Gateway {
    /// Takes none: it pretends, by the test cards that it is paid with.
    Sandbox,
    /// Stripe; buyers pay on its page.
    Stripe,
}

impl Gateway {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Stripe => "stripe",
        }
    }

    /// The origin of the pages to which the payment form redirects, if the gateway has such pages.
    #[must_use]
    pub const fn pages(self) -> Option<&'static str> {
        match self {
            Self::Sandbox => None,
            Self::Stripe => Some("https://checkout.stripe.com/"),
        }
    }
}

/// An account of Stripe.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// Its secret key, or a restricted one.
    pub key: Secret,
    /// The signing secrets of its webhook endpoint; several while one is being replaced.
    pub webhook_secrets: Vec<Secret>,
    /// Where the API is: `https`, or `http` on loopback.
    pub url: String,
}
