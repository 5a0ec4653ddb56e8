//! Where each resource is.

use ticketing_core::domain::ids::{AlertId, DoorLinkId, OrderId, SessionId, TicketId};

/// Opens an account.
pub const SIGN_UP: &str = "/api/users/signup";
/// Begins a session.
pub const SIGN_IN: &str = "/api/users/signin";
/// Ends the session.
pub const SIGN_OUT: &str = "/api/users/signout";
/// Exchanges the refresh token.
pub const REFRESH: &str = "/api/users/refresh";
/// The account that is signed in.
pub const CURRENT_USER: &str = "/api/users/currentuser";
/// Changes the password.
pub const PASSWORD: &str = "/api/users/password";
/// Confirms the address of an account.
pub const CONFIRM: &str = "/api/users/confirm";
/// Has another letter sent that confirms the address.
pub const CONFIRM_AGAIN: &str = "/api/users/confirm/again";
/// Has a letter sent with which a forgotten password is replaced.
pub const FORGOT: &str = "/api/users/forgot";
/// Replaces a forgotten password.
pub const RESET: &str = "/api/users/reset";
/// What the owner of the account is called.
pub const NAME: &str = "/api/users/name";
/// All that is known about the owner of the account.
pub const EXPORT: &str = "/api/users/export";
/// Deletes the account.
pub const DELETE_ACCOUNT: &str = "/api/users/delete";
/// The sessions of the account.
pub const SESSIONS: &str = "/api/users/sessions";
/// The public keys that verify access tokens.
pub const JWKS: &str = "/.well-known/jwks.json";
/// What is on sale.
pub const TICKETS: &str = "/api/tickets";
/// Titles to suggest to somebody who types.
pub const SUGGESTIONS: &str = "/api/tickets/suggestions";
/// What the account sells.
pub const MY_TICKETS: &str = "/api/tickets/mine";
/// Orders of the account.
pub const ORDERS: &str = "/api/orders";
/// Doors of tickets.
pub const DOORS: &str = "/api/doors";
/// Searches that the account keeps.
pub const ALERTS: &str = "/api/alerts";
/// Ends an alert by the link of a letter.
pub const END_ALERT: &str = "/api/alerts/end";
/// Payments.
pub const PAYMENTS: &str = "/api/payments";
/// The notices of the payment gateway.
pub const NOTICES: &str = "/api/payments/notices";
/// Live updates of several tickets.
pub const LIVE: &str = "/api/live";

/// The payments of one order.
#[must_use]
pub fn payments_of(order: OrderId) -> String {
    format!("{PAYMENTS}?orderId={order}")
}

/// One session of the account.
#[must_use]
pub fn session(id: SessionId) -> String {
    format!("{SESSIONS}/{id}")
}

/// One ticket.
#[must_use]
pub fn ticket(id: TicketId) -> String {
    format!("{TICKETS}/{id}")
}

/// What else is on sale of the event of a ticket.
#[must_use]
pub fn other_offers(id: TicketId) -> String {
    format!("{TICKETS}/{id}/others")
}

/// Changes the facts of an event that is sold.
#[must_use]
pub fn reschedule(id: TicketId) -> String {
    format!("{TICKETS}/{id}/reschedule")
}

/// Says that an event does not take place.
#[must_use]
pub fn call_off(id: TicketId) -> String {
    format!("{TICKETS}/{id}/call-off")
}

/// The orders of a ticket, for its seller.
#[must_use]
pub fn orders_for(ticket: TicketId) -> String {
    format!("{ORDERS}/for/{ticket}")
}

/// Gives a paid order back.
#[must_use]
pub fn give_back(id: OrderId) -> String {
    format!("{ORDERS}/{id}/give-back")
}

/// Refunds a paid order, for the seller.
#[must_use]
pub fn refund(id: OrderId) -> String {
    format!("{ORDERS}/{id}/refund")
}

/// The passes of one order.
#[must_use]
pub fn passes_of(order: OrderId) -> String {
    format!("{ORDERS}/{order}/passes")
}

/// The passes of one ticket, for its door.
#[must_use]
pub fn door_passes(ticket: TicketId) -> String {
    format!("{DOORS}/{ticket}/passes")
}

/// Checks of passes at the door of one ticket.
#[must_use]
pub fn door_checks(ticket: TicketId) -> String {
    format!("{DOORS}/{ticket}/checks")
}

/// The links to the door of one ticket.
#[must_use]
pub fn door_links(ticket: TicketId) -> String {
    format!("{DOORS}/{ticket}/links")
}

/// One link to the door of a ticket.
#[must_use]
pub fn door_link(ticket: TicketId, link: DoorLinkId) -> String {
    format!("{DOORS}/{ticket}/links/{link}")
}

/// One search that the account keeps.
#[must_use]
pub fn alert(id: AlertId) -> String {
    format!("{ALERTS}/{id}")
}

/// One order.
#[must_use]
pub fn order(id: OrderId) -> String {
    format!("{ORDERS}/{id}")
}
