//! Money: as requests bring it, and as answers carry it.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::Money;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(as = Money))]
pub struct MoneyBody {
    /// In minor units, such as cents.
    #[cfg_attr(feature = "openapi", schema(example = 4500))]
    pub amount: u64,
    /// Three letters of ISO 4217.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "EUR"))]
    pub currency: Cow<'static, str>,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: Cow::Borrowed(money.currency.code()) }
    }
}

impl TryFrom<MoneyBody> for Money {
    type Error = Invalid;

    fn try_from(body: MoneyBody) -> Result<Self, Invalid> {
        Ok(Self { amount: body.amount, currency: body.currency.parse()? })
    }
}

/// Money in an answer: a currency that exists.
pub(crate) fn serialize<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
    MoneyBody::from(*money).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    MoneyBody::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
}
