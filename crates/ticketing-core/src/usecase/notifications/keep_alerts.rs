//! Keeps questions for people, and ends them.

use crate::domain::alert::{Alert, AlertKey, AlertLink, Alerts, KeptQuestion};
use crate::domain::ids::{AccountId, AlertId};
use crate::ports::letter_store::{LetterNeeds, LetterRecord};
use crate::ports::store::{Stored, UnitOfWork, Write};
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;

use super::Notifications;

impl Notifications {
    /// The alerts of an account, oldest first, without those that no event to come can answer.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::ids::AccountId;
    /// use ticketing_core::usecase::error::Error;
    /// use ticketing_core::usecase::notifications::Notifications;
    ///
    /// async fn print(notifications: &Notifications, ada: AccountId) -> Result<(), Error> {
    ///     for alert in notifications.alerts(ada).await? {
    ///         println!("{:?} since {}", alert.question.text(), alert.created_at);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn alerts(&self, of: AccountId) -> Result<Vec<Alert>, Error> {
        let (now, stored) = (self.env.now(), self.alerts_of(of).await?);
        Ok(stored.iter().flat_map(|stored| stored.record.alive(now)).cloned().collect())
    }

    /// Keeps a question; returns the alert that has it. One that is kept already stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyAlerts`], [`Error::AccountNotFound`] if the account was deleted, or a failure of the store: the
    /// question may have been kept, and asking again keeps it once.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::alert::KeptQuestion;
    /// use ticketing_core::domain::search::Filters;
    /// use ticketing_core::domain::ids::AccountId;
    /// use ticketing_core::usecase::error::Error;
    /// use ticketing_core::usecase::notifications::Notifications;
    ///
    /// async fn tell_of_operas(notifications: &Notifications, ada: AccountId) -> Result<(), Error> {
    ///     let operas = KeptQuestion::parse("opera", Filters::default(), notifications.env.now())?;
    ///     let alert = notifications.keep_alert(ada, operas).await?;
    ///     assert_eq!(notifications.alerts(ada).await?, [alert]);
    ///     Ok(())
    /// }
    /// ```
    pub async fn keep_alert(&self, of: AccountId, question: KeptQuestion) -> Result<Alert, Error> {
        let (key, created_at) = (AlertKey::drawn(self.env.ids.secret()), self.env.now());
        let alert = Alert { id: AlertId::new(self.env.uuid(created_at)), question, key, created_at };
        retry_on_conflict(|| async {
            let stored = self.alerts_of(of).await?;
            let known = stored.as_ref().map_or_else(|| Alerts::none(of), |stored| stored.record.clone());
            let version = known.version;
            let kept = known.keep(alert.clone(), created_at)?;
            let same = kept.alerts.iter().find(|known| known.question == alert.question).cloned();
            if kept.version > version {
                self.commit_alerts(write(stored.as_ref(), kept)).await?;
            }
            Ok::<_, Error>(same.unwrap_or_else(|| alert.clone()))
        })
        .await
    }

    /// Ends an alert of an account. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::ids::AccountId;
    /// use ticketing_core::usecase::error::Error;
    /// use ticketing_core::usecase::notifications::Notifications;
    ///
    /// async fn leave_in_peace(notifications: &Notifications, ada: AccountId) -> Result<(), Error> {
    ///     for alert in notifications.alerts(ada).await? {
    ///         notifications.end_alert(ada, alert.id).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn end_alert(&self, of: AccountId, id: AlertId) -> Result<(), Error> {
        retry_on_conflict(|| async {
            let Some(stored) = self.alerts_of(of).await? else { return Ok(()) };
            match stored.record.clone().without(id) {
                Some(left) => self.commit_alerts(stored.replace(left)).await,
                None => Ok(()),
            }
        })
        .await
    }

    /// The question that a link of a letter ends.
    ///
    /// # Errors
    ///
    /// [`Error::LinkOver`] if the alert was ended before or the link is of none, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::alert::AlertLink;
    /// use ticketing_core::usecase::error::Error;
    /// use ticketing_core::usecase::notifications::Notifications;
    ///
    /// async fn ask(notifications: &Notifications, link: AlertLink) -> Result<String, Error> {
    ///     let alert = notifications.alert_of_link(link).await?;
    ///     Ok(format!("Tell me nothing more of {:?}?", alert.question.text()))
    /// }
    /// ```
    pub async fn alert_of_link(&self, link: AlertLink) -> Result<Alert, Error> {
        let stored = self.alerts_of(link.account).await?;
        let alert = stored.and_then(|stored| stored.record.get(link.alert).cloned());
        alert.filter(|alert| alert.key.is(link.key)).ok_or(Error::LinkOver)
    }

    /// Ends an alert by the link of a letter.
    ///
    /// # Errors
    ///
    /// As of [`Notifications::alert_of_link`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::alert::AlertLink;
    /// use ticketing_core::usecase::error::Error;
    /// use ticketing_core::usecase::notifications::Notifications;
    ///
    /// async fn follow(notifications: &Notifications, link: AlertLink) -> Result<(), Error> {
    ///     notifications.end_alert_by_link(link).await?;
    ///     assert!(notifications.alert_of_link(link).await.is_err(), "it is over");
    ///     Ok(())
    /// }
    /// ```
    pub async fn end_alert_by_link(&self, link: AlertLink) -> Result<(), Error> {
        self.alert_of_link(link).await?;
        self.end_alert(link.account, link.alert).await
    }

    async fn alerts_of(&self, account: AccountId) -> Result<Option<Stored<Alerts>>, Error> {
        let needs = LetterNeeds { alerts: vec![account], ..LetterNeeds::default() };
        Ok(self.store.load(&needs).await?.alerts.pop())
    }

    async fn commit_alerts(&self, write: Write<LetterRecord>) -> Result<(), Error> {
        self.store.commit(UnitOfWork::default().with(write)).await?;
        Ok(())
    }
}

fn write(stored: Option<&Stored<Alerts>>, next: Alerts) -> Write<LetterRecord> {
    match stored {
        Some(stored) => stored.replace(next),
        None => Write::insert(next),
    }
}
