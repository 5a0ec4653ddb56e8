//! Stores, outboxes and parking lots on `MongoDB`.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_mongodb::{
    MongoAccountStore, MongoClient, MongoConfig, MongoGateway, MongoOrderStore, MongoParkingLot, MongoPaymentStore,
    MongoTicketStore,
};

use crate::config::MongoSettings;
use crate::marketplace::Engines;

/// Puts what the services of this process keep on `MongoDB`.
pub(super) async fn plug_in(engines: &mut Engines, settings: &MongoSettings) -> Result<(), BoxError> {
    let MongoSettings { uri, database_prefix } = settings;
    let config = MongoConfig { database_prefix: database_prefix.clone(), ..MongoConfig::new(uri.expose()) };
    let client = MongoClient::connect(&config).await?;
    if let Some(accounts) = &mut engines.accounts {
        let store = MongoAccountStore::open(&client).await?;
        accounts.outbox = Arc::new(store.outbox());
        accounts.store = Arc::new(store);
    }
    if let Some(tickets) = &mut engines.tickets {
        let store = MongoTicketStore::open(&client).await?;
        (tickets.outbox, tickets.parking) = (Arc::new(store.outbox()), Arc::new(store.parking()));
        tickets.store = Arc::new(store);
    }
    if let Some(orders) = &mut engines.orders {
        let store = MongoOrderStore::open(&client).await?;
        (orders.outbox, orders.parking) = (Arc::new(store.outbox()), Arc::new(store.parking()));
        orders.store = Arc::new(store);
    }
    if let Some(payments) = &mut engines.payments {
        let store = MongoPaymentStore::open(&client).await?;
        payments.gateway = Arc::new(MongoGateway::open(&client, Arc::clone(&payments.gateway)).await?);
        (payments.service.outbox, payments.service.parking) = (Arc::new(store.outbox()), Arc::new(store.parking()));
        payments.service.store = Arc::new(store);
    }
    if let Some(expiration) = &mut engines.expiration {
        expiration.parking = Arc::new(MongoParkingLot::open(&client, "expiration").await?);
    }
    Ok(())
}
