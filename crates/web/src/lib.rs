//! The pages of the marketplace: view model in, HTML out.
//!
//! Every page is one plain struct and one pure function: [`ErrorPage`] goes into
//! [`error_page`], a whole HTML document comes out. What looks the same to
//! everybody comes out as [`Content`], to be kept and shown in each viewer's shell.
//! Nothing here awaits, reads a clock or touches the network; the caller loads
//! the data and decides what is true, and a page only shows it.
//!
//! Pages are rendered on the server and enhanced by one small script, so that they are quick on any phone and usable
//! without JavaScript; and being pure, each is tested by comparing text.
//!
//! Invariant: every page works without JavaScript and carries no inline script or
//! style, so the content security policy `default-src 'self'` holds.
//!
//! # Examples
//!
//! ```
//! use ticketing_web::{ErrorPage, Shell, error_page};
//!
//! let html = error_page(ErrorPage {
//!     shell: Shell::default(),
//!     status: 404,
//!     title: "Not found".into(),
//!     message: "There is no <such> page.".into(),
//!     reference: None,
//! });
//!
//! assert!(html.starts_with("<!DOCTYPE html>"));
//! assert!(html.contains("There is no &lt;such&gt; page."));
//! ```

mod assets;
mod base;
mod calendar;
mod components;
mod format;
mod head;
mod linked_data;
mod mail;
mod pages;
mod shell;
mod words;

pub use assets::{Asset, asset, door_script_path, icon_path, script_path, search_script_path, stylesheet_path};
pub use base::Base;
pub use calendar::{CalendarEntry, calendar};
pub use components::badge::{OrderStatus, RefundCause, TicketStatus};
pub use components::flash::{Done, Flash, FlashKind, nothing_changed};
pub use components::form::{FieldError, Form};
pub use components::held::HeldOrder;
pub use components::new_event::NewEvent;
pub use components::order_facts::OrderSummary;
pub use components::pagination::{Paging, Turning};
pub use components::passes::{PassState, PassView};
pub use components::ticket_card::TicketCard;
pub use components::ticket_fields::TicketValues;
pub use format::{EventTime, Money};
pub use mail::Letters;
pub use pages::account::{AccountPage, Session, account_page};
pub use pages::alerts::{AlertRow, AlertsPage, EndAlertPage, alerts_page, end_alert_page};
pub use pages::api_docs::{ApiDocsPage, ApiOperation, ApiParameter, ApiResponse, api_docs_page};
pub use pages::ask::{AskPage, Question, ask_page};
pub use pages::catalog::{CatalogChoices, CatalogFilters, CatalogPage, Counted, catalog_page, sorts};
pub use pages::checkout::{BuyerStep, CheckoutPage, PaymentValues, checkout_page};
pub use pages::confirm::{ConfirmPage, confirm_page};
pub use pages::confirm_address::{ConfirmAddressPage, confirm_address_page};
pub use pages::delete_account::{DeleteAccountPage, delete_account_page};
pub use pages::dev_mail::{DevMail, DevMailPage, dev_mail_page};
pub use pages::door::{DoorCounts, DoorPage, Verdict, door_page};
pub use pages::door_entry::{DoorEntryPage, door_entry_page};
pub use pages::door_links::{DoorLinkRow, DoorLinksPage, door_links_page};
pub use pages::edit::{EditPage, edit_page};
pub use pages::error::{ErrorPage, error_page};
pub use pages::forgot::{ForgotPage, forgot_page};
pub use pages::my_tickets::{MyTicket, MyTicketsPage, my_tickets_page};
pub use pages::order::{OrderPage, Refund, order_page};
pub use pages::orders::{OrderRow, OrdersPage, orders_page};
pub use pages::reschedule::{ReschedulePage, reschedule_page};
pub use pages::reset::{ResetPage, reset_page};
pub use pages::sales::{SaleRow, SalesPage, SalesTotal, sales_page};
pub use pages::sell::{SellPage, sell_page};
pub use pages::sign_in::{SignInPage, SignInValues, sign_in_page};
pub use pages::sign_up::{SignUpPage, sign_up_page};
pub use pages::ticket::{OrderValues, OtherOffer, TicketPage, ticket_page};
pub use shell::{Content, Shell, Viewer};
pub use words::{Explanation, explain, explain_with_wait};
