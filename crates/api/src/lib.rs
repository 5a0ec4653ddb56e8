//! The JSON API of the marketplace: one set of shapes for those who serve it and those who call it.
//!
//! - [`accounts`], [`tickets`], [`orders`], [`sales`], [`payments`], [`admissions`], [`alerts`], [`live`]: what requests and answers carry.
//! - [`problem`]: why a request was refused.
//! - [`page`]: lists that are read page by page.
//! - [`paths`] and [`headers`]: where each resource is, and the names of headers and cookies.
//!
//! With the feature `client`, `client::Client` asks a marketplace for all of it, over HTTP or in the same process.
//!
//! Requests refuse fields they do not know, so that a typing error is no silence.
//! Answers may gain fields: a client reads what it knows.
//!
//! # Why so
//!
//! - **One set of shapes**, which the server writes and the client reads: they cannot drift apart.
//! - **Requests are strict and answers are open**: a misspelt field of a request would do nothing, silently, and a new
//!   field of an answer must break no client.
//!
//! # Examples
//!
//! ```
//! use ticketing_api::orders::OrderBody;
//!
//! let answer = r#"{
//!   "id": "01a21a5c-7022-7366-bc1d-f24311afcd6c", "status": "awaitingPayment", "payBy": "2030-06-01T19:45:00Z",
//!   "quantity": 2, "price": {"amount": 4500, "currency": "EUR"}, "total": {"amount": 9000, "currency": "EUR"},
//!   "ticket": {"id": "01a21a5c-7022-7366-bc1d-f24398b3e574", "title": "La traviata, stalls"},
//!   "placedAt": "2030-06-01T19:30:00Z", "version": 1
//! }"#;
//! let order: OrderBody = serde_json::from_str(answer)?;
//! assert_eq!((order.quantity, order.total.amount), (2, 9000));
//! # Ok::<(), serde_json::Error>(())
//! ```
#![cfg_attr(feature = "openapi", expect(unused_qualifications, reason = "utoipa's macro writes them"))]

pub mod accounts;
pub mod admissions;
pub mod alerts;
#[cfg(feature = "client")]
pub mod client;
pub mod event_facts;
pub mod headers;
pub mod live;
pub mod money;
pub mod orders;
pub mod page;
pub mod paths;
pub mod payments;
pub mod problem;
pub mod sales;
pub mod tickets;

mod as_text;
