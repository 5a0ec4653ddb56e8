//! A marketplace, and what people ask of it.

use std::ops::{Deref, DerefMut};

use http::StatusCode;
use serde_json::{Value, json};

use crate::call::{Call, PASSWORD, Reply, Site, User, id, offer};

/// A marketplace that people use by its API. After each command, events arrive as far as the site moves them.
pub(crate) struct Marketplace<S>(pub(crate) S);

impl<S> Deref for Marketplace<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> DerefMut for Marketplace<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.0
    }
}

impl<S: Site> Marketplace<S> {
    pub(crate) fn call(&self, method: &str, path: &str) -> Call<'_, S> {
        Call::new(&self.0, method, path)
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_, S> {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_, S> {
        self.call("POST", path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'_, S> {
        self.call("PUT", path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_, S> {
        self.call("DELETE", path)
    }

    pub(crate) async fn sign_up(&self, name: &str) -> User {
        let email = self.0.email(name);
        let reply = self.post("/api/users/signup").json(&json!({"email": email, "password": PASSWORD})).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        self.0.settled().await;
        User::of(&email, &reply)
    }

    pub(crate) async fn sign_in(&self, user: &User) -> User {
        let body = json!({"email": user.email, "password": PASSWORD});
        let reply = self.post("/api/users/signin").json(&body).send().await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        // Its owner is told of a new browser.
        self.0.settled().await;
        User::of(&user.email, &reply)
    }

    /// Puts places on sale for 12 euros each, and returns the ticket.
    pub(crate) async fn sell(&self, seller: &User, places: u32) -> Value {
        self.sell_as(seller, &offer("Opera", 1200, places)).await
    }

    pub(crate) async fn sell_as(&self, seller: &User, offer: &Value) -> Value {
        let reply = self.post("/api/tickets").by(seller).json(offer).send().await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        self.0.settled().await;
        reply.body
    }

    /// Orders one place, and returns the order.
    pub(crate) async fn buy(&self, buyer: &User, ticket: &Value) -> Value {
        let reply = self.try_to_buy(buyer, ticket).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
        reply.body
    }

    pub(crate) async fn try_to_buy(&self, buyer: &User, ticket: &Value) -> Reply {
        let reply = self.ordering(buyer, ticket).send().await;
        self.0.settled().await;
        reply
    }

    pub(crate) fn ordering(&self, buyer: &User, ticket: &Value) -> Call<'_, S> {
        self.post("/api/orders").by(buyer).json(&json!({"ticketId": id(ticket)}))
    }

    pub(crate) async fn pay(&self, buyer: &User, order: &Value) -> Reply {
        self.pay_with(buyer, order, "tok_visa").await
    }

    pub(crate) async fn pay_with(&self, buyer: &User, order: &Value, card: &str) -> Reply {
        let body = json!({"orderId": id(order), "token": card});
        let reply = self.post("/api/payments").by(buyer).json(&body).send().await;
        self.0.settled().await;
        reply
    }

    pub(crate) async fn ticket(&self, ticket: &Value) -> Value {
        self.get(&format!("/api/tickets/{}", id(ticket))).send().await.body
    }

    pub(crate) async fn order(&self, buyer: &User, order: &Value) -> Value {
        self.get(&format!("/api/orders/{}", id(order))).by(buyer).send().await.body
    }
}
