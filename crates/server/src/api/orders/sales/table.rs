//! The sales of a ticket as comma-separated values, RFC 4180.

use std::borrow::Cow;
use std::fmt::Display;

use ticketing_api::orders::{OrderBody, OrderStatusBody};
use ticketing_api::sales::SaleBody;

/// The names of the columns.
pub(super) const HEAD: &str = "order,buyer,status,places,currency,price_minor,total_minor,placed_at,paid_at,refunded_at,cancelled_at,title,starts_at,seats\r\n";

pub(super) fn row(sale: &SaleBody) -> String {
    let SaleBody { buyer, order } = sale;
    let OrderBody { ticket, price, total, .. } = order;
    let texts = [&ticket.section, &ticket.row, &ticket.seats];
    let seats: Vec<&str> = texts.into_iter().flatten().map(|text| &**text).collect();
    let cells = [
        cell(order.id),
        cell(buyer),
        cell(status(order.status)),
        cell(order.quantity),
        cell(price.currency),
        cell(price.amount),
        cell(total.amount),
        cell(order.placed_at),
        given(order.completed_at),
        given(order.refunded_at),
        given(order.cancelled_at),
        cell(&ticket.title),
        given(ticket.starts_at),
        cell(seats.join(", ")),
    ];
    cells.join(",") + "\r\n"
}

const fn status(status: OrderStatusBody) -> &'static str {
    match status {
        OrderStatusBody::AwaitingPayment => "awaiting payment",
        OrderStatusBody::Completed => "completed",
        OrderStatusBody::Refunded => "refunded",
        OrderStatusBody::Cancelled => "cancelled",
    }
}

fn given(value: Option<impl Display>) -> String {
    value.map(cell).unwrap_or_default()
}

fn cell(value: impl Display) -> String {
    let text = value.to_string();
    let text = harmless(&text);
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}

/// A text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> Cow<'_, str> {
    // Full-width signs too, which some spreadsheets take for the usual ones.
    let begins_formula =
        text.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if begins_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        assert_eq!(cell("Don Giovanni"), "Don Giovanni");
        assert_eq!(cell("Row 3, \"left\"\r\nbalcony"), "\"Row 3, \"\"left\"\"\r\nbalcony\"");
        assert_eq!(given(None::<u8>), "");
    }

    #[test]
    fn a_text_is_no_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", " =1", "＝1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell("=cmd|' /C calc'!A0,\""), "\"'=cmd|' /C calc'!A0,\"\"\"");
        assert_eq!(cell("E=mc2"), "E=mc2");
    }
}
