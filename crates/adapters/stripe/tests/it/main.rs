//! Every promise of a payment gateway, kept by Stripe's API as its reference describes it.
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what it lacks")]

#[path = "../double/stripe.rs"]
mod double;
mod faults;
mod money;
mod notices;
mod world;

use ticketing_core::ports::gateway::CardToken;
use world::World;

mod by_card {
    use super::World;

    ticketing_conformance::gateway!(World::start("pm_card_threeDSecure2Required").await);
}

mod by_page {
    use super::{CardToken, World};

    ticketing_conformance::gateway!(World::start(CardToken::HOSTED).await);
}
