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
    /// Releases the held places of a ticket and takes the sold ones back; returns how many orders that ended. Doing so
    /// twice does no harm.
    ///
    /// The ticket must be called off by then, so that no further order comes.
    pub(super) async fn end_orders_of(&self, ticket: TicketId, origin: &Origin) -> Result<usize, Error> {
        let (mut page, mut ended) = (Page::first(BATCH), 0);
        loop {
            let orders = self.store.orders_for(ticket, page).await?;
            let ends = orders.iter().filter(|order| is_open(order)).map(|order| self.call_off(order, origin));
            ended += future::try_join_all(ends).await?.into_iter().filter(|has_ended| *has_ended).count();
            if orders.len() < BATCH {
                return Ok(ended);
            }
            page.after = orders.last().map(|order| order.id);
        }
    }

    async fn call_off(&self, Order { id, ticket, .. }: &Order, origin: &Origin) -> Result<bool, Error> {
        let command = OrderCommand { ticket: ticket.id, action: OrderAction::CallOff(*id), origin: origin.clone() };
        match self.batchers.decide(command).await {
            Ok(_) => Ok(true),
            // It came to another end meanwhile.
            Err(Error::Order(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

const fn is_open(order: &Order) -> bool {
    matches!(order.status, OrderStatus::AwaitingPayment { .. } | OrderStatus::Completed { .. })
}
