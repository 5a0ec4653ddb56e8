//! Believes what the gateway tells of its own accord, if it is the gateway.

use crate::ports::gateway::{GatewayError, UnverifiedNotice};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Payments;

impl Payments {
    /// Commits what a notice tells; `false` if it is forged, too old or about nothing of ours.
    ///
    /// # Errors
    ///
    /// A failure of the store, or of the call that verifies the notice: the gateway sends the notice again.
    pub async fn receive_notice(&self, notice: &UnverifiedNotice, origin: Origin) -> Result<bool, Error> {
        let notice = match self.gateway.verify_notice(notice, self.env.now()).await {
            Ok(notice) => notice,
            Err(GatewayError::Forged) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        match self.conclude(notice.payment, &notice.outcome, &origin).await {
            Ok(_) => Ok(true),
            Err(Error::OrderNotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
