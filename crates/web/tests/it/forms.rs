//! Every form works without JavaScript, by keyboard and by ear.

use std::collections::HashSet;

use scraper::{ElementRef, Selector};

use crate::pages::{pages, select};

/// Where forms may go, once ids are cut out.
const ACTIONS: [&str; 29] = [
    // The address of the page itself, which is a secret.
    "",
    "/forgot",
    "/account/name",
    "/account/confirm",
    "/account/delete",
    "/signup",
    "/signin",
    "/signout",
    "/sell",
    "/door/{}",
    "/door/{}/enter",
    "/door/{}/links",
    "/door/{}/links/{}/revoke",
    "/tickets/{}/edit",
    "/tickets/{}/withdraw",
    "/tickets/{}/reschedule",
    "/tickets/{}/call-off",
    "/tickets/{}/order",
    "/orders/{}/pay",
    "/orders/{}/give-up",
    "/orders/{}/cancel",
    "/orders/{}/give-back",
    "/orders/{}/approve",
    "/orders/{}/decline",
    "/account/password",
    "/account/sessions/{}/revoke",
    "/account/sessions/revoke",
    "/account/alerts",
    "/account/alerts/{}/end",
];

fn attr<'a>(element: &ElementRef<'a>, name: &str) -> &'a str {
    element.value().attr(name).unwrap_or_default()
}

#[test]
fn ids_are_unique() {
    for (name, page) in pages("plain") {
        let mut seen = HashSet::new();
        for element in select(&page, "[id]") {
            let id = attr(&element, "id");
            assert!(seen.insert(id), "{name}: {id}");
        }
    }
}

#[test]
fn every_control_has_a_label() {
    for (name, page) in pages("plain") {
        for control in select(&page, "input:not([type=hidden]), select, textarea") {
            let id = attr(&control, "id");
            let labels = select(&page, &format!("label[for='{id}']"));
            let said: String = labels.iter().flat_map(ElementRef::text).collect();
            assert!(labels.len() == 1 && !said.trim().is_empty(), "{name}: {id}");
        }
    }
}

#[test]
fn every_button_says_what_it_does() {
    for (name, page) in pages("plain") {
        for button in select(&page, "button, a.button") {
            assert!(!button.text().collect::<String>().trim().is_empty(), "{name}");
        }
    }
}

#[test]
fn a_message_is_read_with_its_field() {
    for (name, page) in pages("plain") {
        let described: HashSet<_> = select(&page, "[aria-describedby]")
            .iter()
            .flat_map(|control| attr(control, "aria-describedby").split(' '))
            .collect();
        for id in &described {
            assert_eq!(select(&page, &format!("[id='{id}']")).len(), 1, "{name}: {id}");
        }
        for error in select(&page, ".field-error") {
            assert!(described.contains(attr(&error, "id")), "{name}: {}", attr(&error, "id"));
        }
    }
}

#[test]
fn every_message_is_listed_whether_or_not_its_field_is_shown() {
    for (name, page) in pages("plain") {
        let alerts = select(&page, ".alert").len();
        assert_eq!(select(&page, ".alert a[href='#unknown']").len(), alerts, "{name}");
        let shown = select(&page, ".field-error").len();
        assert!(select(&page, ".alert a").len() >= shown, "{name}");
    }
}

#[test]
fn every_form_is_posted_to_a_known_path() {
    for (name, page) in pages("ID") {
        for form in select(&page, "form") {
            let action = attr(&form, "action").replace("ID", "{}");
            let search = attr(&form, "method") == "get" && action == "/";
            let known = attr(&form, "method") == "post" && ACTIONS.contains(&action.as_str());
            assert!(search || known, "{name}: {action}");
        }
    }
}

#[test]
fn selling_ordering_and_paying_carry_an_idempotency_key() {
    let forms = "form[action='/sell'], form[action$='/order'], form[action$='/pay']";
    let keyed = "form[action='/sell'] > [name=idempotency_key][value=plain], \
                 form[action$='/order'] > [name=idempotency_key][value=plain], \
                 form[action$='/pay'] > [name=idempotency_key][value=plain]";
    let found = pages("plain").into_iter().map(|(name, page)| {
        assert_eq!(select(&page, forms).len(), select(&page, keyed).len(), "{name}");
        select(&page, forms).len()
    });
    assert!(found.sum::<usize>() >= 3);
}

