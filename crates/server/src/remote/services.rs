//! Which parts of the API other processes serve.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Service, ServiceUrl};
use crate::state::owner;

use super::Upstream;

/// The services that run in other processes. A clone uses the same connections.
#[derive(Debug, Clone, Default)]
pub struct RemoteServices(BTreeMap<Service, Upstream>);

impl RemoteServices {
    /// Knows where they are; nothing is connected yet. Requests wait up to `restart_wait` for one that restarts.
    #[must_use]
    pub fn new<'a>(services: impl IntoIterator<Item = (&'a Service, &'a ServiceUrl)>, restart_wait: Duration) -> Self {
        Self(services.into_iter().map(|(service, url)| (*service, Upstream::new(url, restart_wait))).collect())
    }

    /// Which they are.
    pub(crate) fn names(&self) -> Vec<Service> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn get(&self, service: Service) -> Option<&Upstream> {
        self.0.get(&service)
    }

    /// The service that owns a path, if it runs in another process.
    pub(crate) fn owner(&self, path: &str) -> Option<&Upstream> {
        self.get(owner(path)?)
    }
}
