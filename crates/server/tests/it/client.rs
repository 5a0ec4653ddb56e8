//! The typed client of the API, on the router of this process.

use axum::body::Body;
use ticketing_api::accounts::{Credentials, PasswordChange};
use ticketing_api::client::{Client, ClientError, InProcess, SignedIn};
use ticketing_api::money::MoneyBody;
use ticketing_api::orders::{OrderBody, OrderStatusBody, PlaceOrderBody};
use ticketing_api::page::PageQuery;
use ticketing_api::payments::{PayOrderBody, PaymentStatusBody};
use ticketing_api::tickets::{OfferBody, TicketBody, TicketSearch, TicketStatusBody};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::order::IdempotencyKey;

use crate::app::{PASSWORD, TestApp};

fn client(app: &TestApp) -> Client {
    Client::new(InProcess::<_, Body>::new(app.router.clone()))
}

fn credentials(name: &str) -> Credentials {
    Credentials { email: format!("{name}@example.org"), password: PASSWORD.to_owned() }
}

async fn sign_up(app: &TestApp, name: &str) -> Client {
    let client = client(app);
    let SignedIn { account, tokens } = client.sign_up(&credentials(name)).await.expect("the address is free");
    assert_eq!(account.email, format!("{name}@example.org"));
    app.settle().await;
    client.with_tokens(tokens)
}

fn offer(quantity: u32) -> OfferBody {
    OfferBody {
        title: "Opera".to_owned(),
        description: None,
        venue: None,
        city: Some("Wien".to_owned()),
        category: None,
        starts_at: None,
        time_zone: None,
        sales_end_at: None,
        section: None,
        row: None,
        seats: None,
        together: false,
        price: MoneyBody { amount: 1200, currency: "EUR".into() },
        quantity,
        max_per_buyer: None,
        attributes: None,
    }
}

async fn sell(app: &TestApp, seller: &Client, quantity: u32) -> TicketBody {
    let ticket = seller.create_ticket(&offer(quantity), None).await.expect("a good offer");
    app.settle().await;
    ticket
}

fn places(ticket: TicketId, quantity: u32) -> PlaceOrderBody {
    PlaceOrderBody { ticket_id: ticket.uuid(), quantity: Some(quantity), price: None, facts_tag: None }
}

fn key(text: &str) -> IdempotencyKey {
    text.parse().expect("a key")
}

fn code<T: std::fmt::Debug>(outcome: Result<T, ClientError>) -> String {
    outcome.expect_err("it is refused").code().expect("with a code").to_owned()
}

async fn order(app: &TestApp, buyer: &Client, ticket: TicketId) -> OrderBody {
    let order = buyer.place_order(&places(ticket, 1), None).await.expect("there are places");
    app.settle().await;
    order
}

#[tokio::test]
async fn an_order_goes_its_whole_way() {
    let app = TestApp::start().await;
    let [ada, bob] = [sign_up(&app, "ada").await, sign_up(&app, "bob").await];
    let ticket = sell(&app, &ada, 3).await;
    let wanted = places(ticket.id, 2);

    let order = bob.place_order(&wanted, Some(&key("first"))).await.unwrap();
    let again = bob.place_order(&wanted, Some(&key("first"))).await.unwrap();
    app.settle().await;
    let payment = PayOrderBody { order_id: order.id.uuid(), token: "tok_visa".to_owned() };
    let paid = bob.pay_order(&payment, Some(&key("first"))).await.unwrap();
    app.settle().await;

    assert_eq!((again.id, order.total.amount), (order.id, 2400));
    assert_eq!((paid.order_id, paid.status), (order.id, PaymentStatusBody::Captured));
    assert_eq!(bob.order(order.id).await.unwrap().status, OrderStatusBody::Completed);
    let listed = bob.orders(&PageQuery::default()).await.unwrap().items;
    assert_eq!(listed.iter().map(|order| order.id).collect::<Vec<_>>(), [order.id]);
    assert_eq!(ada.my_tickets(&PageQuery::default()).await.unwrap().items[0].sold, Some(2));
    assert_eq!(code(bob.cancel_order(order.id).await), "order_completed");
    assert_eq!(code(bob.place_order(&places(ticket.id, 2), None).await), "sold_out");
}

#[tokio::test]
async fn an_order_that_is_given_back_is_free_again() {
    let app = TestApp::start().await;
    let [ada, bob] = [sign_up(&app, "ada").await, sign_up(&app, "bob").await];
    let ticket = sell(&app, &ada, 1).await;
    let order = order(&app, &bob, ticket.id).await;
    assert_eq!(bob.ticket(ticket.id).await.unwrap().status, TicketStatusBody::SoldOut);

    bob.cancel_order(order.id).await.unwrap();
    app.settle().await;

    assert_eq!(bob.ticket(ticket.id).await.unwrap().available, 1);
}

