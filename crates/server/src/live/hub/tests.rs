//! What listeners see, in whatever order changes are learned of.

use futures::FutureExt;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::ticket::TicketStatus;
use uuid::Uuid;

use super::*;

const TICKET: TicketId = TicketId::new(Uuid::from_u128(7));

fn state(version: u64, held: u32, sales_version: u64) -> (Offered, Sales) {
    let price = Money { amount: 1000 + version, currency: "EUR".parse().unwrap() };
    let offered = Offered { price, quantity: 10, status: TicketStatus::OnSale, version, closes_at: None };
    (offered, Sales { held, sold: 0, version: sales_version })
}

fn next(listener: &mut Listener) -> Option<Update> {
    listener.next().now_or_never().flatten()
}

fn seen(listener: &mut Listener) -> Option<(u64, u32)> {
    match next(listener) {
        Some(Update::News(_, news)) => Some((news.price.amount, news.available)),
        Some(Update::Doubt(_)) | None => None,
    }
}

#[test]
fn what_is_seen_never_runs_backwards() {
    let live = LiveUpdates::new(1);
    let mut listener = live.listen(&[TICKET]).unwrap();
    let mut show = |state| {
        live.show(TICKET, || Some(state));
        seen(&mut listener)
    };

    assert_eq!(show(state(2, 3, 5)), Some((1002, 7)));
    for same_or_older in [state(2, 3, 5), state(2, 2, 5), state(1, 9, 4), state(2, 0, 0)] {
        assert_eq!(show(same_or_older), None);
    }
    assert_eq!(show(state(2, 5, 5)), Some((1002, 5)), "as new, but more are gone than was told");
    assert_eq!(show(state(1, 4, 6)), Some((1002, 6)), "older offer, newer sales");
    assert_eq!(show(state(3, 0, 2)), Some((1003, 6)), "newer offer, older sales");
}

#[test]
fn nothing_is_read_of_what_nobody_watches() {
    let live = LiveUpdates::new(1);
    let listener = live.listen(&[TICKET]).unwrap();
    live.show(TicketId::new(Uuid::from_u128(8)), || unreachable!("nobody watches it"));
    drop(listener);

    live.show(TICKET, || unreachable!("nobody watches it any more"));
}

#[test]
fn of_the_listeners_to_a_ticket_in_doubt_one_looks_and_all_see_what_it_finds() {
    let live = LiveUpdates::new(2);
    let mut listeners = [live.listen(&[TICKET]).unwrap(), live.listen(&[TICKET]).unwrap()];
    live.show(TICKET, || Some(state(1, 0, 1)));
    assert_eq!(listeners.each_mut().map(seen), [Some((1001, 10)); 2]);

    for missed in [true, false] {
        if missed {
            live.doubt_all()
        } else {
            live.show(TICKET, || None)
        }
        let [first, second] = &mut listeners;
        assert_eq!((next(first), next(second)), (Some(Update::Doubt(TICKET)), None));
        let version = if missed { 2 } else { 3 };
        let (offered, sales) = state(version, 1, version);
        second.begin(TICKET, &offered, sales);
        assert_eq!(listeners.each_mut().map(seen), [Some((1000 + version, 9)); 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_read_again_by_one_listener_however_many_there_are() {
    const SPAN: Duration = Duration::from_secs(8);
    let live = LiveUpdates::new(3);
    let listeners = [(); 3].map(|()| live.listen(&[TICKET]).unwrap());
    let due = || listeners.each_ref().map(|listener| listener.take_unread_for(SPAN).len());
    assert_eq!(due(), [1, 0, 0], "nobody has read it yet");

    tokio::time::advance(SPAN).await;
    assert_eq!(due(), [1, 0, 0]);
    tokio::time::advance(SPAN / 2).await;
    let (offered, sales) = state(1, 0, 1);
    listeners[2].begin(TICKET, &offered, sales);
    tokio::time::advance(SPAN / 2).await;
    assert_eq!(due(), [0, 0, 0], "one who came later has read it meanwhile");
    tokio::time::advance(SPAN / 2).await;
    assert_eq!(due(), [1, 0, 0]);
}

#[test]
fn a_listener_to_several_tickets_takes_one_place_and_hears_of_each() {
    const OTHER: TicketId = TicketId::new(Uuid::from_u128(8));
    let live = LiveUpdates::new(1);
    let mut listener = live.listen(&[TICKET, OTHER]).unwrap();
    assert_eq!(live.listen(&[TICKET]).map(|_| ()), Err(Crowded));
    let hears = |listener: &mut Listener| match next(listener) {
        Some(Update::News(ticket, news)) => Some((ticket, news.available)),
        Some(Update::Doubt(_)) | None => None,
    };

    live.show(OTHER, || Some(state(1, 4, 1)));
    assert_eq!(hears(&mut listener), Some((OTHER, 6)));
    live.show(TICKET, || Some(state(1, 3, 1)));
    assert_eq!(hears(&mut listener), Some((TICKET, 7)));
    listener.forget(OTHER);
    live.show(OTHER, || unreachable!("nobody watches it any more"));
    live.show(TICKET, || Some(state(1, 5, 2)));
    assert_eq!(hears(&mut listener), Some((TICKET, 5)));
    listener.forget(TICKET);
    assert_eq!(listener.next().now_or_never(), Some(None), "nothing is left to wait for");
}
