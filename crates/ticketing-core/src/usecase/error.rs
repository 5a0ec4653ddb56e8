//! Why a command was not carried out.

use std::sync::Arc;

use crate::domain::alert::{AlertRefusal, Alerts};
use crate::domain::hold_limits::HoldRefusal;
use crate::domain::invalid::{Invalid, WrongFields};
use crate::domain::order::{CancelReason, OrderRefusal};
use crate::domain::pass::{PassRefusal, VoidReason};
use crate::domain::payment::PaymentRefusal;
use crate::domain::stock::StockRefusal;
use crate::domain::ticket::TicketRefusal;
use crate::ports::gateway::GatewayError;
use crate::ports::identity::IdentityError;
use crate::ports::search_index::SearchError;
use crate::ports::store::StoreError;

/// Why a command was not carried out. Nothing changed, unless the store was unavailable.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fields are wrong: correct them.
    #[error("some fields are wrong: {}", fields(.0))]
    Invalid(Vec<Invalid>),
    /// There is no such account.
    #[error("there is no such account")]
    AccountNotFound,
    /// There is no such ticket.
    #[error("there is no such ticket")]
    TicketNotFound,
    /// There is no such order, or it is somebody else's.
    #[error("there is no such order")]
    OrderNotFound,
    /// The order has no passes, which are issued once it is completed, or it is somebody else's.
    #[error("there are no passes of this order")]
    PassesNotFound,
    /// The code or the token belongs to no pass of this ticket: let nobody in.
    #[error("there is no such pass")]
    PassNotFound,
    /// There is no such session, or it is somebody else's.
    #[error("there is no such session")]
    SessionNotFound,
    /// The e-mail address belongs to an account: sign in instead.
    #[error("this e-mail address has an account already")]
    EmailTaken,
    /// E-mail address or password are wrong: try again.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The session is over: sign in.
    #[error("the session is over")]
    SessionOver,
    /// The link of a letter is not valid, or not any more: ask for another.
    #[error("this link is not valid any more")]
    LinkOver,
    /// The owner of the account has not proved that its address is theirs: follow the link of the letter.
    #[error("the e-mail address of this account is not confirmed")]
    AddressUnconfirmed,
    /// The key named another request before: choose another key.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// What was to be changed changed meanwhile: read it again.
    #[error("this is version {current} by now")]
    Stale {
        /// The version it has.
        current: u64,
    },
    /// The ticket does not allow it.
    #[error("{}", ticket_sentence(.0))]
    Ticket(TicketRefusal),
    /// No place was given.
    #[error("{}", stock_sentence(.0))]
    Stock(StockRefusal),
    /// One buyer may not hold so much.
    #[error("{}", hold_sentence(.0))]
    Hold(HoldRefusal),
    /// The order does not allow it.
    #[error("{}", order_sentence(.0))]
    Order(OrderRefusal),
    /// No payment was begun.
    #[error("{}", payment_sentence(.0))]
    Payment(PaymentRefusal),
    /// The pass lets nobody in.
    #[error("{}", pass_sentence(.0))]
    Pass(PassRefusal),
    /// The account has as many alerts as it may have: end one first.
    #[error("you have {} alerts, and cannot have more: end one first", Alerts::MOST)]
    TooManyAlerts,
    /// The card was declined: try another.
    #[error("the card was declined")]
    CardDeclined {
        /// Why, in a word.
        reason: Arc<str>,
    },
    /// What is needed did not answer, or is overloaded: try again.
    #[error("the service is busy")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Something is broken: a human is needed.
    #[error("something is broken")]
    Broken(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

fn fields(wrong: &[Invalid]) -> String {
    wrong.iter().map(Invalid::to_string).collect::<Vec<_>>().join("; ")
}

/// What a caller can do about an error.
///
/// Not `non_exhaustive` on purpose: a new kind must not compile until every
/// edge has decided what to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Correct the fields.
    Invalid,
    /// Sign in.
    NotSignedIn,
    /// Use another card.
    CardDeclined,
    /// It is not yours to change.
    Forbidden,
    /// It is not there, or not yours to see.
    NotFound,
    /// The state forbids it.
    Refused,
    /// Read it again.
    Stale,
    /// Wait for as long as the answer says.
    Paused,
    /// Try again later.
    Unavailable,
    /// Call an operator.
    Broken,
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) | Self::KeyReused => ErrorKind::Invalid,
            Self::AccountNotFound
            | Self::TicketNotFound
            | Self::OrderNotFound
            | Self::PassesNotFound
            | Self::PassNotFound
            | Self::SessionNotFound => ErrorKind::NotFound,
            Self::WrongCredentials | Self::SessionOver => ErrorKind::NotSignedIn,
            Self::Ticket(TicketRefusal::NotSeller) | Self::Pass(PassRefusal::NotSeller) | Self::AddressUnconfirmed => {
                ErrorKind::Forbidden
            }
            Self::Ticket(
                TicketRefusal::StartsInThePast
                | TicketRefusal::StartsTooLate { .. }
                | TicketRefusal::SalesEndInThePast
                | TicketRefusal::CurrencyNotInUse { .. },
            ) => ErrorKind::Invalid,
            Self::Hold(HoldRefusal::Paused { .. }) => ErrorKind::Paused,
            Self::EmailTaken
            | Self::LinkOver
            | Self::TooManyAlerts
            | Self::Ticket(_)
            | Self::Stock(_)
            | Self::Hold(_)
            | Self::Order(_)
            | Self::Payment(_)
            | Self::Pass(_) => ErrorKind::Refused,
            Self::Stale { .. } => ErrorKind::Stale,
            Self::CardDeclined { .. } => ErrorKind::CardDeclined,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Broken(_) => ErrorKind::Broken,
        }
    }

    /// A word that never changes, for programs; listed in `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::AccountNotFound => "account_not_found",
            Self::TicketNotFound => "ticket_not_found",
            Self::OrderNotFound => "order_not_found",
            Self::PassesNotFound => "passes_not_found",
            Self::PassNotFound => "pass_not_found",
            Self::SessionNotFound => "session_not_found",
            Self::EmailTaken => "email_taken",
            Self::WrongCredentials => "wrong_credentials",
            Self::SessionOver => "session_over",
            Self::LinkOver => "link_over",
            Self::AddressUnconfirmed => "address_unconfirmed",
            Self::KeyReused => "idempotency_key_reused",
            Self::Stale { .. } => "stale_version",
            Self::Ticket(refusal) => ticket_code(refusal),
            Self::Stock(refusal) => stock_code(refusal),
            Self::Hold(refusal) => hold_code(refusal),
            Self::Order(refusal) => order_code(refusal),
            Self::Payment(refusal) => payment_code(refusal),
            Self::Pass(refusal) => pass_code(refusal),
            Self::TooManyAlerts => "too_many_alerts",
            Self::CardDeclined { .. } => "card_declined",
            Self::Unavailable(_) => "unavailable",
            Self::Broken(_) => "broken",
        }
    }

    /// Something did not answer.
    #[must_use]
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(cause))
    }
}

