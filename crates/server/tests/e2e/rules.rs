//! What holds however the marketplace runs.

pub(crate) mod access;
pub(crate) mod admissions;
pub(crate) mod idempotency;
pub(crate) mod live;
pub(crate) mod offers;
pub(crate) mod pages;
pub(crate) mod payments;
pub(crate) mod problems;
pub(crate) mod sales;
pub(crate) mod sessions;
