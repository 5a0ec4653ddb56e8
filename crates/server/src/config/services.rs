//! The services a process may run.

/// One of the services of the marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Service {
    /// Who somebody is.
    Accounts,
    /// What is offered.
    Tickets,
    /// Who gets it.
    Orders,
    /// Who paid for it.
    Payments,
    /// Who is let in.
    Admissions,
    /// Who is told what, by mail.
    Notifications,
    /// When the time to pay is over.
    Expiration,
    /// The pages and live updates; the front door.
    Web,
}

impl Service {
    /// Every service there is.
    pub const ALL: [Self; 8] = [
        Self::Accounts,
        Self::Tickets,
        Self::Orders,
        Self::Payments,
        Self::Admissions,
        Self::Notifications,
        Self::Expiration,
        Self::Web,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Tickets => "tickets",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Admissions => "admissions",
            Self::Notifications => "notifications",
            Self::Expiration => "expiration",
            Self::Web => "web",
        }
    }

    /// Whether it has a part of the JSON API, and asks who is signed in.
    #[must_use]
    pub const fn has_api(self) -> bool {
        match self {
            Self::Accounts | Self::Tickets | Self::Orders | Self::Payments | Self::Admissions | Self::Notifications => {
                true
            }
            Self::Expiration | Self::Web => false,
        }
    }

    /// Whether it needs the signing keys: accounts signs access tokens with them, admissions passes, and
    /// notifications proves by them that it may ask accounts for addresses.
    #[must_use]
    pub const fn signs(self) -> bool {
        matches!(self, Self::Accounts | Self::Admissions | Self::Notifications)
    }

    /// The services that are not among `services`.
    #[must_use]
    pub fn others(services: &[Self]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|service| !services.contains(service)).collect()
    }
}
