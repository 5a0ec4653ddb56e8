//! Which parts of the API other processes serve.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Service, ServiceUrl};

use super::Upstream;

/// The services that run in other processes. A clone uses the same connections.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere(BTreeMap<Service, Upstream>);

impl Elsewhere {
    /// Knows where they are; nothing is connected yet. Requests wait up to `restart_wait` for one that restarts.
    #[must_use]
    pub fn new<'a>(services: impl IntoIterator<Item = (&'a Service, &'a ServiceUrl)>, restart_wait: Duration) -> Self {
        Self(services.into_iter().map(|(service, url)| (*service, Upstream::new(url, restart_wait))).collect())
    }

    /// Whether everything runs in this process.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, service: Service) -> Option<&Upstream> {
        self.0.get(&service)
    }

    /// The service that owns a path, if it runs in another process.
    pub(crate) fn owner(&self, path: &str) -> Option<&Upstream> {
        if self.0.is_empty() {
            return None;
        }
        self.get(owner(path)?)
    }
}

fn owner(path: &str) -> Option<Service> {
    if path == "/.well-known/jwks.json" {
        return Some(Service::Accounts);
    }
    match path.strip_prefix("/api/")?.split('/').next()? {
        "users" => Some(Service::Accounts),
        "tickets" => Some(Service::Tickets),
        "orders" => Some(Service::Orders),
        "payments" => Some(Service::Payments),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_a_service() {
        assert_eq!(owner("/api/users/signin"), Some(Service::Accounts));
        assert_eq!(owner("/.well-known/jwks.json"), Some(Service::Accounts));
        assert_eq!(owner("/api/tickets"), Some(Service::Tickets));
        assert_eq!(owner("/api/orders/7"), Some(Service::Orders));
        assert_eq!(owner("/api/payments/notices"), Some(Service::Payments));
        for nobodys in ["/", "/api", "/api/", "/api/docs", "/tickets/7", "/api/ticketsandmore", "/livez"] {
            assert_eq!(owner(nobodys), None, "{nobodys}");
        }
    }
}
