//! A fact that is taken away is gone, although an update leaves a field as it was that it does not name.

use ticketing_conformance::sample;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::store::{UnitOfWork, Write};

use crate::world::World;

#[tokio::test]
async fn what_a_stock_no_longer_has_is_gone() {
    let World { store, .. } = World::orders().await;
    let full = Stock { sales_end_at: Some(sample::NOW), ..Stock::of(&sample::ticket()) };
    let bare = OfferInput { title: "Opera", amount: 1200, currency: "EUR", quantity: 3, ..OfferInput::default() };
    let ticket = Ticket { offer: Offer::parse(bare).expect("an offer"), ..sample::ticket() };
    let next = Stock { ticket: full.ticket, ..Stock::of(&ticket) };
    assert_ne!((&full.event, &full.attributes), (&next.event, &next.attributes));
    store.commit(UnitOfWork::default().with(Write::insert(full.clone()))).await.expect("it is new");
    let needs = OrderNeeds { stocks: vec![full.ticket], ..OrderNeeds::default() };
    let stored = store.load(&needs).await.expect("it is read").stocks.remove(0);
    store.commit(UnitOfWork::default().with(stored.replace(next.clone()))).await.expect("nobody was faster");

    assert_eq!(store.load(&needs).await.expect("it is read").stocks.remove(0).record, next);
}
