//! Rules of the six stores.
//!
//! What all stores promise is written once, over [`AnyStore`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod accounts;
mod any_store;
mod bench;
mod cancelling;
mod committing;
mod histories;
mod letters;
mod offers;
mod orders;
mod passes;
mod payments;
mod racing;
mod sales;
mod tickets;
mod unreadable;

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::store::RecordKey;

use crate::report::Family;

pub use accounts::{
    a_deleted_account_frees_its_address, an_account_of_an_earlier_release_is_found,
    an_email_address_belongs_to_one_account,
};
pub use any_store::AnyStore;
pub use cancelling::a_cancelled_commit_leaves_all_or_nothing;
pub use committing::{
    a_commit_is_visible_to_the_next_read, a_conflict_names_what_changed, a_field_that_is_taken_away_is_gone,
    a_stale_commit_leaves_no_trace, a_unit_of_work_carries_many_decisions, an_insert_of_what_exists_is_refused,
};
pub use histories::a_revision_of_another_history_conflicts;
pub use letters::{
    alerts_are_found_by_their_handles, letters_come_when_they_are_due, the_buyers_of_a_ticket_are_listed,
    unreadable_letters_are_passed_by,
};
pub use offers::the_offers_of_an_event_are_found;
pub use orders::{
    a_buyer_finds_all_their_orders, a_key_makes_one_order_of_a_buyer, a_stock_brings_the_orders_that_changed_it,
    all_orders_of_a_ticket_are_found, called_off_stocks_are_found_until_their_orders_end,
    overdue_orders_are_found_until_they_end, the_orders_of_a_ticket_are_added_up,
    unpaid_orders_count_against_their_buyer, what_a_buyer_bought_of_a_ticket_is_found,
};
pub use passes::{
    a_code_belongs_to_one_pass_of_a_ticket, an_admission_is_found_by_a_pass_or_a_code,
    the_admissions_of_a_ticket_are_listed, the_passes_of_a_ticket_are_counted,
};
pub use payments::{
    a_key_makes_one_payment_of_a_buyer, a_payable_brings_its_live_payment, unsettled_payments_are_found_until_settled,
};
pub use racing::{one_of_two_racing_commits_wins, writers_who_reload_lose_nothing};
pub use sales::{newer_sales_are_followed, sales_are_followed_all_or_none, the_newest_sales_stay};
pub use tickets::{a_key_makes_one_listing_of_a_seller, a_seller_finds_all_their_listings};
pub use unreadable::{
    an_unreadable_order_blocks_no_other_order_of_its_buyer, an_unreadable_record_is_corrupt,
    unreadable_admissions_are_passed_by, unreadable_listings_are_passed_by, unreadable_orders_are_passed_by,
    unreadable_payments_are_passed_by,
};

/// The rules of an account store.
pub const ACCOUNT_STORE: Family<dyn StoreFixture<Accounts>> = crate::account_store!(@ [family]);

/// The rules of a ticket store.
pub const TICKET_STORE: Family<dyn StoreFixture<Tickets>> = crate::ticket_store!(@ [family]);

/// The rules of an order store.
pub const ORDER_STORE: Family<dyn StoreFixture<Orders>> = crate::order_store!(@ [family]);

/// The rules of a payment store.
pub const PAYMENT_STORE: Family<dyn StoreFixture<Payments>> = crate::payment_store!(@ [family]);

/// The rules of a pass store.
pub const PASS_STORE: Family<dyn StoreFixture<Passes>> = crate::pass_store!(@ [family]);

/// The rules of a letter store.
pub const LETTER_STORE: Family<dyn StoreFixture<Letters>> = crate::letter_store!(@ [family]);

/// Stands for [`AccountStore`](ticketing_core::ports::account_store::AccountStore).
#[derive(Debug, Clone, Copy)]
pub struct Accounts;

/// Stands for [`TicketStore`](ticketing_core::ports::ticket_store::TicketStore).
#[derive(Debug, Clone, Copy)]
pub struct Tickets;

/// Stands for [`OrderStore`](ticketing_core::ports::order_store::OrderStore).
#[derive(Debug, Clone, Copy)]
pub struct Orders;

/// Stands for [`PaymentStore`](ticketing_core::ports::payment_store::PaymentStore).
#[derive(Debug, Clone, Copy)]
pub struct Payments;

/// Stands for [`PassStore`](ticketing_core::ports::pass_store::PassStore).
#[derive(Debug, Clone, Copy)]
pub struct Passes;

/// Stands for [`LetterStore`](ticketing_core::ports::letter_store::LetterStore).
#[derive(Debug, Clone, Copy)]
pub struct Letters;

/// An empty store and its outbox.
///
/// `S` says which: with `impl StoreFixture<Orders> for MyFixture`, `store` returns an `Arc<dyn OrderStore>`.
#[async_trait]
pub trait StoreFixture<S: AnyStore>: Send + Sync {
    /// The store; always the same one.
    fn store(&self) -> Arc<S::Store>;

    /// Another store of the kind, new and empty, that shares nothing with the first.
    async fn another(&self) -> Arc<S::Store>;

    /// Makes what is stored under this name unreadable, as a hand or another release would; `false` if that cannot be.
    async fn spoil(&self, _record: &RecordKey) -> bool {
        false
    }

    /// The outbox that the commits of the first store fill.
    fn outbox(&self) -> Arc<dyn Outbox>;
}
