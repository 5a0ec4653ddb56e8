//! The services a process may run, and what each needs of the others.

use std::str::FromStr;

/// One of the services of the marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Who somebody is.
    Accounts,
    /// What is offered.
    Tickets,
    /// Who gets it.
    Orders,
    /// Who paid for it.
    Payments,
    /// When the time to pay is over.
    Expiration,
    /// The pages and live updates; the front door.
    Web,
}

impl Service {
    /// Every service there is.
    pub const ALL: [Self; 6] =
        [Self::Accounts, Self::Tickets, Self::Orders, Self::Payments, Self::Expiration, Self::Web];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Tickets => "tickets",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Expiration => "expiration",
            Self::Web => "web",
        }
    }

    /// The services whose events or sessions it cannot do without.
    #[must_use]
    pub const fn needs(self) -> &'static [Self] {
        match self {
            Self::Accounts => &[],
            Self::Tickets => &[Self::Accounts, Self::Orders],
            Self::Orders => &[Self::Accounts, Self::Tickets, Self::Payments, Self::Expiration],
            Self::Payments => &[Self::Accounts, Self::Orders],
            Self::Expiration => &[Self::Orders],
            Self::Web => &[Self::Accounts, Self::Tickets, Self::Orders, Self::Payments],
        }
    }

    /// What `services` need and is not among them.
    #[must_use]
    pub fn missing(services: &[Self]) -> Vec<Self> {
        let mut missing: Vec<Self> = services.iter().flat_map(|service| service.needs()).copied().collect();
        missing.retain(|service| !services.contains(service));
        missing.sort();
        missing.dedup();
        missing
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|service| service.name() == name);
        known.ok_or_else(|| format!("there is no service {name:?}; there are {}", names(&Self::ALL)))
    }
}

/// Names in a sentence.
pub(super) fn names(services: &[Service]) -> String {
    services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told() {
        assert_eq!(Service::missing(&Service::ALL), []);
        assert_eq!(Service::missing(&[Service::Accounts]), []);
        assert_eq!(Service::missing(&[Service::Accounts, Service::Tickets]), [Service::Orders]);
    }
}
