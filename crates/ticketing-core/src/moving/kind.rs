//! What kinds of records there are.

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Accounts, deleted ones among them.
    Accounts,
    /// Tickets with their sales.
    Listings,
    /// What sellers are called.
    Sellers,
    /// The places of tickets.
    Stocks,
    /// Orders.
    Orders,
    /// Replicas of orders, to be paid.
    Payables,
    /// Attempts to pay.
    Payments,
    /// The passes of orders.
    Admissions,
    /// The doors of tickets.
    Entrances,
    /// The links to those doors.
    DoorLinks,
    /// Letters.
    Letters,
    /// Replicas of orders, of which letters tell.
    OrderReplicas,
    /// Replicas of tickets, of which letters tell.
    TicketReplicas,
    /// The questions that people keep.
    Alerts,
    /// Tickets as alerts last saw them.
    AlertEntries,
    /// The books of the sandbox.
    SandboxAttempts,
    /// Which attempts to pay may still be sent.
    AttemptKeys,
    /// The provider's id of each attempt to pay.
    AttemptNotes,
    /// Deliveries that could not be handled.
    Parked,
}

impl RecordKind {
    /// All of them, in the order in which they are moved.
    pub const ALL: [Self; 19] = [
        Self::Accounts,
        Self::Listings,
        Self::Sellers,
        Self::Stocks,
        Self::Orders,
        Self::Payables,
        Self::Payments,
        Self::Admissions,
        Self::Entrances,
        Self::DoorLinks,
        Self::Letters,
        Self::OrderReplicas,
        Self::TicketReplicas,
        Self::Alerts,
        Self::AlertEntries,
        Self::SandboxAttempts,
        Self::AttemptKeys,
        Self::AttemptNotes,
        Self::Parked,
    ];

    /// Its name, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Listings => "listings",
            Self::Sellers => "sellers",
            Self::Stocks => "stocks",
            Self::Orders => "orders",
            Self::Payables => "payables",
            Self::Payments => "payments",
            Self::Admissions => "admissions",
            Self::Entrances => "entrances",
            Self::DoorLinks => "door links",
            Self::Letters => "letters",
            Self::OrderReplicas => "replicas of orders",
            Self::TicketReplicas => "replicas of tickets",
            Self::Alerts => "alerts",
            Self::AlertEntries => "tickets as alerts know them",
            Self::SandboxAttempts => "attempts of the sandbox",
            Self::AttemptKeys => "keys of attempts",
            Self::AttemptNotes => "notes of attempts",
            Self::Parked => "parked events",
        }
    }
}
