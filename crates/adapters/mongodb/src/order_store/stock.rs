//! Stocks as documents.

use std::sync::Arc;

use bson::Uuid;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::TicketStatus;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{MoneyDocument, Record, SalesDocument, Wrong, encoded, price, quantity, signed, unsigned};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StockDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    seller: Uuid,
    title: Arc<str>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    price: MoneyDocument,
    quantity: u32,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    on_sale: bool,
    ticket_version: i64,
    sales: SalesDocument,
}

pub(super) fn change(stock: &Stock, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(stock.ticket.uuid());
    let document = StockDocument {
        id,
        seller: stock.seller.uuid().into(),
        title: Arc::clone(&stock.title),
        attributes: stock.attributes.clone(),
        price: stock.price.money().into(),
        quantity: stock.quantity.get(),
        max_per_buyer: stock.max_per_buyer.map(Quantity::get),
        on_sale: stock.status == TicketStatus::OnSale,
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
            title: self.title,
            attributes: self.attributes,
            price: price(self.price)?,
            quantity: quantity(self.quantity)?,
            max_per_buyer: self.max_per_buyer.map(quantity).transpose()?,
            status: if self.on_sale { TicketStatus::OnSale } else { TicketStatus::Withdrawn },
            ticket_version: unsigned(self.ticket_version)?,
            sales: self.sales.try_into()?,
        })
    }
}
