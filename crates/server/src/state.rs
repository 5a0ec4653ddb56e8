//! What every handler works with: the services that run here, and the state of the edge.
//!
//! Only what is shared by all; what one folder alone needs is handed to its router.

mod contacts_key;
mod device_key;
mod guards;
mod health;
mod identify;
mod limiters;
mod own_sessions;
mod owner;

use std::sync::{Arc, LazyLock};

use ticketing_core::messaging::shutdown::Shutdown;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::drafts::DraftStore;
use ticketing_core::usecase::accounts::Accounts;
use ticketing_core::usecase::admissions::Admissions;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::notifications::Notifications;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::search::Search;
use ticketing_core::usecase::tickets::Tickets;

use crate::config::{ConfirmAddress, Gateway, HttpConfig, Service};
use crate::telemetry::Metrics;

pub use contacts_key::ContactsKey;
pub use device_key::DeviceKey;
pub(crate) use guards::Guards;
pub use health::Health;
pub use identify::{Actor, Identify};
pub(crate) use limiters::Limiters;
pub(crate) use own_sessions::OwnSessions;
pub(crate) use owner::owner;

/// What every handler works with. A clone is the same marketplace.
pub type App = Arc<AppState>;

/// The services that run here, and the state of the edge.
pub struct AppState {
    /// Which services run here.
    pub services: Vec<Service>,
    /// Time and chance.
    pub env: ClockAndIds,
    /// How requests are received.
    pub http: HttpConfig,
    /// What takes the money, where payments or pages run.
    pub gateway: Option<Gateway>,
    /// Whether selling needs an address that is confirmed.
    pub confirm_address: ConfirmAddress,
    /// Whether requests are taken.
    pub health: Arc<Health>,
    /// What is counted.
    pub metrics: Metrics,
    /// Finds out who acts.
    pub(crate) identity: Arc<dyn Identify>,
    /// Sessions of ours; `None` if an application around us identifies people.
    pub(crate) sessions: Option<Arc<OwnSessions>>,
    pub(crate) limiters: Limiters,
    pub(crate) guards: Guards,
    /// What other processes prove by that they may ask how to reach people; `None` if no other has the same keys.
    pub(crate) contacts_key: Option<ContactsKey>,
    /// Which services run in other processes.
    pub(crate) remote: Vec<Service>,
    /// `None` where there are no pages.
    pub(crate) drafts: Option<Arc<dyn DraftStore>>,
    /// Ends what holds connections open.
    pub(crate) stopping: Shutdown,
    /// Whether nothing identifies anybody that a browser sends by itself.
    pub(crate) is_tokens_only: bool,
    /// The API, described.
    pub(crate) docs: Description,
    pub(crate) running: Running,
}

/// The description of the API, written when it is first asked for.
pub(crate) type Description = LazyLock<serde_json::Value, Box<dyn FnOnce() -> serde_json::Value + Send>>;

/// The services that can be called, as far as they run here.
#[derive(Default)]
pub(crate) struct Running {
    pub(crate) accounts: Option<Accounts>,
    pub(crate) tickets: Option<Tickets>,
    pub(crate) search: Option<Search>,
    pub(crate) orders: Option<Orders>,
    pub(crate) payments: Option<Payments>,
    pub(crate) admissions: Option<Admissions>,
    pub(crate) notifications: Option<Notifications>,
}

impl AppState {
    /// Who somebody is.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn accounts(&self) -> Result<&Accounts, Error> {
        self.running.accounts.as_ref().ok_or_else(|| runs_elsewhere(Service::Accounts))
    }

    /// Who is signed in, by sessions of ours.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where there are none.
    pub(crate) fn own_sessions(&self) -> Result<&OwnSessions, Error> {
        self.sessions.as_deref().ok_or_else(|| runs_elsewhere(Service::Accounts))
    }

    /// What is offered.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn tickets(&self) -> Result<&Tickets, Error> {
        self.running.tickets.as_ref().ok_or_else(|| runs_elsewhere(Service::Tickets))
    }

    /// What is found of it; it runs beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn search(&self) -> Result<&Search, Error> {
        self.running.search.as_ref().ok_or_else(|| runs_elsewhere(Service::Tickets))
    }

    /// Who gets it.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn orders(&self) -> Result<&Orders, Error> {
        self.running.orders.as_ref().ok_or_else(|| runs_elsewhere(Service::Orders))
    }

    /// Who paid for it.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn payments(&self) -> Result<&Payments, Error> {
        self.running.payments.as_ref().ok_or_else(|| runs_elsewhere(Service::Payments))
    }

    /// Who is let in.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run; its routes are served only where it does.
    pub fn admissions(&self) -> Result<&Admissions, Error> {
        self.running.admissions.as_ref().ok_or_else(|| runs_elsewhere(Service::Admissions))
    }

    /// Lets somebody offer a ticket.
    ///
    /// # Errors
    ///
    /// [`Error::AddressUnconfirmed`], by what their token says: one of before the confirmation has to be refreshed.
    pub(crate) const fn may_sell(&self, actor: Actor) -> Result<(), Error> {
        match self.confirm_address {
            ConfirmAddress::Required if !actor.confirmed => Err(Error::AddressUnconfirmed),
            ConfirmAddress::Required | ConfirmAddress::Off => Ok(()),
        }
    }

    /// Who is told what.
    ///
    /// # Errors
    ///
    /// [`Error::Broken`] where it does not run.
    pub fn notifications(&self) -> Result<&Notifications, Error> {
        self.running.notifications.as_ref().ok_or_else(|| runs_elsewhere(Service::Notifications))
    }

    /// Whether people can keep alerts here: only where something sends mail.
    pub(crate) fn has_alerts(&self) -> bool {
        self.services.contains(&Service::Notifications) || self.remote.contains(&Service::Notifications)
    }

    /// Whether a path belongs to a service of another process.
    pub(crate) fn is_remote(&self, path: &str) -> bool {
        !self.remote.is_empty() && owner(path).is_some_and(|service| self.remote.contains(&service))
    }
}

fn runs_elsewhere(service: Service) -> Error {
    Error::Broken(Arc::new(RunsElsewhere(service)))
}

#[derive(Debug, thiserror::Error)]
#[error("{} was called where it does not run", .0.name())]
struct RunsElsewhere(Service);

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("services", &self.services).finish_non_exhaustive()
    }
}
