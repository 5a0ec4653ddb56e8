//! Stocks as documents.

use std::sync::Arc;

use bson::{DateTime, Uuid};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::TicketStatus;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{
    MoneyDocument, Record, SalesDocument, Wrong, date, encoded, price, quantity, signed, time, unsigned,
};
use crate::facts::FactsDocument;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StockDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    seller: Uuid,
    title: Arc<str>,
    // Written even where there is nothing to say: an update leaves a field as it was that it does not name.
    #[serde(default)]
    event: FactsDocument,
    #[serde(default)]
    sales_end_at: Option<DateTime>,
    #[serde(default)]
    attributes: Attributes,
    price: MoneyDocument,
    quantity: u32,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    on_sale: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    called_off: bool,
    ticket_version: i64,
    sales: SalesDocument,
}

pub(super) fn change(stock: &Stock, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(stock.ticket.uuid());
    let document = StockDocument {
        id,
        seller: stock.seller.uuid().into(),
        title: Arc::clone(&stock.event.title),
        event: FactsDocument::from(&*stock.event),
        sales_end_at: stock.sales_end_at.map(date),
        attributes: stock.attributes.clone(),
        price: stock.price.money().into(),
        quantity: stock.quantity.get(),
        max_per_buyer: stock.max_per_buyer.map(Quantity::get),
        on_sale: stock.status == TicketStatus::OnSale,
        called_off: stock.status == TicketStatus::CalledOff,
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
        Ok(Stock {
            ticket: TicketId::new(self.id.into()),
            seller: AccountId::new(self.seller.into()),
            event: self.event.into_domain(self.title).into(),
            sales_end_at: self.sales_end_at.map(time),
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
