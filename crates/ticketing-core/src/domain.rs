//! What is allowed: values that are valid by construction, and decisions.
//!
//! A decision takes an aggregate by value and returns the next state with its
//! event, or a refusal with the facts that explain it.
//!
//! Invariant: nothing here is `async`, reads a clock, draws randomness or does
//! I/O. A decision gets all it needs as arguments.

pub mod account;
pub mod admission;
pub mod alert;
pub mod attributes;
pub mod buyer_action;
pub mod door_links;
pub mod event;
pub mod event_facts;
pub mod facts_tag;
pub mod hold_limits;
pub mod ids;
pub mod invalid;
pub mod letter;
pub mod money;
pub mod order;
pub mod pass;
pub mod payment;
pub mod sales_total;
pub mod search;
mod secret;
pub mod seller;
pub mod stock;
pub mod text;
pub mod ticket;
pub mod time;
pub mod time_zone;
pub mod typed_amount;