const fn ticket_code(refusal: &TicketRefusal) -> &'static str {
    match refusal {
        TicketRefusal::NotSeller => "not_seller",
        TicketRefusal::Withdrawn => "ticket_withdrawn",
        TicketRefusal::CalledOff => "ticket_called_off",
        TicketRefusal::FactsAreSold => "facts_are_sold",
        TicketRefusal::Begun => "event_begun",
        TicketRefusal::QuantityBelowSales { .. } => "quantity_below_sales",
        TicketRefusal::StartsInThePast => "starts_in_the_past",
        TicketRefusal::StartsTooLate { .. } => "starts_too_late",
        TicketRefusal::SalesEndInThePast => "sales_end_in_the_past",
        TicketRefusal::CurrencyNotInUse { .. } => "currency_not_in_use",
    }
}

const fn stock_code(refusal: &StockRefusal) -> &'static str {
    match refusal {
        StockRefusal::OwnTicket => "own_ticket",
        StockRefusal::Withdrawn => "ticket_withdrawn",
        StockRefusal::CalledOff => "ticket_called_off",
        StockRefusal::SalesEnded { .. } => "sales_ended",
        StockRefusal::SoldOut { .. } => "sold_out",
        StockRefusal::PriceChanged { .. } => "price_changed",
        StockRefusal::EventChanged => "event_changed",
    }
}