#[tokio::test]
async fn a_ticket_is_changed_as_it_was_seen() {
    let app = TestApp::start().await;
    let ada = sign_up(&app, "ada").await;
    let seen = sell(&app, &ada, 1).await;

    let changed = ada.update_ticket(&seen, &offer(5)).await.unwrap();

    assert_eq!((changed.quantity, changed.version), (5, seen.version + 1));
    assert_eq!(code(ada.update_ticket(&seen, &offer(7)).await), "stale_version");
    assert_eq!(code(ada.withdraw_ticket(&seen).await), "stale_version");
    ada.withdraw_ticket(&changed).await.unwrap();
    assert_eq!(ada.ticket(seen.id).await.unwrap().status, TicketStatusBody::Withdrawn);
    app.settle().await;
}

#[tokio::test]
async fn a_search_is_read_page_by_page() {
    let app = TestApp::start().await;
    let ada = sign_up(&app, "ada").await;
    let mut newest_first = Vec::new();
    for _ in 0..3 {
        newest_first.insert(0, sell(&app, &ada, 1).await.id);
    }
    let mut search =
        TicketSearch { city: Some("Wien".to_owned()), limit: Some("2".to_owned()), ..TicketSearch::default() };

    let first = client(&app).search_tickets(&search).await.unwrap();
    search.cursor = first.next_cursor;
    let second = client(&app).search_tickets(&search).await.unwrap();

    let found: Vec<_> = first.items.into_iter().chain(second.items).map(|ticket| ticket.id).collect();
    assert_eq!((found, second.next_cursor), (newest_first, None));
    search.city = Some("Ulm & Söhne = ?".to_owned());
    assert_eq!(code(client(&app).search_tickets(&search).await), "bad_cursor");
    let mine = ada.my_tickets(&PageQuery::first(2)).await.unwrap();
    let rest = PageQuery::first(2).next(mine.next_cursor).unwrap();
    assert_eq!(ada.my_tickets(&rest).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_session_goes_on_until_it_is_ended() {
    let app = TestApp::start().await;
    let ada = sign_up(&app, "ada").await;
    let elsewhere = client(&app).sign_in(&credentials("ada")).await.unwrap();
    let elsewhere = client(&app).with_tokens(elsewhere.tokens);

    let ada = ada.with_tokens(ada.refresh().await.unwrap());
    assert_eq!(ada.current_user().await.unwrap().unwrap().email, "ada@example.org");
    assert_eq!(ada.sessions().await.unwrap().items.len(), 2);
    let change = PasswordChange { current_password: PASSWORD.to_owned(), password: "slate harbour 71 moth".to_owned() };
    let ada = ada.with_tokens(ada.change_password(&change).await.unwrap().unwrap());

    assert_eq!(code(elsewhere.sessions().await), "session_over");
    let [own] = ada.sessions().await.unwrap().items.try_into().unwrap();
    let another = client(&app).sign_in(&Credentials { password: change.password, ..credentials("ada") }).await.unwrap();
    client(&app).with_tokens(another.tokens).end_session(own.id).await.unwrap();
    assert_eq!(code(ada.refresh().await), "session_over");
    app.settle().await;
}

#[tokio::test]
async fn who_signs_out_is_nobody() {
    let app = TestApp::start().await;
    let ada = sign_up(&app, "ada").await;

    ada.sign_out().await.unwrap();

    assert_eq!(code(ada.orders(&PageQuery::default()).await), "session_over");
    assert_eq!(client(&app).current_user().await.unwrap(), None);
    assert_eq!(code(client(&app).orders(&PageQuery::default()).await), "not_signed_in");
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_and_when_to_come_again() {
    let app = TestApp::start_with(|config| config.http.limits = ticketing_server::config::Limits::default()).await;
    let ada = sign_up(&app, "ada").await;

    let ClientError::Refused(refusal) = ada.create_ticket(&offer(0), None).await.unwrap_err() else {
        panic!("refused")
    };
    assert_eq!((refusal.problem.status, refusal.problem.errors[0].field.as_ref()), (422, "quantity"));
    let wrong = Credentials { password: "tomato soup for two 9".to_owned(), ..credentials("ada") };
    let limited = loop {
        let refused = client(&app).sign_in(&wrong).await.unwrap_err();
        if refused.code() != Some("wrong_credentials") {
            break refused;
        }
        assert!(!refused.is_worth_repeating());
    };
    assert!(limited.is_worth_repeating() && limited.retry_after().is_some(), "{limited:?}");
}
