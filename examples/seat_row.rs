//! A fact about a ticket that the application defines: set by the seller, found by a search, kept by the order.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use ticketing::core::domain::attributes::Attributes;
use ticketing::core::ports::ticket_store::TicketQuery;
use ticketing::{AccountId, Market, Timestamp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let market = Market::builder().open().await?;
    let [seller, buyer] = [1, 2].map(AccountId::from_u128);

    market.sell(seller, "Così fan tutte").price(4500, "EUR").attribute("seatRow", "F").await?;
    let row_f = Attributes::parse([("seatRow", "F")])?;
    let query = TicketQuery { attributes: row_f, ..TicketQuery::all(Timestamp::EPOCH, 10) };
    for found in market.tickets().search_tickets(query).await?.items {
        let order = market.order(buyer, found.ticket.id).await?;
        println!("{buyer} sits in row {:?}", order.ticket.attributes.get("seatRow"));
    }

    market.close().await?;
    Ok(())
}
