//! Stocks as documents.

use std::sync::Arc;

use bson::{Document, Uuid, doc};
use mongodb::IndexModel;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::TicketStatus;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{
    MoneyDocument, Record, SalesDocument, Wrong, encoded, partial, price, quantity, signed, unsigned,
};
use crate::facts::{VersionedFacts, title_alone};

pub(super) fn indexes() -> Vec<IndexModel> {
    vec![partial("to_end", doc! { TO_END: 1, "_id": 1 }, doc! { TO_END: true })]
}

/// Stocks with orders to end, behind a place in their list.
pub(super) fn to_end(after: Option<TicketId>) -> Document {
    let mut filter = doc! { TO_END: true };
    if let Some(after) = after {
        filter.insert("_id", doc! { "$gt": Uuid::from(after.uuid()) });
    }
    filter
}

const TO_END: &str = "to_end";

/// Every field is written, since an update takes none away.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StockDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    seller: Uuid,
    /// A release before this field leaves it in place: a name that is out of date until the next version.
    #[serde(default)]
    seller_name: Option<Arc<str>>,
    title: Arc<str>,
    /// What orders freeze beside the title; stocks of releases before have none, or those of an earlier version.
    #[serde(default)]
    event: Option<VersionedFacts>,
    #[serde(default)]
    attributes: Attributes,
    price: MoneyDocument,
    quantity: u32,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    on_sale: bool,
    #[serde(default)]
    called_off: bool,
    /// Whether orders are to end because of that; null if not, and in no index then.
    #[serde(default)]
    to_end: Option<bool>,
    ticket_version: i64,
    sales: SalesDocument,
}

pub(super) fn change(stock: &Stock, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(stock.ticket.uuid());
    let document = StockDocument {
        id,
        seller: stock.seller.uuid().into(),
        seller_name: stock.seller_name.as_ref().map(DisplayName::to_shared),
        title: Arc::clone(&stock.event.title),
        event: Some(VersionedFacts::new(&stock.event, stock.sales_end_at, stock.ticket_version)),
        attributes: stock.attributes.clone(),
        price: stock.price.money().into(),
        quantity: stock.quantity.get(),
        max_per_buyer: stock.max_per_buyer.map(Quantity::get),
        on_sale: stock.status == TicketStatus::OnSale,
        called_off: stock.status == TicketStatus::CalledOff,
        to_end: stock.is_to_end().then_some(true),
        ticket_version: signed(stock.ticket_version),
        sales: stock.sales.into(),
    };
    Ok(Change {
        collection: StockDocument::COLLECTION,
        key: RecordKey::Stock(stock.ticket),
        id,
        document: encoded(&document)?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for StockDocument {
    type Domain = Stock;
    const COLLECTION: &'static str = "stocks";

    fn into_domain(self) -> Result<Stock, Wrong> {
        let (title, (facts, sales_end_at)) = (self.title, VersionedFacts::of(self.event, self.ticket_version));
        let event = match facts {
            Some(facts) => facts.into_domain(title),
            None => title_alone(title),
        };
        Ok(Stock {
            ticket: TicketId::new(self.id.into()),
            seller: AccountId::new(self.seller.into()),
            seller_name: self.seller_name.as_deref().map(DisplayName::from_stored),
            event: event.into(),
            sales_end_at,
            attributes: self.attributes,
            price: price(self.price)?,
            quantity: quantity(self.quantity)?,
            max_per_buyer: self.max_per_buyer.map(quantity).transpose()?,
            status: TicketStatus::stored(self.on_sale, self.called_off),
            ticket_version: unsigned(self.ticket_version)?,
            sales: self.sales.try_into()?,
        })
    }
}
