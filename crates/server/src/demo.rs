//! Demo data, made the way people make it: through the use cases.

mod offers;

use std::time::Duration;

use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::usecase::accounts::SignUp;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::PlaceOrder;
use ticketing_core::usecase::payments::PayOrder;
use ticketing_core::usecase::tickets::CreateTicket;
use ticketing_core::wire::Origin;

use crate::state::App;

/// Who sells in the demo.
pub const SELLER: &str = "seller@demo.example";
/// Who buys in the demo.
pub const BUYER: &str = "buyer@demo.example";
/// The password of both.
pub const PASSWORD: &str = "brass lantern quay 42";

/// Opens two accounts, puts tickets on sale, and orders some of them; where that was done before, it does nothing.
///
/// # Errors
///
/// Whatever a use case refuses, or a failure of an engine.
pub async fn fill(app: &App) -> Result<(), Error> {
    let (seller, buyer) = match futures::future::try_join(sign_up(app, SELLER), sign_up(app, BUYER)).await {
        Err(Error::EmailTaken) => return Ok(()),
        outcome => outcome?,
    };
    let mut tickets = Vec::new();
    for offer in offers::offers(app.env.now())? {
        let command = CreateTicket::new(seller, offer);
        tickets.push(app.tickets()?.create_ticket(command, origin(app)).await?.ticket.id);
    }
    order_some(app, buyer, &tickets).await?;
    tracing::info!(
        tickets = tickets.len(),
        "demo data: sign in as {SELLER} or {BUYER}, the password of both is: {PASSWORD}"
    );
    Ok(())
}

async fn sign_up(app: &App, email: &str) -> Result<AccountId, Error> {
    let command = SignUp::new(email.parse()?, PASSWORD).device("demo");
    Ok(app.accounts()?.sign_up(command, origin(app)).await?.account)
}

/// One order is paid, one awaits payment, and one was cancelled.
async fn order_some(app: &App, buyer: AccountId, tickets: &[TicketId]) -> Result<(), Error> {
    let [first, second, third, ..] = tickets else { return Ok(()) };
    let place = |ticket: TicketId, places: u32| async move {
        let quantity = Quantity::new(places)?;
        let command = PlaceOrder::new(buyer, ticket).quantity(quantity);
        app.orders()?.place_order(command, origin(app)).await
    };
    let paid = place(*first, 2).await?;
    let card = CardToken::new("tok_visa");
    app.payments()?.pay_order(PayOrder::new(buyer, paid.id, card), origin(app)).await?;
    place(*second, 1).await?;
    let unwanted = place(*third, 1).await?;
    app.orders()?.cancel_order(unwanted.id, buyer, origin(app)).await.map(drop)
}

fn origin(app: &App) -> Origin {
    Origin::new(app.env.uuid(app.env.now()))
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 3600)
}
