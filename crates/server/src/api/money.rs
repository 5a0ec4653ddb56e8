//! Money in bodies.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::Money;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Money)]
pub struct MoneyBody<'a> {
    /// In minor units, such as cents.
    #[schema(example = 4500)]
    pub amount: u64,
    /// The three letters of ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Cow<'a, str>,
}

impl From<Money> for MoneyBody<'static> {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: Cow::Borrowed(money.currency.code()) }
    }
}

impl TryFrom<MoneyBody<'_>> for Money {
    type Error = Invalid;

    fn try_from(body: MoneyBody<'_>) -> Result<Self, Invalid> {
        Ok(Self { amount: body.amount, currency: body.currency.parse()? })
    }
}
