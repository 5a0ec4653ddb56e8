//! The parts that pages are made of.

pub(crate) mod badge;
pub(crate) mod description;
pub(crate) mod event_time;
pub(crate) mod field;
pub(crate) mod flash;
pub(crate) mod form;
pub(crate) mod held;
pub(crate) mod money;
pub(crate) mod new_event;
pub(crate) mod opened_by;
pub(crate) mod order_facts;
pub(crate) mod pagination;
pub(crate) mod passes;
pub(crate) mod ticket_card;
pub(crate) mod ticket_fields;
pub(crate) mod time;
pub(crate) mod unconfirmed;
