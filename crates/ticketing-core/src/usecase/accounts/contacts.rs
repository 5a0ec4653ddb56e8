//! The accounts service knows how to reach people.

use async_trait::async_trait;

use crate::domain::account::{Account, DisplayName, LinkClaims, LinkPurpose};
use crate::domain::ids::AccountId;
use crate::ports::contacts::{Contact, ContactPurpose, Contacts, ContactsUnavailable};

use super::Accounts;

#[async_trait]
impl Contacts for Accounts {
    async fn contact(
        &self,
        account: AccountId,
        purpose: ContactPurpose,
    ) -> Result<Option<Contact>, ContactsUnavailable> {
        let found = self.store.account(account).await.map_err(|error| ContactsUnavailable(Box::new(error)))?;
        Ok(found.and_then(|stored| self.reach(&stored.record, purpose)))
    }
}

impl Accounts {
    /// How to reach an owner; nobody is asked to confirm what is confirmed.
    fn reach(&self, account: &Account, purpose: ContactPurpose) -> Option<Contact> {
        let link = match purpose {
            ContactPurpose::Tell => None,
            ContactPurpose::ConfirmAddress if account.confirmed_at.is_some() => return None,
            ContactPurpose::ConfirmAddress => Some(LinkPurpose::ConfirmAddress),
            ContactPurpose::ResetPassword => Some(LinkPurpose::ResetPassword),
        };
        let token = link.map(|purpose| self.links.sign_link(LinkClaims::new(account, purpose, self.env.now())));
        // Who signs up with the address of another chooses the name: nobody is greeted by it before the address is theirs.
        let display_name = account.confirmed_at.and(account.display_name.as_ref()).map(DisplayName::to_shared);
        Some(Contact { email: account.email.clone(), display_name, token })
    }
}
