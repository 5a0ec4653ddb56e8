//! How much one buyer may hold.

use clap::Args;

use ticketing_core::domain::hold_limits::{HoldLimits, HoldPause};
use ticketing_core::domain::money::Quantity;
use ticketing_core::ports::limits::Quota;

use super::Mistakes;
use crate::config::parse;

/// The limits on what one buyer may hold.
#[derive(Debug, Default, Args)]
pub(super) struct HoldFlags {
    /// Places of one ticket that a buyer may hold, where its seller sets no limit; or off [default: 10]
    #[arg(long, global = true, env = "TICKETING_LIMIT_HELD_OF_TICKET", value_name = "COUNT")]
    pub(super) limit_held_of_ticket: Option<String>,
    /// Places that a buyer may hold in all; or off [default: 20]
    #[arg(long, global = true, env = "TICKETING_LIMIT_HELD_PLACES", value_name = "COUNT")]
    pub(super) limit_held_places: Option<String>,
    /// Unpaid orders that a buyer may have at a time; or off [default: 5]
    #[arg(long, global = true, env = "TICKETING_LIMIT_OPEN_ORDERS", value_name = "COUNT")]
    pub(super) limit_open_orders: Option<String>,
    /// Orders that may end unpaid within an hour, and the first pause after so many; or off [default: 3/1m]
    #[arg(long, global = true, env = "TICKETING_LIMIT_UNPAID_ORDERS", value_name = "LIMIT")]
    pub(super) limit_unpaid_orders: Option<String>,
}

impl Mistakes {
    pub(super) fn holds(&mut self, flags: &HoldFlags) -> HoldLimits {
        let standard = HoldLimits::default();
        let of_ticket = self.parsed("limit-held-of-ticket", flags.limit_held_of_ticket.as_deref(), most);
        let places = self.parsed("limit-held-places", flags.limit_held_places.as_deref(), most);
        let orders = self.parsed("limit-open-orders", flags.limit_open_orders.as_deref(), most);
        let unpaid = self.parsed("limit-unpaid-orders", flags.limit_unpaid_orders.as_deref(), parse::quota);
        let pause = |quota: Option<Quota>| {
            quota.map(|Quota { burst, per }| HoldPause { free: burst, first: per, within: super::HOUR })
        };
        HoldLimits {
            places_of_ticket: of_ticket.unwrap_or(standard.places_of_ticket),
            open_orders: orders.unwrap_or(standard.open_orders),
            places: places.unwrap_or(standard.places),
            pause: unpaid.map_or(standard.pause, pause),
        }
    }
}

fn most(text: &str) -> Result<Option<u32>, String> {
    match text.trim() {
        "off" => Ok(None),
        text => {
            let count = text.parse().ok().filter(|count| (1..=100 * Quantity::MAX).contains(count));
            count.map(Some).ok_or_else(|| format!("{text:?} is neither a number above zero nor off"))
        }
    }
}
