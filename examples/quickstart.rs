//! A whole sale in one process: a ticket is put on sale, ordered, paid, and the order completes.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, sync::Arc, time::Duration};

use ticketing_core::assembly::Settings;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::order::OrderStatus;
use ticketing_core::domain::ticket::{Details, DetailsInput, Offer};
use ticketing_core::messaging::shutdown::shutdown;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::usecase::{orders::PlaceOrder, payments::PayOrder, tickets::CreateTicket};
use ticketing_core::wire::Origin;
use ticketing_memory::MemoryEngines;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let engines = MemoryEngines::default();
    let market = engines.service_context(Settings::default());
    let (tickets, ticket_loops) = market.tickets(engines.ticket_ports())?;
    let (orders, order_loops) = market.orders(engines.order_ports())?;
    let (payments, payment_loops) = market.payments(engines.payment_ports(), Arc::new(engines.gateway.clone()))?;
    let loops = ticket_loops.and(order_loops).and(payment_loops).and(market.expiration(engines.expiration_ports())?);
    let ((stop, stopped), env) = (shutdown(), engines.env.clone());
    let running = tokio::spawn(async move { loops.run(env, stopped, &|task| drop(tokio::spawn(task))).await });

    let [seller, buyer] = [1, 2].map(|n| AccountId::new(Uuid::from_u128(n)));
    let origin = || Origin::new(Uuid::nil());
    let details = Details::parse(DetailsInput { title: "Così fan tutte", ..DetailsInput::default() });
    let price = Price::new(Money { amount: 4500, currency: "EUR".parse()? })?;
    let offer = Offer {
        details: details.map_err(|wrong| format!("{wrong:?}"))?,
        price,
        quantity: Quantity::ONE,
        max_per_buyer: None,
    };
    let ticket = tickets.create_ticket(CreateTicket { seller, offer, key: None }, origin()).await?.ticket;

    let place =
        PlaceOrder { buyer, ticket: ticket.id, quantity: Quantity::ONE, price_seen: Some(price.money()), key: None };
    let order = orders.place_order(place, origin()).await?;
    println!("{buyer} holds {} until they pay {}", order.ticket.title, order.total());

    let pay = PayOrder { buyer, order: order.id, card: CardToken::new("tok_visa"), key: None };
    println!("the bank says {:?}", payments.pay_order(pay, origin()).await?.status);
    while !matches!(orders.order(order.id, buyer).await?.status, OrderStatus::Completed { .. }) {
        engines.env.clock.sleep(Duration::from_millis(1)).await;
    }
    println!("the order is completed");

    stop.request();
    Ok(running.await??)
}
