//! Processes, and what they are told.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Name {
    /// Accounts.
    Accounts,
    /// Tickets.
    Tickets,
    /// Orders; the front door knows this one.
    Orders,
    /// Orders once more, so that two decide the same tickets.
    SecondOrders,
    /// Payments.
    Payments,
    /// Admissions.
    Admissions,
    /// Notifications.
    Notifications,
    /// Expiration.
    Expiration,
    /// The front door.
    Web,
    /// All services as one process, which keeps everything in a file.
    Marketplace,
}

impl Name {
    /// Every process of those that are one for each service.
    pub(crate) const ALL: [Self; 9] = [
        Self::Accounts,
        Self::Tickets,
        Self::Orders,
        Self::SecondOrders,
        Self::Payments,
        Self::Admissions,
        Self::Notifications,
        Self::Expiration,
        Self::Web,
    ];

    /// The name in logs and reports.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::SecondOrders => "orders-2",
            Self::Marketplace => "marketplace",
            other => other.service(),
        }
    }

    /// What the program calls the service; nothing for all of them.
    pub(crate) const fn service(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Tickets => "tickets",
            Self::Orders | Self::SecondOrders => "orders",
            Self::Payments => "payments",
            Self::Admissions => "admissions",
            Self::Notifications => "notifications",
            Self::Expiration => "expiration",
            Self::Web => "web",
            Self::Marketplace => "",
        }
    }

    /// The variable that tells the front door where it is.
    pub(crate) const fn url(self) -> Option<&'static str> {
        match self {
            Self::Accounts => Some("TICKETING_ACCOUNTS_URL"),
            Self::Tickets => Some("TICKETING_TICKETS_URL"),
            Self::Orders => Some("TICKETING_ORDERS_URL"),
            Self::Payments => Some("TICKETING_PAYMENTS_URL"),
            Self::Admissions => Some("TICKETING_ADMISSIONS_URL"),
            Self::Notifications => Some("TICKETING_NOTIFICATIONS_URL"),
            Self::SecondOrders | Self::Expiration | Self::Web | Self::Marketplace => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|name| name.text() == text.trim());
        known.ok_or_else(|| format!("there is no process {text:?}; there are {}", Self::ALL.map(Self::text).join(", ")))
    }
}

/// What a process finds in its environment.
pub(crate) type Variables = Vec<(&'static str, String)>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_process_has_a_name_of_its_own() {
        let names: BTreeSet<_> = Name::ALL.into_iter().map(Name::text).collect();

        assert_eq!(names.len(), Name::ALL.len());
    }
}
