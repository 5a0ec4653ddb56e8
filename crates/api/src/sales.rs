//! What a ticket sold, for its seller.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::{SalesTotal, Tally};

use crate::orders::OrderBody;

/// A page of the sales of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SalesPage {
    /// What the event is called now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub title: Arc<str>,
    /// Of all orders, not only of this page: one for each currency, none without orders.
    pub totals: Vec<SalesTotalBody>,
    /// Orders, newest first.
    pub items: Vec<SaleBody>,
    /// Asks for the next page; null after the last.
    pub next_cursor: Option<String>,
}

/// What the orders of a ticket come to in one currency. Cancelled orders count for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SalesTotalBody {
    /// Orders that await payment.
    pub held: TallyBody,
    /// Completed orders.
    pub sold: TallyBody,
    /// Orders that were paid, and are refunded.
    pub refunded: TallyBody,
    /// All that buyers paid, whether it was refunded or not.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub taken: Money,
    /// What was refunded of it.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub paid_back: Money,
    /// What is left for the seller.
    #[serde(with = "crate::money")]
    #[cfg_attr(feature = "openapi", schema(value_type = crate::money::MoneyBody))]
    pub due: Money,
}

/// How many orders there are, and of how many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TallyBody {
    /// The number of orders.
    pub orders: u64,
    /// The number of their places.
    pub places: u64,
}

/// An order as the seller of its ticket sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleBody {
    /// The end of the buyer's id: orders of one buyer have the same.
    pub buyer: String,
    /// The order.
    #[serde(flatten)]
    pub order: OrderBody,
}

impl From<Tally> for TallyBody {
    fn from(Tally { orders, places, .. }: Tally) -> Self {
        Self { orders, places }
    }
}

impl From<&SalesTotal> for SalesTotalBody {
    fn from(total: &SalesTotal) -> Self {
        let SalesTotal { currency, held, sold, refunded } = *total;
        let paid_back = Money { amount: refunded.amount, currency };
        let [held, sold, refunded] = [held, sold, refunded].map(TallyBody::from);
        Self { held, sold, refunded, taken: total.taken(), paid_back, due: total.due() }
    }
}

impl From<Order> for SaleBody {
    fn from(order: Order) -> Self {
        Self { buyer: short(order.buyer), order: order.into() }
    }
}

/// The last eight digits of the id, which are random.
fn short(buyer: AccountId) -> String {
    let id = buyer.to_string();
    id.get(id.len().saturating_sub(8)..).unwrap_or_default().to_owned()
}
