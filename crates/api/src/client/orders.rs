//! Orders, and paying for them.

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderValue, Method};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;

use crate::orders::{OrderBody, OrderPage, PlaceOrderBody};
use crate::page::PageQuery;
use crate::paths;
use crate::payments::{PayOrderBody, PaymentBody, PaymentList};
use crate::sales::SalesPage;

use super::Client;
use super::error::ClientError;

impl Client {
    /// Holds places of a ticket.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `sold_out`, `price_changed`, `event_changed` and `too_many_places` among others.
    pub async fn place_order(
        &self,
        order: &PlaceOrderBody,
        key: Option<&IdempotencyKey>,
    ) -> Result<OrderBody, ClientError> {
        self.call(Method::POST, paths::ORDERS).under(key).json(order).read().await
    }

    /// An order of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `order_not_found` among others.
    pub async fn order(&self, id: OrderId) -> Result<OrderBody, ClientError> {
        self.get(paths::order(id)).read().await
    }

    /// A page of what the account ever ordered, newest first.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn orders(&self, page: &PageQuery) -> Result<OrderPage, ClientError> {
        self.get_with(paths::ORDERS, page).read().await
    }

    /// Gives the places of an order back. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `order_completed` among others.
    pub async fn cancel_order(&self, id: OrderId) -> Result<(), ClientError> {
        self.call(Method::DELETE, paths::order(id)).done().await.map(drop)
    }

    /// What a ticket of the account sold: totals, and a page of its orders, newest first.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `ticket_not_found` among others.
    pub async fn orders_for(&self, ticket: TicketId, page: &PageQuery) -> Result<SalesPage, ClientError> {
        self.get_with(&paths::orders_for(ticket), page).read().await
    }

    /// All orders of a ticket that the account sells, newest first, as a table of comma-separated values (RFC 4180).
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `ticket_not_found` among others.
    pub async fn sales_table(&self, ticket: TicketId) -> Result<Bytes, ClientError> {
        let call = self.call(Method::GET, paths::orders_for(ticket));
        Ok(call.header(ACCEPT, HeaderValue::from_static("text/csv")).done().await?.body().clone())
    }

    /// Gives a paid order back because its event was rescheduled. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `event_unchanged` and `event_begun` among others.
    pub async fn give_back_order(&self, id: OrderId) -> Result<OrderBody, ClientError> {
        self.call(Method::POST, paths::give_back(id)).read().await
    }

    /// Refunds a paid order of a ticket that the account sells. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `order_not_found` and `order_not_paid` among others.
    pub async fn refund_order(&self, id: OrderId) -> Result<OrderBody, ClientError> {
        self.call(Method::POST, paths::refund(id)).read().await
    }

    /// Pays an order.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `card_declined`, `already_paid` and `order_overdue` among others.
    pub async fn pay_order(
        &self,
        payment: &PayOrderBody,
        key: Option<&IdempotencyKey>,
    ) -> Result<PaymentBody, ClientError> {
        self.call(Method::POST, paths::PAYMENTS).under(key).json(payment).read().await
    }

    /// The payment of an order that is in progress or took the money.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `order_not_found` among others.
    pub async fn payments_of(&self, order: OrderId) -> Result<PaymentList, ClientError> {
        self.get(paths::payments_of(order)).read().await
    }

    /// Gives up the payment of an order that awaits the buyer, so that another card can be used.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `order_not_found` and `unavailable` among others.
    pub async fn give_up_payment(&self, order: OrderId) -> Result<PaymentList, ClientError> {
        self.call(Method::DELETE, paths::payments_of(order)).read().await
    }
}
