//! Stocks as documents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::TicketStatus;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Millis, MoneyDocument, Record, SalesDocument, Wrong, date, price, quantity, time};
use crate::facts::FactsDocument;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StockDocument {
    seller: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seller_name: Option<Arc<str>>,
    title: Arc<str>,
    #[serde(default, skip_serializing_if = "FactsDocument::is_empty")]
    event: FactsDocument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sales_end_at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    price: MoneyDocument,
    quantity: u32,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    on_sale: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    called_off: bool,
    ticket_version: u64,
    sales: SalesDocument,
}

pub(super) fn change(stock: &Stock, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = stock.ticket.uuid();
    let document = StockDocument {
        seller: stock.seller.uuid(),
        seller_name: stock.seller_name.as_ref().map(DisplayName::to_shared),
        title: Arc::clone(&stock.event.title),
        event: FactsDocument::from(&*stock.event),
        sales_end_at: stock.sales_end_at.map(date),
        attributes: stock.attributes.clone(),
        price: stock.price.money().into(),
        quantity: stock.quantity.get(),
        max_per_buyer: stock.max_per_buyer.map(Quantity::get),
        on_sale: stock.status == TicketStatus::OnSale,
        called_off: stock.status == TicketStatus::CalledOff,
        ticket_version: stock.ticket_version,
        sales: stock.sales.into(),
    };
    Ok(Change {
        columns: vec![("to_end", stock.is_to_end().into())],
        ..Change::of(RecordKey::Stock(stock.ticket), id, replaces, &document)?
    })
}

impl Record for StockDocument {
    type Domain = Stock;
    const TABLE: &'static str = "stocks";

    fn into_domain(self, id: Uuid) -> Result<Stock, Wrong> {
        Ok(Stock {
            ticket: TicketId::new(id),
            seller: AccountId::new(self.seller),
            seller_name: self.seller_name.as_deref().map(DisplayName::from_stored),
            event: self.event.into_domain(self.title).into(),
            sales_end_at: self.sales_end_at.map(time),
            attributes: self.attributes,
            price: price(self.price)?,
            quantity: quantity(self.quantity)?,
            max_per_buyer: self.max_per_buyer.map(quantity).transpose()?,
            status: TicketStatus::stored(self.on_sale, self.called_off),
            ticket_version: self.ticket_version,
            sales: self.sales.into(),
        })
    }
}
