//! Refunds at Stripe, each once.

use std::sync::Arc;

use serde::Deserialize;
use ticketing_core::ports::gateway::{GatewayError, Refund};

use crate::amount::charged;
use crate::api::Api;
use crate::error::{CallError, NotChargeable, Refusal, unavailable};

#[derive(Deserialize)]
struct List {
    data: Vec<Refunded>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Refunded {
    id: Arc<str>,
    #[serde(default)]
    amount: u64,
    status: Option<Arc<str>>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    ticketing_refund: Option<Arc<str>>,
}

impl Refunded {
    /// Whether the bank returned the money to the marketplace.
    fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }

    fn is_of(&self, refund: &str) -> bool {
        self.made_for() == Some(refund)
    }

    /// The refund of the marketplace that it was made for; `None` if somebody made it in Stripe's dashboard.
    fn made_for(&self) -> Option<&str> {
        self.metadata.as_ref().and_then(|metadata| metadata.ticketing_refund.as_deref())
    }
}

/// Makes a refund, unless it was made before.
///
/// Stripe forgets idempotency keys after a day, so its list of refunds is checked first. The key protects against
/// requests at the same time. A failed refund is made again under another key.
///
/// Money that somebody refunded in Stripe's dashboard has gone back too: nothing is left to do then.
pub(crate) async fn refund(api: &Api, refund: &Refund) -> Result<(), GatewayError> {
    let amount = charged(refund.amount).ok_or_else(|| unavailable(NotChargeable))?;
    let id = refund.id.to_string();
    let all = of_intent(api, &refund.reference).await.map_err(unavailable)?;
    let earlier: Vec<_> = all.iter().filter(|refunded| refunded.is_of(&id)).collect();
    if earlier.iter().any(|refunded| !refunded.has_failed()) {
        return Ok(());
    }
    let by_hand = all.iter().filter(|refunded| refunded.made_for().is_none() && !refunded.has_failed());
    let by_hand: u64 = by_hand.map(|refunded| refunded.amount).sum();
    let form = vec![
        ("payment_intent", refund.reference.to_string()),
        ("amount", amount.to_string()),
        ("metadata[ticketing_refund]", id.clone()),
    ];
    match api.post("/v1/refunds", form, Some(&format!("refund-{id}-{}", earlier.len()))).await {
        Ok(Refunded { .. }) => Ok(()),
        Err(CallError::Refused(refusal)) if is_too_much(&refusal) && by_hand >= amount => Ok(()),
        Err(CallError::Refused(refusal)) if is_too_much(&refusal) => Err(GatewayError::ExceedsCharge),
        Err(error) => Err(unavailable(error)),
    }
}

/// The refunds of an intent, no matter who made them.
async fn of_intent(api: &Api, intent: &str) -> Result<Vec<Refunded>, CallError> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let List { data, has_more } = api.get(&format!("/v1/refunds?limit=100&payment_intent={intent}{after}")).await?;
        after = data.last().map_or_else(String::new, |last| format!("&starting_after={}", last.id));
        let is_last = !has_more || data.is_empty();
        found.extend(data);
        if is_last {
            return Ok(found);
        }
    }
}

fn is_too_much(refusal: &Refusal) -> bool {
    refusal.is("charge_already_refunded") || refusal.param.as_deref() == Some("amount")
}
