//! Broken adapters, each of which a rule must notice.

mod accounts;
mod audit_reader;
mod clocks;
mod drafts;
mod identity;
mod limits;
mod others;
mod outbox;
mod publishing;
mod stores;
mod subscribing;
mod ticket_feed;
mod timers;
mod unreadable;