const fn hold_code(refusal: &HoldRefusal) -> &'static str {
    match refusal {
        HoldRefusal::TooManyPlaces { .. } => "too_many_places",
        HoldRefusal::TooManyOpenOrders { .. } => "too_many_open_orders",
        HoldRefusal::Paused { .. } => "hold_paused",
    }
}

const fn order_code(refusal: &OrderRefusal) -> &'static str {
    match refusal {
        OrderRefusal::Completed => "order_completed",
        OrderRefusal::Refunded { .. } => "order_refunded",
        OrderRefusal::NotPaid => "order_not_paid",
        OrderRefusal::Unchanged => "event_unchanged",
        OrderRefusal::Begun => "event_begun",
        OrderRefusal::Used => "order_used",
        OrderRefusal::Cancelled { .. } => "order_cancelled",
        OrderRefusal::NotDue { .. } => "order_not_due",
    }
}

const fn payment_code(refusal: &PaymentRefusal) -> &'static str {
    match refusal {
        PaymentRefusal::AlreadyPaid => "already_paid",
        PaymentRefusal::OrderCancelled => "order_cancelled",
        PaymentRefusal::Overdue => "order_overdue",
        PaymentRefusal::TooManyDeclines => "too_many_declines",
        PaymentRefusal::InProgress { .. } => "payment_in_progress",
    }
}

const fn pass_code(refusal: &PassRefusal) -> &'static str {
    match refusal {
        PassRefusal::AlreadyUsed { .. } => "pass_already_used",
        PassRefusal::Voided { .. } => "pass_voided",
        PassRefusal::OtherTicket => "pass_of_another_ticket",
        PassRefusal::NotSeller => "not_your_door",
        PassRefusal::TooManyDoorLinks => "too_many_door_links",
    }
}

fn ticket_sentence(refusal: &TicketRefusal) -> String {
    match refusal {
        TicketRefusal::NotSeller => "only the seller may change this ticket".to_owned(),
        TicketRefusal::Withdrawn => "this ticket was withdrawn".to_owned(),
        TicketRefusal::CalledOff => "this event was called off".to_owned(),
        TicketRefusal::FactsAreSold => {
            "places are held or sold, so what, where and when can only be rescheduled or called off".to_owned()
        }
        TicketRefusal::Begun => "the event has begun".to_owned(),
        TicketRefusal::QuantityBelowSales { committed } => {
            format!("{committed} places are held or sold already, so no fewer can be offered")
        }
        TicketRefusal::StartsInThePast => "the event would begin in the past".to_owned(),
        TicketRefusal::StartsTooLate { latest } => format!("the event would begin after {latest}"),
        TicketRefusal::SalesEndInThePast => "sales would end in the past".to_owned(),
        TicketRefusal::CurrencyNotInUse { currency } => format!("nobody pays in {currency} any more"),
    }
}

fn stock_sentence(refusal: &StockRefusal) -> String {
    match refusal {
        StockRefusal::OwnTicket => "nobody orders their own ticket".to_owned(),
        StockRefusal::Withdrawn => "this ticket was withdrawn".to_owned(),
        StockRefusal::CalledOff => "this event was called off".to_owned(),
        StockRefusal::SalesEnded { at } => format!("sales of this ticket ended at {at}"),
        StockRefusal::SoldOut { available: 0 } => "this ticket is sold out".to_owned(),
        StockRefusal::SoldOut { available } => format!("only {available} places are left"),
        StockRefusal::PriceChanged { price } => format!("the price changed to {}", price.money()),
        StockRefusal::EventChanged => "the event is not the one that the buyer saw".to_owned(),
    }
}

