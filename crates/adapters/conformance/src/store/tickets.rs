//! What only the ticket store promises, but for the offers of an event.

use std::sync::Arc;

use futures::future::join_all;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::ticket::{Listing, Sales, Ticket, TicketStatus};
use ticketing_core::ports::store::{Page, RecordKey, UnitOfWork};
use ticketing_core::ports::ticket_store::TicketRecord;

use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::any_store::{key, request};
use super::bench::{self, Bench};
use super::{StoreFixture, Tickets};

/// Of one seller, a key makes one listing, however often and by however many it is sent at once.
pub async fn a_key_makes_one_listing_of_a_seller(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let [seller, other] = [(); 2].map(|()| AccountId::new(sample::uuid()));
    let first = asked_for(seller, "once");
    bench.commit(inserting(std::slice::from_ref(&first))).await;

    let (again, neighbour) = (asked_for(seller, "once"), listing_of(seller));
    let named = bench.conflict("a second listing under a key", inserting(&[neighbour.clone(), again])).await;
    assert_eq!(Vec::from_iter(named), [RecordKey::ListingKey(seller, key("once"))], "the conflict names the key");
    assert_eq!(bench.find(&neighbour.into()).await, None, "a commit over a taken key left another listing");
    bench.commit(inserting(&[asked_for(other, "once"), listing_of(seller), listing_of(seller)])).await;

    assert_eq!(under(&bench, seller, "once").await, Some(first.clone()), "a key leads to its listing");
    let sold = Listing { sales: Sales { held: 1, sold: 1, version: 2 }, ..first.clone() };
    let read = bench.find(&first.into()).await.expect("it was inserted");
    bench.commit(UnitOfWork::default().with(read.replace(TicketRecord::from(sold.clone())))).await;
    assert_eq!(under(&bench, seller, "once").await, Some(sold), "and goes on leading to it");
    for (seller, wanted) in [(seller, "never"), (AccountId::new(sample::uuid()), "once")] {
        assert_eq!(under(&bench, seller, wanted).await, None, "a key leads to no other listing");
    }
    offer_at_once(&bench, seller).await;
    Outcome::Kept
}

/// Inserts listings, with an event for each.
pub(super) fn inserting(listings: &[Listing]) -> UnitOfWork<TicketRecord> {
    let records: Vec<TicketRecord> = listings.iter().cloned().map(Into::into).collect();
    bench::inserting::<Tickets>(&records)
}

pub(super) fn asked_for(seller: AccountId, wanted: &str) -> Listing {
    Listing { request: Some(request(wanted)), ..listing_of(seller) }
}

pub(super) async fn under(bench: &Bench<Tickets>, seller: AccountId, wanted: &str) -> Option<Listing> {
    soon("a read is answered", bench.store.listing_under(seller, &key(wanted))).await.expect("a read succeeds")
}

async fn offer_at_once(bench: &Bench<Tickets>, seller: AccountId) {
    let offers = (0..16).map(|_| {
        let (store, work) = (Arc::clone(&bench.store), inserting(&[asked_for(seller, "at once")]));
        tokio::spawn(async move { store.commit(work).await })
    });
    let ends = soon("commits are answered", join_all(offers.collect::<Vec<_>>())).await;
    let won = ends.iter().filter(|end| matches!(end, Ok(Ok(_)))).count();
    assert_eq!(won, 1, "of sixteen listings under one key, one is made");
}

/// A seller's own list has all that is theirs, also what is withdrawn or over, newest first and in pages that join.
pub async fn a_seller_finds_all_their_listings(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let [seller, other, nobody] = std::array::from_fn(|_| AccountId::new(sample::uuid()));
    let mut theirs: Vec<Listing> = (0..10).map(|_| listing_of(seller)).collect();
    bench.commit(inserting(&theirs)).await;
    bench.commit(inserting(&[listing_of(other)])).await;
    theirs.reverse();

    for size in [1, 3, 10, 100] {
        let (mut page, mut read) = (Page::first(size), Vec::new());
        while let Some(last) = read_page(&bench, seller, page, &mut read).await {
            page.after = Some(last);
            assert!(read.len() <= theirs.len(), "pages of {size} repeat a listing or show another's");
        }
        assert_eq!(read, theirs, "pages of {size} do not join");
    }
    assert_eq!(read_page(&bench, nobody, Page::first(10), &mut Vec::new()).await, None, "nobody has listings");
    Outcome::Kept
}

fn listing_of(seller: AccountId) -> Listing {
    let ticket = Ticket { seller, ..sample::ticket() };
    // Every other one, more or less.
    let status =
        if ticket.id.uuid().as_u128().is_multiple_of(2) { TicketStatus::OnSale } else { TicketStatus::Withdrawn };
    Listing::new(Ticket { status, ..ticket })
}

async fn read_page(
    bench: &Bench<Tickets>,
    seller: AccountId,
    page: Page<TicketId>,
    read: &mut Vec<Listing>,
) -> Option<TicketId> {
    let found = soon("a read is answered", bench.store.listings_of(seller, page)).await.expect("a read succeeds");
    assert!(found.len() <= page.limit, "a page of {} has {} entries", page.limit, found.len());
    let last = found.last().map(|listing| listing.ticket.id);
    read.extend(found);
    last
}
