//! Ends every order of a ticket whose event was called off.

use futures_util::future;

use crate::domain::ids::TicketId;
use crate::domain::order::{Order, OrderStatus};
use crate::ports::store::Page;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Orders;
use super::batcher::{OrderAction, OrderCommand};

/// How many orders are ended at a time.
const BATCH: usize = 256;

impl Orders {
    /// Releases the held places of a ticket and takes the sold ones back. Doing so twice does no harm.
    ///
    /// The ticket must be called off by then, so that no further order comes.
    pub(super) async fn end_orders_of(&self, ticket: TicketId, origin: &Origin) -> Result<(), Error> {
        let mut page = Page::first(BATCH);
        loop {
            let orders = self.store.orders_for(ticket, page).await?;
            let ends = orders.iter().filter(|order| is_open(order)).map(|order| self.call_off(order, origin));
            future::try_join_all(ends).await?;
            if orders.len() < BATCH {
                return Ok(());
            }
            page.after = orders.last().map(|order| order.id);
        }
    }

    async fn call_off(&self, Order { id, ticket, .. }: &Order, origin: &Origin) -> Result<(), Error> {
        let command = OrderCommand { ticket: ticket.id, action: OrderAction::CallOff(*id), origin: origin.clone() };
        match self.batchers.decide(command).await {
            // It came to another end meanwhile.
            Ok(_) | Err(Error::Order(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

const fn is_open(order: &Order) -> bool {
    matches!(order.status, OrderStatus::AwaitingPayment { .. } | OrderStatus::Completed { .. })
}
