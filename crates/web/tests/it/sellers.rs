//! Who sells: shown to those who buy, as text in its own direction.

use scraper::{ElementRef, Html};
use ticketing_web::{CheckoutPage, OrderPage, TicketPage, checkout_page, order_page, ticket_page};

use crate::pages::{pages, select};

/// What a page says about the seller.
fn sold_by(page: &Html) -> Option<ElementRef<'_>> {
    let name = select(page, ".fact dt").into_iter().find(|name| name.text().eq(["Sold by"]))?;
    name.next_siblings().find_map(ElementRef::wrap)
}

#[test]
fn ticket_checkout_and_order_say_who_sells() {
    let text = "<b>\u{5D0}\u{5D1}</b> & Sons";
    let mut told = 0;
    for (name, page) in pages(text) {
        let expected = ["ticket", "own ticket", "ticket for a visitor", "checkout", "checkout hosted", "order"];
        if !expected.contains(&name) {
            continue;
        }
        let seller = sold_by(&page).unwrap_or_else(|| panic!("{name} says nothing of its seller"));
        assert_eq!((seller.attr("dir"), seller.text().collect::<String>().as_str()), (Some("auto"), text), "{name}");
        told += 1;
    }
    assert!(told >= 6, "{told}");
}

#[test]
fn a_seller_without_a_name_is_not_mentioned() {
    for page in
        [ticket_page(TicketPage::default()), checkout_page(CheckoutPage::default()), order_page(OrderPage::default())]
    {
        assert!(sold_by(&Html::parse_document(&page)).is_none() && !page.contains("Sold by"), "{page}");
    }
}