fn hold_sentence(refusal: &HoldRefusal) -> String {
    match refusal {
        HoldRefusal::TooManyPlaces { allowed: 0 } => "you have as many places as one buyer may have".to_owned(),
        HoldRefusal::TooManyPlaces { allowed } => format!("one buyer may have only {allowed} more of these places now"),
        HoldRefusal::TooManyOpenOrders { places } => {
            format!("{places} places are held for you already: pay for an order or cancel one first")
        }
        HoldRefusal::Paused { wait } => {
            let minutes = wait.as_secs().div_ceil(60);
            format!("your last orders were not paid: you can order again in {minutes} min")
        }
    }
}

fn order_sentence(refusal: &OrderRefusal) -> String {
    match refusal {
        OrderRefusal::Completed => "this order is completed".to_owned(),
        OrderRefusal::Refunded { .. } => "this order was refunded".to_owned(),
        OrderRefusal::NotPaid => "this order is not paid".to_owned(),
        OrderRefusal::Unchanged => "the event is what it was when it was ordered".to_owned(),
        OrderRefusal::Begun => "the event has begun".to_owned(),
        OrderRefusal::Used => "somebody was let in with this order".to_owned(),
        OrderRefusal::Cancelled { reason: CancelReason::ByBuyer } => "this order was cancelled".to_owned(),
        OrderRefusal::Cancelled { reason: CancelReason::Expired } => "this order expired".to_owned(),
        OrderRefusal::Cancelled { reason: CancelReason::CalledOff } => {
            "the event of this order was called off".to_owned()
        }
        OrderRefusal::NotDue { pay_by } => format!("this order may be paid until {pay_by}"),
    }
}

fn payment_sentence(refusal: &PaymentRefusal) -> String {
    match refusal {
        PaymentRefusal::AlreadyPaid => "this order is paid already".to_owned(),
        PaymentRefusal::OrderCancelled => "this order was cancelled".to_owned(),
        PaymentRefusal::Overdue => "the time to pay this order is over".to_owned(),
        PaymentRefusal::TooManyDeclines => {
            "too many cards were declined for this order: it cannot be paid any more".to_owned()
        }
        PaymentRefusal::InProgress { .. } => "a payment of this order is under way".to_owned(),
    }
}

fn pass_sentence(refusal: &PassRefusal) -> String {
    match refusal {
        PassRefusal::AlreadyUsed { at } => format!("somebody was let in with this pass at {at}"),
        PassRefusal::Voided { at, reason: VoidReason::OrderCancelled } => {
            format!("this pass is void: its order was cancelled at {at}")
        }
        PassRefusal::Voided { at, reason: VoidReason::OrderRefunded } => {
            format!("this pass is void: its order was refunded at {at}")
        }
        PassRefusal::OtherTicket => "this pass is for another ticket".to_owned(),
        PassRefusal::NotSeller => {
            "only the seller of this ticket lets people in, and who has the key of a door link".to_owned()
        }
        PassRefusal::TooManyDoorLinks => "this ticket has as many door links as it may have".to_owned(),
    }
}

impl From<AlertRefusal> for Error {
    fn from(refusal: AlertRefusal) -> Self {
        match refusal {
            AlertRefusal::TooMany => Self::TooManyAlerts,
            AlertRefusal::Closed => Self::AccountNotFound,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        if error.is_transient() { Self::unavailable(error) } else { Self::Broken(Arc::new(error)) }
    }
}

impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        if error.is_transient() { Self::unavailable(error) } else { Self::Broken(Arc::new(error)) }
    }
}

impl From<IdentityError> for Error {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::InvalidToken => Self::SessionOver,
            IdentityError::Unavailable(_) => Self::unavailable(error),
        }
    }
}

impl From<GatewayError> for Error {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::ExceedsCharge => Self::Broken(Arc::new(error)),
            GatewayError::Unavailable(_) | GatewayError::Forged | GatewayError::Unrelated => Self::unavailable(error),
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(vec![invalid])
    }
}

impl From<WrongFields> for Error {
    fn from(WrongFields(wrong): WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}
