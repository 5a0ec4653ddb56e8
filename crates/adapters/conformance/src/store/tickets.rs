//! What only the ticket store promises, but for searches.

use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::ticket::{Listing, Ticket, TicketStatus};
use ticketing_core::ports::store::Page;

use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::bench::{Bench, inserting};
use super::{StoreFixture, Tickets};

/// A seller's own list has all that is theirs, also what is withdrawn or over, newest first and in pages that join.
pub async fn a_seller_finds_all_their_listings(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let [seller, other, nobody] = std::array::from_fn(|_| AccountId::new(sample::uuid()));
    let mut theirs: Vec<Listing> = (0..10).map(|_| listing_of(seller)).collect();
    bench.commit(inserting::<Tickets>(&theirs)).await;
    bench.commit(inserting::<Tickets>(&[listing_of(other)])).await;
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
