//! One file per page: its view model and the function that renders it.

pub(crate) mod account;
pub(crate) mod alerts;
pub(crate) mod api_docs;
pub(crate) mod ask;
pub(crate) mod catalog;
pub(crate) mod checkout;
pub(crate) mod confirm;
pub(crate) mod confirm_address;
pub(crate) mod delete_account;
pub(crate) mod dev_mail;
pub(crate) mod door;
pub(crate) mod door_entry;
pub(crate) mod door_links;
pub(crate) mod edit;
pub(crate) mod error;
pub(crate) mod forgot;
pub(crate) mod my_tickets;
pub(crate) mod order;
pub(crate) mod orders;
pub(crate) mod reschedule;
pub(crate) mod reset;
pub(crate) mod sales;
pub(crate) mod sell;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod ticket;
