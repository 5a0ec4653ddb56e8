//! The life of an attempt at Stripe: prepared, confirmed, read, closed.

use std::sync::Arc;

use ticketing_core::ports::gateway::{Capture, CardToken};

use crate::api::{Api, Form};
use crate::error::CallError;
use crate::stage::Attempt;

/// The metadata field of Stripe's objects that holds the id of the payment.
pub(crate) const PAYMENT: &str = "ticketing_payment";

/// Attempts at Stripe. An attempt takes no money until it is confirmed or the buyer has its address.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    pub(crate) api: Api,
    /// Without a slash at its end.
    pub(crate) orders_url: Arc<str>,
}

impl Attempts {
    /// Creates an intent for a payment method, or a page where the buyer enters a card.
    pub(crate) async fn prepare(&self, capture: &Capture, amount: u64) -> Result<Attempt, CallError> {
        let key = format!("prepare-{}", capture.payment);
        match capture.card.expose() {
            CardToken::HOSTED => self.api.post(SESSIONS, self.session(capture, amount), Some(&key)).await,
            _ => self.api.post(INTENTS, intent(capture, amount), Some(&key)).await,
        }
    }

    /// Charges the payment method.
    pub(crate) async fn confirm(&self, id: &str, capture: &Capture) -> Result<Attempt, CallError> {
        let (path, key) = (format!("{INTENTS}/{id}/confirm"), format!("confirm-{}", capture.payment));
        let card = ("payment_method", capture.card.expose().to_owned());
        self.api.post(&path, vec![card, ("return_url", self.order_url(capture))], Some(&key)).await
    }

    pub(crate) async fn read(&self, id: &str) -> Result<Attempt, CallError> {
        self.api.get(&path(id)).await
    }

    /// Ends an attempt that has taken no money. Stripe never charges it afterwards.
    pub(crate) async fn close(&self, id: &str) -> Result<Attempt, CallError> {
        let verb = if is_session(id) { "expire" } else { "cancel" };
        self.api.post(&format!("{}/{verb}", path(id)), Form::new(), None).await
    }

    fn session(&self, capture: &Capture, amount: u64) -> Form {
        let (payment, order_url) = (capture.payment.to_string(), self.order_url(capture));
        // No `expires_at`: a repetition under the same idempotency key must have identical parameters.
        vec![
            ("mode", "payment".to_owned()),
            ("payment_method_types[0]", "card".to_owned()),
            // The total of the order, and never a converted one.
            ("adaptive_pricing[enabled]", "false".to_owned()),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", currency(capture)),
            ("line_items[0][price_data][unit_amount]", amount.to_string()),
            ("line_items[0][price_data][product_data][name]", format!("Order {}", capture.order)),
            ("client_reference_id", payment.clone()),
            ("metadata[ticketing_payment]", payment.clone()),
            ("payment_intent_data[metadata][ticketing_payment]", payment),
            ("success_url", order_url.clone()),
            ("cancel_url", order_url),
        ]
    }

    fn order_url(&self, capture: &Capture) -> String {
        format!("{}/{}", self.orders_url, capture.order)
    }
}

fn intent(capture: &Capture, amount: u64) -> Form {
    vec![
        ("amount", amount.to_string()),
        ("currency", currency(capture)),
        ("payment_method_types[0]", "card".to_owned()),
        ("capture_method", "automatic".to_owned()),
        ("description", format!("Order {}", capture.order)),
        ("metadata[ticketing_payment]", capture.payment.to_string()),
    ]
}

fn currency(capture: &Capture) -> String {
    capture.total.currency.code().to_ascii_lowercase()
}

const INTENTS: &str = "/v1/payment_intents";
const SESSIONS: &str = "/v1/checkout/sessions";

fn is_session(id: &str) -> bool {
    id.starts_with("cs_")
}

fn path(id: &str) -> String {
    format!("{}/{id}", if is_session(id) { SESSIONS } else { INTENTS })
}
