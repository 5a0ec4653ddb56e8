//! The marketplace over HTTP: the JSON API, the pages and the `ticketing` program.
//!
//! Read it in this order:
//!
//! - [`config`]: what may be set, as plain values with their defaults.
//! - [`state`]: what all handlers share.
//! - [`http`]: what every request passes, and what a handler takes out of it.
//! - [`api`]: every route of the JSON API, a handler beside its bodies.
//! - [`runtime`]: the loops behind the routes, and how they end in order.
//! - [`marketplace`]: the services over the engines they were given.
//! - [`wiring`]: the composition root of the program, which names adapters.
//! - [`embed`]: the JSON API inside an application that has its own users.
//! - [`cli`]: the command line, from settings to what is asked for.
//!
//! # Why so
//!
//! - **One program for one process and for many**: which services it runs is an argument, so what is tested in one
//!   process is what is deployed.
//! - **Pages ask the API**, in the same process or over the network: there is one door to each service, with one set
//!   of checks.
//!
//! # Features
//!
//! - `cli` (default): the program, and all that it is made of.
//! - `pages`: the whole marketplace as a library, with its pages, for engines of your own: [`marketplace`].
//! - neither: [`embed`], the API alone.
//! - `kafka`, `mongodb`, `redis`, `tls`: the engines of the program; `stripe`: payments by Stripe.
//!
//! # Examples
//!
//! A whole marketplace in memory, driven without a socket:
//!
//! ```
//! use axum::body::Body;
//! use http::Request;
//! use ticketing_server::{config::Config, router, wiring};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let assembly = wiring::marketplace(&Config::default()).await?;
//! let app = router(&assembly);
//! let running = assembly.start();
//!
//! let response = app.oneshot(Request::get("/api/tickets").body(Body::empty())?).await?;
//! assert_eq!(response.status(), 200);
//!
//! running.stop().await?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(not(feature = "cli"), expect(dead_code, reason = "the edge serves pages and the program too"))]

#[cfg(feature = "cli")]
mod say;

pub mod config;

pub mod network;
pub mod state;
pub mod telemetry;

pub mod http;

pub mod api;
#[cfg(feature = "pages")]
pub mod live;
#[cfg(feature = "pages")]
pub mod remote;
#[cfg(feature = "pages")]
pub mod site;

#[cfg(feature = "cli")]
pub mod demo;
#[cfg(feature = "pages")]
pub mod marketplace;
#[cfg(feature = "pages")]
pub mod runtime;
#[cfg(feature = "cli")]
pub mod serve;
mod surface;
#[cfg(feature = "cli")]
pub mod wiring;

pub mod embed;

#[cfg(feature = "cli")]
pub mod cli;

pub use surface::operators;
#[cfg(feature = "pages")]
pub use surface::router;
