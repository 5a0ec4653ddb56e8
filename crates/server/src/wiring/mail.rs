//! How people are written to.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::contacts::Contacts;
use ticketing_core::ports::mailer::Mailer;
use ticketing_memory::MemoryEngines;
use ticketing_web::{Base, Letters};

use crate::config::{Config, MailBy, Service};
use crate::marketplace::NotificationPorts;
use crate::remote::{RemoteContacts, Upstream};
use crate::state::ContactsKey;

/// What notifications plugs in; none where it does not run, or nothing sends mail.
pub(super) fn ports(
    memory: &MemoryEngines,
    config: &Config,
    key: Option<&ContactsKey>,
) -> Result<Option<NotificationPorts>, BoxError> {
    let Some(mail) = config.mail.filter(|_| config.services.contains(&Service::Notifications)) else {
        return Ok(None);
    };
    let mailer: Arc<dyn Mailer> = match mail {
        MailBy::Smtp => smtp(config)?,
        MailBy::Outbox => Arc::new(memory.mailer.clone()),
    };
    let writer =
        Arc::new(Letters { origin: origin(config), base: Base::default(), marketplace: config.site_name.clone() });
    Ok(Some(NotificationPorts { service: memory.letter_ports(), contacts: contacts(config, key), writer, mailer }))
}

/// The accounts service of another process, where it does not run here.
fn contacts(config: &Config, key: Option<&ContactsKey>) -> Option<Arc<dyn Contacts>> {
    let accounts = config.remote.get(&Service::Accounts).filter(|_| !config.services.contains(&Service::Accounts))?;
    Some(Arc::new(RemoteContacts::new(Upstream::new(accounts, config.http.restart_wait), key?.clone())))
}

/// Where links lead to.
fn origin(config: &Config) -> String {
    let public = config.http.public_origins.first().map(|origin| origin.as_str().to_owned());
    public.unwrap_or_else(|| format!("http://{}", config.listen))
}

#[cfg(feature = "smtp")]
fn smtp(config: &Config) -> Result<Arc<dyn Mailer>, BoxError> {
    use ticketing_smtp::{SmtpConfig, SmtpMailer};

    let settings = config.smtp.as_ref().ok_or("--mail smtp needs a server and a sender")?;
    let smtp = SmtpConfig {
        ca: settings.ca.clone(),
        sender_name: Some(config.site_name.clone()),
        ..SmtpConfig::new(settings.url.expose(), settings.from.clone())
    };
    Ok(Arc::new(SmtpMailer::new(&smtp)?))
}

#[cfg(not(feature = "smtp"))]
fn smtp(_: &Config) -> Result<Arc<dyn Mailer>, BoxError> {
    Err(super::failure::SMTP.into())
}
