//! Ticket stores that find the wrong offers, or forget what they were told.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ticketing_conformance::store::TICKET_STORE;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::wire::TicketState;

use super::assert_notices;
use crate::world::World;

/// What is wrong with a ticket store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    FindsWhatIsClosed,
    FindsMoreThanAsked,
    FindsHalf,
    MixesCurrencies,
    DearestFirst,
    OldestOfEqualsFirst,
    LeavesOutWhatIsSoldOut,
    FindsWhatItFoundFirst,
    ShowsOneTooFew,
    IgnoresKeys,
    KeepsAPartOfSales,
    FollowsOneByOne,
    FollowsWhatComesLast,
}

/// A store, what is wrong with it, and what it found first of each question.
#[derive(Debug)]
struct Flawed(Arc<dyn TicketStore>, Flaw, Mutex<Vec<(EventOffers, Vec<Listing>)>>);

impl Flawed {
    async fn found_first(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        let kept = |all: &[(EventOffers, Vec<Listing>)]| all.iter().find(|(asked, _)| asked == wanted).cloned();
        let known = kept(&self.2.lock().expect("nobody panics while looking"));
        // An empty store is looked at again, so that offers are found at all.
        if let Some((_, found)) = known.filter(|(_, found)| !found.is_empty()) {
            return Ok(found);
        }
        let found = self.0.offers_of_event(wanted).await?;
        self.2.lock().expect("nobody panics while looking").insert(0, (wanted.clone(), found.clone()));
        Ok(found)
    }
}

#[async_trait]
impl TicketStore for Flawed {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.0.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.0.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.0.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        let mut asked = wanted.clone();
        match self.1 {
            Flaw::FindsWhatIsClosed => asked.now = Timestamp::EPOCH,
            Flaw::FindsMoreThanAsked => asked.limit = 100,
            Flaw::FindsHalf => asked.limit /= 2,
            Flaw::FindsWhatItFoundFirst => return self.found_first(wanted).await,
            _ => {}
        }
        let mut found = self.0.offers_of_event(&asked).await?;
        let amount = |listing: &Listing| listing.ticket.offer.price.money().amount;
        match self.1 {
            Flaw::MixesCurrencies => {
                asked.currency = "JPY".parse().expect("a currency");
                found.extend(self.0.offers_of_event(&asked).await?);
            }
            Flaw::DearestFirst => found.sort_by_key(|listing| Reverse((amount(listing), listing.ticket.id))),
            Flaw::OldestOfEqualsFirst => found.sort_by_key(|listing| (amount(listing), listing.ticket.id)),
            Flaw::LeavesOutWhatIsSoldOut => found.retain(|listing| listing.available() > 0),
            _ => {}
        }
        Ok(found)
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        let mut listings = self.0.listings_of(seller, page).await?;
        if self.1 == Flaw::ShowsOneTooFew && listings.len() > 2 {
            listings.remove(1);
        }
        Ok(listings)
    }

    async fn commit(&self, mut work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        for write in &mut work.writes {
            if let (Flaw::IgnoresKeys, TicketRecord::Listing(listing)) = (self.1, &mut write.record) {
                listing.request = None;
            }
        }
        self.0.commit(work).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        let mut newest = newest.clone();
        match self.1 {
            Flaw::KeepsAPartOfSales => newest.values_mut().for_each(|sales| sales.held = 0),
            Flaw::FollowsOneByOne => {
                let mut states = Vec::new();
                for of_one in newest {
                    states.extend(self.0.follow_sales(&HashMap::from([of_one])).await?);
                    tokio::task::yield_now().await;
                }
                return Ok(states);
            }
            Flaw::FollowsWhatComesLast => {
                let ids: Vec<TicketId> = newest.keys().copied().collect();
                for stored in self.0.listings(&ids).await? {
                    let bare = Listing { sales: Sales::default(), ..stored.record.clone() };
                    self.0.commit(UnitOfWork::default().with(stored.replace(bare))).await?;
                }
            }
            _ => {}
        }
        self.0.follow_sales(&newest).await
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let tickets = Arc::new(Flawed(sound.tickets, flaw, Mutex::default()));
    assert_notices(&TICKET_STORE, rule, &World::default(), &World { tickets, ..sound }).await;
}

#[tokio::test]
async fn offers_that_are_none_or_too_many_or_too_few() {
    for flaw in [
        Flaw::FindsWhatIsClosed,
        Flaw::FindsMoreThanAsked,
        Flaw::FindsHalf,
        Flaw::MixesCurrencies,
        Flaw::LeavesOutWhatIsSoldOut,
    ] {
        assert_flawed("the_offers_of_an_event_are_found", flaw).await;
    }
}

#[tokio::test]
async fn offers_in_another_order() {
    for flaw in [Flaw::DearestFirst, Flaw::OldestOfEqualsFirst] {
        assert_flawed("the_offers_of_an_event_are_found", flaw).await;
    }
}

#[tokio::test]
async fn offers_of_before_a_change() {
    assert_flawed("the_offers_of_an_event_are_found", Flaw::FindsWhatItFoundFirst).await;
}

#[tokio::test]
async fn pages_of_a_seller_with_a_gap() {
    assert_flawed("a_seller_finds_all_their_listings", Flaw::ShowsOneTooFew).await;
    for flaw in [Flaw::ShowsOneTooFew, Flaw::FindsHalf] {
        assert_flawed("unreadable_listings_are_passed_by", flaw).await;
    }
}

#[tokio::test]
async fn a_key_of_a_seller_that_is_not_kept() {
    assert_flawed("a_key_makes_one_listing_of_a_seller", Flaw::IgnoresKeys).await;
}

#[tokio::test]
async fn sales_of_which_a_part_is_kept() {
    assert_flawed("newer_sales_are_followed", Flaw::KeepsAPartOfSales).await;
}

#[tokio::test]
async fn sales_that_are_followed_in_the_order_in_which_they_come() {
    for rule in ["newer_sales_are_followed", "the_newest_sales_stay"] {
        assert_flawed(rule, Flaw::FollowsWhatComesLast).await;
    }
}

#[tokio::test]
async fn sales_of_some_tickets_without_the_rest() {
    assert_flawed("sales_are_followed_all_or_none", Flaw::FollowsOneByOne).await;
}
