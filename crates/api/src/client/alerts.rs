//! Searches that people keep.

use http::Method;
use ticketing_core::domain::ids::AlertId;

use crate::alerts::{AlertBody, AlertList, EndAlertBody, KeepAlertBody};
use crate::paths;
use crate::tickets::TicketSearch;

use super::Client;
use super::error::ClientError;

impl Client {
    /// The searches that the account keeps, oldest first.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_signed_in` among others.
    pub async fn alerts(&self) -> Result<AlertList, ClientError> {
        self.get(paths::ALERTS).read().await
    }

    /// Keeps a search for the account. One that is kept already stays as it is.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `too_many_alerts` and `address_unconfirmed` among others.
    pub async fn keep_alert(&self, search: &TicketSearch) -> Result<AlertBody, ClientError> {
        // No shape of a query fails to serialize.
        let body = KeepAlertBody { search: serde_urlencoded::to_string(search).unwrap_or_default() };
        self.call(Method::POST, paths::ALERTS).json(&body).read().await
    }

    /// Ends an alert of the account. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_signed_in` among others.
    pub async fn end_alert(&self, id: AlertId) -> Result<(), ClientError> {
        self.call(Method::DELETE, paths::alert(id)).done().await.map(drop)
    }

    /// Ends an alert by the end of the link in a letter; nobody has to be signed in.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `link_over` among others.
    pub async fn end_alert_by_link(&self, link: &str) -> Result<(), ClientError> {
        let body = EndAlertBody { link: link.to_owned() };
        self.call(Method::POST, paths::END_ALERT).json(&body).done().await.map(drop)
    }
}