#[test]
fn every_form_that_changes_something_tells_who_opened_it() {
    let account = "[type=hidden][name=for][value=plain]";
    // Nobody needs to be signed in to sign in, to follow a link, or to open a door by its key.
    let of_nobody = ["sign ", "link ", "door entry"];
    let is_of_an_account = |name: &str| !of_nobody.iter().any(|begin| name.starts_with(begin));
    for (name, page) in pages("plain").into_iter().filter(|(name, _)| is_of_an_account(name)) {
        for form in select(&page, "form[method=post]") {
            // A page of a search is rendered once for all, and what is kept is shown to who keeps it.
            if name.starts_with("catalog") && attr(&form, "action") == "/account/alerts" {
                continue;
            }
            let told = form.select(&Selector::parse("[type=hidden][name=for]").unwrap()).collect::<Vec<_>>();
            let expected = if select(&page, ".nav-email").is_empty() { "" } else { "plain" };
            assert_eq!(told.iter().map(|field| attr(field, "value")).collect::<Vec<_>>(), [expected], "{name}");
        }
        let menu = select(&page, &format!("form[action='/signout'] {account}"));
        assert_eq!(menu.is_empty(), select(&page, ".nav-email").is_empty(), "{name}");
    }
}

#[test]
fn another_price_is_agreed_to_in_so_many_words() {
    for (name, page) in pages("EUR").into_iter().filter(|(name, _)| *name == "ticket") {
        let text = |selector| select(&page, selector).iter().flat_map(ElementRef::text).collect::<String>();
        assert!(text("#another-price").contains("10.00 EUR") && text("#another-price").contains("12.50 EUR"), "{name}");
        assert_eq!(text("form[action$='/order'] button"), "Agree and order for 12.50 EUR each", "{name}");
    }
}

#[test]
fn every_page_says_when_no_real_money_is_taken() {
    for (name, page) in pages("plain") {
        assert_eq!(select(&page, ".sandbox-banner").len(), 1, "{name}");
    }
}

#[test]
fn an_order_carries_the_price_that_was_seen() {
    for (name, page) in pages("EUR").into_iter().filter(|(name, _)| *name == "ticket") {
        assert_eq!(select(&page, "form input[type=hidden][name=amount][value='1250']").len(), 1, "{name}");
        assert_eq!(select(&page, "form input[type=hidden][name=currency][value=EUR]").len(), 1, "{name}");
    }
}

#[test]
fn a_seller_cannot_order_their_own_ticket() {
    for (name, page) in pages("plain").into_iter().filter(|(name, _)| *name == "own ticket") {
        assert!(select(&page, "form[action$='/order']").is_empty(), "{name}");
        assert_eq!(select(&page, "a[href='/tickets/plain/edit']").len(), 1, "{name}");
    }
}

#[test]
fn a_password_is_never_given_back() {
    for (name, page) in pages("plain") {
        assert!(select(&page, "input[type=password][value]").is_empty(), "{name}");
    }
}

#[test]
fn what_cannot_be_undone_is_asked_on_a_page_of_its_own() {
    let (asking, others): (Vec<_>, Vec<_>) = pages("ID").into_iter().partition(|(name, _)| name.starts_with("ask "));
    let irreversible = "form[action$='/cancel'], form[action$='/withdraw'], form[action$='/revoke'], \
                        form[action$='/call-off'], form[action$='/give-back']";

    for (name, page) in others {
        assert!(select(&page, irreversible).is_empty(), "{name}");
    }
    for (name, page) in &asking {
        assert_eq!(select(page, &format!("main :is({irreversible}) button")).len(), 1, "{name}");
        assert_eq!(select(page, &format!("main :is({irreversible}) a.button")).len(), 1, "{name}: a way back");
    }
    assert_eq!(asking.len(), 6);
}

#[test]
fn the_amount_is_above_the_button_that_pays_and_on_it() {
    for (name, page) in pages("EUR") {
        let text = |selector: &str| select(&page, selector).iter().flat_map(ElementRef::text).collect::<String>();
        for form in select(&page, "form[action$='/pay']") {
            let before =
                form.prev_siblings().filter_map(ElementRef::wrap).any(|part| part.attr("class") == Some("due"));
            assert!(before && text(".due").contains("Total 12.50 EUR"), "{name}: {}", text(".due"));
            assert_eq!(text("form[action$='/pay'] button"), "Pay 12.50 EUR", "{name}");
        }
    }
}

#[test]
fn what_is_held_is_shown_on_every_page_of_its_buyer() {
    for (name, page) in pages("plain") {
        let signed_in = !select(&page, ".nav-email").is_empty();
        assert_eq!(select(&page, ".held a[href='/orders/plain']").len(), usize::from(signed_in), "{name}");
    }
}

#[test]
fn who_holds_places_of_a_ticket_pays_for_them_instead_of_ordering_more() {
    for (name, page) in pages("plain").into_iter().filter(|(name, _)| *name == "ticket that is held") {
        assert!(select(&page, "form[action$='/order']").is_empty(), "{name}");
        assert_eq!(select(&page, "article a.button[href='/orders/plain']").len(), 1, "{name}");
    }
}

#[test]
fn nothing_leads_to_a_field_that_is_hidden() {
    for (name, page) in pages("plain") {
        for link in select(&page, ".alert a") {
            let field = attr(&link, "href").to_owned();
            let hidden = select(&page, &format!("[hidden] [id='{}']", field.trim_start_matches('#')));
            assert!(hidden.is_empty(), "{name}: {field}");
        }
    }
}
