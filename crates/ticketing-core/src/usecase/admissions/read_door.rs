//! Shows a seller the door of a ticket: which passes are issued, used and void.

use std::sync::Arc;

use crate::domain::admission::{Admission, PassCounts};
use crate::domain::door_links::DoorAccess;
use crate::domain::ids::{OrderId, TicketId};
use crate::ports::store::Page;
use crate::usecase::Slice;
use crate::usecase::error::Error;

use super::read_passes::SignedPass;
use super::{Admissions, door_needs, opened};

/// What is seen at the door of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Door {
    /// What the event is called.
    pub title: Arc<str>,
    /// How many of all passes are in each state.
    pub counts: PassCounts,
    /// The passes of a page of orders, oldest order first.
    pub passes: Slice<SignedPass, OrderId>,
}

impl Admissions {
    /// The door of a ticket, for its seller or the key of a link: counts, and the passes of a page of orders.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Pass`] if `by` may not stand there, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_core::ports::store::Page;
    /// use ticketing_crypto::Ed25519Signer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).places(2).await?;
    /// # market.pay(buyer, order.id, "tok_visa").await?;
    /// # market.settle().await?;
    /// let engines = market.engines();
    /// let context = engines.service_context(Settings::default());
    /// let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
    /// loops.settle().await?;
    ///
    /// let door = admissions.door(opera.id, seller, Page::first(50)).await?;
    /// assert_eq!((&*door.title, door.counts.issued, door.passes.items.len()), ("Opera", 2, 2));
    /// assert_eq!(admissions.door(opera.id, buyer, Page::first(50)).await.unwrap_err().code(), "not_your_door");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn door(
        &self,
        ticket: TicketId,
        by: impl Into<DoorAccess> + Send,
        page: Page<OrderId>,
    ) -> Result<Door, Error> {
        let access = by.into();
        let entrance = opened(&mut self.store.load(&door_needs(ticket, &access)).await?, &access)?;
        let counts = self.store.counts(ticket).await?;
        let one_more = Page { limit: page.limit.saturating_add(1), ..page };
        let found = self.store.admissions_of(ticket, one_more).await?;
        let Slice { items, next } = Slice::cut(found, page.limit, |admission: &Admission| admission.order);
        let items = items.into_iter().flat_map(|admission| admission.passes).map(|coded| self.signed(coded)).collect();
        Ok(Door { title: entrance.title, counts, passes: Slice { items, next } })
    }
}
