//! An amount of money, which the script formats for the reader's locale.

use leptos::prelude::*;

use crate::format::Money;

pub(crate) fn money(money: Money) -> impl IntoView {
    let decimal = money.decimal();
    let text = [&decimal, " ", money.currency].concat();
    view! { <data value=decimal data-currency=money.currency>{text}</data> }
}
