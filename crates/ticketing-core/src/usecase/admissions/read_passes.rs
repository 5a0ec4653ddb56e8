//! Shows a buyer the passes of an order.

use crate::domain::ids::{AccountId, OrderId};
use crate::domain::pass::CodedPass;
use crate::ports::pass_signer::PassClaims;
use crate::ports::pass_store::PassNeeds;
use crate::usecase::error::Error;

use super::Admissions;

/// A pass as its buyer shows it: its code for people, and its token for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPass {
    /// The pass and its code.
    pub coded: CodedPass,
    /// What is printed as a square.
    pub token: String,
}

impl Admissions {
    /// The passes of an order of `by`, in the order of places.
    ///
    /// # Errors
    ///
    /// [`Error::PassesNotFound`] if the order is not completed or is somebody else's, or its passes are not issued
    /// yet; or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::{AccountId, Market};
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_crypto::Ed25519Signer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).places(2).await?;
    /// # market.pay(buyer, order.id, "tok_visa").await?;
    /// # market.settle().await?;
    /// let engines = market.engines();
    /// let context = engines.service_context(Settings::default());
    /// let (admissions, mut loops) = context.admissions(engines.pass_ports(), Arc::new(Ed25519Signer::generate()))?;
    /// loops.settle().await?;
    ///
    /// let passes = admissions.passes_of(order.id, buyer).await?;
    /// assert_eq!(passes.iter().map(|signed| signed.coded.pass.place).collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(admissions.passes_of(order.id, seller).await.unwrap_err().code(), "passes_not_found");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn passes_of(&self, order: OrderId, by: AccountId) -> Result<Vec<SignedPass>, Error> {
        let needs = PassNeeds { admissions: vec![order], ..PassNeeds::default() };
        let found = self.store.load(&needs).await?.admissions.pop().map(|stored| stored.record);
        let admission = found.filter(|admission| admission.buyer == by).ok_or(Error::PassesNotFound)?;
        Ok(admission.passes.into_iter().map(|coded| self.signed(coded)).collect())
    }

    pub(super) fn signed(&self, coded: CodedPass) -> SignedPass {
        let claims = PassClaims { pass: coded.pass.id, ticket: coded.pass.ticket, place: coded.pass.place };
        SignedPass { token: self.signer.sign_pass(claims), coded }
    }
}
