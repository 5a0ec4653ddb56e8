//! What a ticket store promises of sales that it follows.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::join_all;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::{Money, Price};
use ticketing_core::domain::ticket::{Listing, Offer, Sales, Ticket};
use ticketing_core::ports::store::{RecordKey, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{TicketRecord, TicketStore};
use ticketing_core::wire::TicketState;

use crate::outcome::{Outcome, broken};
use crate::sample;
use crate::time::{eventually, polled, soon};

use super::bench::Bench;
use super::tickets::{asked_for, inserting, under};
use super::{StoreFixture, Tickets};

/// Sales that are newer take the place of those of their tickets and of nothing else; the store says how these tickets
/// stand then. Older ones, equal ones and those of unknown tickets change nothing.
pub async fn newer_sales_are_followed(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let seller = AccountId::new(sample::uuid());
    let mut listings = [asked_for(seller, "once"), sample::listing(), sample::bare_listing("Voucher")];
    bench.commit(inserting(&listings)).await;
    let first = bench.find(&listings[0].clone().into()).await.expect("it was inserted");

    // One ticket alone may go another way than several.
    for (followed, version) in [(1, 2), (3, 3), (2, 1000)] {
        let sales = Sales { held: 2, sold: 5, version };
        listings.iter_mut().take(followed).for_each(|listing| listing.sales = sales);
        let changed = listings.iter().take(followed);
        let newest = changed.clone().map(|listing| (listing.ticket.id, sales));
        let newest: HashMap<_, _> = newest.chain([(TicketId::new(sample::uuid()), sales)]).collect();
        assert_eq!(follow(&*bench.store, &newest).await, states(changed), "how they stand then");
        assert_all(&bench, &listings).await;

        let older = |sales: Sales| Sales { held: 9, sold: 9, version: sales.version - 1 };
        for newest in [newest.clone(), newest.into_iter().map(|(ticket, sales)| (ticket, older(sales))).collect()] {
            assert_eq!(follow(&*bench.store, &newest).await, [], "sales that are not newer");
        }
        assert_all(&bench, &listings).await;
    }
    assert_eq!(
        under(&bench, seller, "once").await.as_ref(),
        Some(&listings[0]),
        "a key goes on leading to its listing"
    );
    let stale = UnitOfWork::default().with(first.replace(TicketRecord::from(listings[0].clone())));
    let named = bench.conflict("a listing over one that followed sales since", stale).await;
    assert_eq!(Vec::from_iter(named), [RecordKey::Listing(listings[0].ticket.id)], "the conflict names it");
    assert_eq!(follow(&*bench.store, &HashMap::new()).await, [], "no sales at all");
    Outcome::Kept
}

/// Sales that come in any order and from many at once leave the newest, and a change of the ticket meanwhile stays.
pub async fn the_newest_sales_stay(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    const FOLLOWERS: u32 = 8;
    const EACH: u32 = 8;
    let bench = Bench::new(fixture);
    let listings = [sample::listing(), sample::listing()];
    bench.commit(inserting(&listings)).await;
    let ids = listings.map(|listing| listing.ticket.id);

    let followers = (0..FOLLOWERS).map(|follower| {
        let store = Arc::clone(&bench.store);
        tokio::spawn(async move {
            // Of all versions, each follower has some, and the newest of them first.
            for version in (0..EACH).rev().map(|round| round * FOLLOWERS + follower + 1) {
                let sales = Sales { held: 0, sold: version, version: version.into() };
                follow(&*store, &ids.map(|id| (id, sales)).into()).await;
            }
        })
    });
    let followers: Vec<_> = followers.collect();
    let price = Price::new(Money { amount: 7700, currency: "EUR".parse().expect("a currency") }).expect("a price");
    reprice(&bench, ids[0], price).await;
    for ended in join_all(followers).await {
        ended.expect("a follower ends well");
    }

    let newest = FOLLOWERS * EACH;
    for id in ids {
        let Stored { record, .. } = read(&*bench.store, id).await;
        assert_eq!(record.sales, Sales { held: 0, sold: newest, version: newest.into() }, "the newest sales");
        assert_eq!(record.ticket.offer.price == price, id == ids[0], "a change of the ticket is lost");
    }
    Outcome::Kept
}

/// Wherever a caller stops waiting, the sales of all tickets are there or of none; following them again leaves all.
pub async fn sales_are_followed_all_or_none(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    for polls in 0..32 {
        let listings = [sample::listing(), sample::listing(), sample::listing()];
        bench.commit(inserting(&listings)).await;
        let ids = listings.map(|listing| listing.ticket.id);
        let newest = ids.map(|id| (id, Sales { held: 1, sold: 0, version: 1 })).into();
        let followed = async || {
            let read = join_all(ids.map(|id| read(&*bench.store, id))).await;
            read.iter().filter(|stored| stored.record.sales.version == 1).count()
        };

        let done = soon("sales are followed", polled(polls, bench.store.follow_sales(&newest))).await;
        eventually("sales that nobody waits for are followed for all tickets or for none", || async {
            matches!(followed().await, 0 | 3).then_some(())
        })
        .await;
        follow(&*bench.store, &newest).await;
        eventually("following again leaves all", || async { (followed().await == 3).then_some(()) }).await;
        if done.is_some() {
            break;
        }
    }
    Outcome::Kept
}

/// Follows sales until nothing speaks against it; returns how the tickets stand, in the order of their ids.
pub(crate) async fn follow(store: &dyn TicketStore, newest: &HashMap<TicketId, Sales>) -> Vec<(TicketId, TicketState)> {
    loop {
        match soon("sales are followed", store.follow_sales(newest)).await {
            Ok(mut states) => {
                states.sort_unstable_by_key(|(ticket, _)| *ticket);
                return states;
            }
            Err(StoreError::Conflict(_)) => {}
            Err(error) => broken(&format!("sales are not followed: {error:?}")),
        }
    }
}

fn states<'a>(listings: impl Iterator<Item = &'a Listing>) -> Vec<(TicketId, TicketState)> {
    let mut states: Vec<_> = listings.map(|listing| (listing.ticket.id, listing.into())).collect();
    states.sort_unstable_by_key(|(ticket, _)| *ticket);
    states
}

async fn assert_all(bench: &Bench<Tickets>, listings: &[Listing]) {
    for listing in listings {
        let known = TicketRecord::from(listing.clone());
        let read = bench.find(&known).await.expect("it is still there");
        assert_eq!(read.record, known, "sales that were followed changed something else, or nothing");
    }
}

async fn read(store: &dyn TicketStore, id: TicketId) -> Stored<Listing> {
    let found = soon("a read is answered", store.listings(&[id])).await.expect("a read succeeds");
    found.into_iter().next().expect("it is there")
}

/// Changes a price as often as it takes.
async fn reprice(bench: &Bench<Tickets>, id: TicketId, price: Price) {
    loop {
        let stored = read(&*bench.store, id).await;
        let Listing { ticket, sales, request } = stored.record.clone();
        let offer = Offer { price, ..ticket.offer };
        let next = Listing { ticket: Ticket { offer, ..ticket }, sales, request };
        match bench.try_commit(UnitOfWork::default().with(stored.replace(next))).await {
            Ok(_) => return,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => broken(&format!("a price is not changed: {error:?}")),
        }
    }
}
