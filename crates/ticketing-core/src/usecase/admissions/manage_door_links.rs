//! Makes and revokes the links by which others than the seller stand at a door.

use crate::domain::door_links::{DoorKey, DoorLabel, DoorLink, DoorLinks};
use crate::domain::ids::{AccountId, DoorLinkId, TicketId};
use crate::ports::pass_store::{PassNeeds, PassRecord};
use crate::ports::store::{Stored, UnitOfWork, Write};
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;

use super::Admissions;

/// A link that was made just now, with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewDoorLink {
    /// The link.
    pub link: DoorLink,
    /// Opens the door; nobody can read it again.
    pub key: DoorKey,
}

impl Admissions {
    /// The links to the door of a ticket of `by`, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Pass`] if `by` is not the seller, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_crypto::Ed25519Signer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let seller = AccountId::from_u128(1);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # market.settle().await?;
    /// let engines = market.engines();
    /// let context = engines.service_context(Settings::default());
    /// let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
    /// loops.settle().await?;
    ///
    /// let made = admissions.make_door_link(opera.id, seller, "North door".parse()?).await?;
    /// assert_eq!(admissions.door_links(opera.id, seller).await?, [made.link]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn door_links(&self, ticket: TicketId, by: AccountId) -> Result<Vec<DoorLink>, Error> {
        Ok(self.links_of(ticket, by).await?.map(|stored| stored.record.links).unwrap_or_default())
    }

    /// Makes a link to the door of a ticket of `by`, and returns it with its key.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Pass`] if `by` is not the seller or there are too many links already, or a
    /// failure of the store: the link may have been made, and nobody has its key.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ticketing::{AccountId, Market};
    /// # use ticketing_core::assembly::Settings;
    /// # use ticketing_core::ports::store::Page;
    /// # use ticketing_crypto::Ed25519Signer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let seller = AccountId::from_u128(1);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # market.settle().await?;
    /// # let engines = market.engines();
    /// # let context = engines.service_context(Settings::default());
    /// # let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
    /// # loops.settle().await?;
    /// let made = admissions.make_door_link(opera.id, seller, "North door".parse()?).await?;
    /// assert_eq!(&*admissions.door(opera.id, made.key, Page::first(9)).await?.title, "Opera");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn make_door_link(
        &self,
        ticket: TicketId,
        by: AccountId,
        label: DoorLabel,
    ) -> Result<NewDoorLink, Error> {
        let (key, made_at) = (DoorKey::drawn(self.env.ids.secret()), self.env.now());
        let link = DoorLink { id: DoorLinkId::new(self.env.uuid(made_at)), label, digest: key.digest(), made_at };
        retry_on_conflict(|| async {
            let stored = self.links_of(ticket, by).await?;
            let known = stored.as_ref().map_or_else(|| DoorLinks::none(ticket), |stored| stored.record.clone());
            let links = known.with(link.clone()).map_err(Error::Pass)?;
            let write = match &stored {
                Some(stored) => stored.replace(links),
                None => Write::insert(links),
            };
            self.commit_links(write).await
        })
        .await?;
        Ok(NewDoorLink { link, key })
    }

    /// Revokes a link to the door of a ticket of `by`; its key opens nothing from then on. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::TicketNotFound`], [`Error::Pass`] if `by` is not the seller, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use ticketing::{AccountId, Market};
    /// # use ticketing_core::assembly::Settings;
    /// # use ticketing_core::ports::store::Page;
    /// # use ticketing_crypto::Ed25519Signer;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let seller = AccountId::from_u128(1);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # market.settle().await?;
    /// # let engines = market.engines();
    /// # let context = engines.service_context(Settings::default());
    /// # let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
    /// # loops.settle().await?;
    /// let made = admissions.make_door_link(opera.id, seller, "North door".parse()?).await?;
    /// admissions.revoke_door_link(opera.id, seller, made.link.id).await?;
    /// let refused = admissions.door(opera.id, made.key, Page::first(9)).await.unwrap_err();
    /// assert_eq!(refused.code(), "not_your_door");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_door_link(&self, ticket: TicketId, by: AccountId, link: DoorLinkId) -> Result<(), Error> {
        retry_on_conflict(|| async {
            let Some(stored) = self.links_of(ticket, by).await? else { return Ok(()) };
            match stored.record.clone().without(link) {
                Some(links) => self.commit_links(stored.replace(links)).await,
                None => Ok(()),
            }
        })
        .await
    }

    async fn links_of(&self, ticket: TicketId, by: AccountId) -> Result<Option<Stored<DoorLinks>>, Error> {
        let needs = PassNeeds { entrances: vec![ticket], door_links: vec![ticket], ..PassNeeds::default() };
        let mut records = self.store.load(&needs).await?;
        let door = records.entrances.pop().ok_or(Error::TicketNotFound)?.record;
        door.may_be_opened_by(by).map_err(Error::Pass)?;
        Ok(records.door_links.pop())
    }

    async fn commit_links(&self, write: Write<PassRecord>) -> Result<(), Error> {
        self.store.commit(UnitOfWork::default().with(write)).await?;
        Ok(())
    }
}
