//! Payments by Stripe.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::attempt_notes::AttemptNotes;
use ticketing_core::ports::gateway::PaymentGateway;

use crate::config::Config;

/// The gateway over the account that the settings name; buyers come back to the first public origin.
#[cfg(feature = "stripe")]
pub(super) fn gateway(config: &Config, notes: Arc<dyn AttemptNotes>) -> Result<Arc<dyn PaymentGateway>, BoxError> {
    use ticketing_stripe::{StripeConfig, StripeGateway};

    let settings = config.stripe.as_ref().ok_or("Stripe needs a key and a webhook secret")?;
    let origin = config.http.public_origins.first().ok_or("Stripe needs a public origin, where buyers come back to")?;
    let orders_url = format!("{}/orders", origin.as_str());
    let stripe = StripeConfig {
        webhook_secrets: settings.webhook_secrets.iter().map(|secret| secret.expose().to_owned()).collect(),
        url: settings.url.clone(),
        ..StripeConfig::new(settings.key.expose(), "", &orders_url)
    };
    Ok(Arc::new(StripeGateway::new(&stripe, notes)?))
}

#[cfg(not(feature = "stripe"))]
pub(super) fn gateway(_: &Config, _: Arc<dyn AttemptNotes>) -> Result<Arc<dyn PaymentGateway>, BoxError> {
    Err(super::failure::STRIPE.into())
}
