//! A fact about a ticket that the application defines: set by the seller, found by a search, kept by the order.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ticketing::core::domain::attributes::Attributes;
use ticketing::core::domain::search::{Filters, Question, SearchPage, SearchSort};
use ticketing::{AccountId, Market};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::builder().open().await?;
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);

    market.sell(seller, "Così fan tutte").price(4500, "EUR").attribute("seatRow", "F").await?;
    let row_f = Attributes::parse([("seatRow", "F")])?;
    let filters = Filters { attributes: row_f, ..Filters::default() };
    let question = Question::parse("", filters, SearchSort::Newest, market.env().now())?;
    // A new ticket is found once its event was handled.
    while market.search().find_tickets(&question, SearchPage::First { limit: 1 }).await?.count == 0 {
        tokio::task::yield_now().await;
    }
    for found in market.search().find_tickets(&question, SearchPage::First { limit: 10 }).await?.tickets {
        let order = market.order(buyer, found.ticket.id).await?;
        println!("{buyer} sits in row {:?}", order.ticket.attributes.get("seatRow"));
    }

    market.close().await?;
    Ok(())
}
