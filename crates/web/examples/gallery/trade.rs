//! The pages of buying and selling.

use ticketing_web::{
    AskPage, Base, BuyerStep, CatalogChoices, CatalogFilters, CatalogPage, CheckoutPage, ConfirmPage, Counted,
    EditPage, EventTime, FlashKind, Form, Money, MyTicket, MyTicketsPage, OrderPage, OrderRow, OrderStatus, OrdersPage,
    Paging, PaymentValues, Question, Refund, SellPage, Shell, TicketCard, TicketPage, TicketStatus, TicketValues,
    Turning, ask_page, catalog_page, checkout_page, confirm_page, edit_page, my_tickets_page, order_page, orders_page,
    sell_page, ticket_page,
};

use crate::samples::{ORDER_ID, TICKET_ID, euros, held, member, order, texts, told, visitor};

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("catalog", catalog_page(catalog(cards())).within(visitor("/"))),
        ("catalog-empty", catalog_page(catalog(Vec::new())).within(member("/"))),
        ("ticket", ticket_page(ticket(member("/tickets/1"), TicketStatus::OnSale))),
        ("ticket-visitor", ticket_page(ticket(visitor("/tickets/1"), TicketStatus::OnSale))),
        ("ticket-sold-out", ticket_page(ticket(member("/tickets/1"), TicketStatus::SoldOut))),
        ("ticket-own", ticket_page(own_ticket())),
        ("ticket-refused", ticket_page(refused_ticket())),
        ("ticket-another-price", ticket_page(another_price())),
        ("sell", sell_page(sell())),
        ("edit", edit_page(edit())),
        ("my-tickets", my_tickets_page(my_tickets())),
        ("checkout", checkout_page(checkout(Form::default()))),
        ("checkout-declined", checkout_page(checkout(declined()))),
        ("checkout-to-confirm", checkout_page(to_confirm())),
        (
            "ask-to-cancel",
            ask_page(AskPage { shell: member("/orders/1/cancel"), question: Question::CancelOrder(Box::new(order())) }),
        ),
        ("ticket-held", ticket_page(held_ticket())),
        ("confirm", confirm_page(ConfirmPage { shell: member("/orders/1/confirm"), order: order() })),
        ("orders", orders_page(orders())),
        ("order-completed", order_page(closed(OrderStatus::Completed))),
        ("order-expired", order_page(closed(OrderStatus::Expired))),
        ("order-pending", order_page(closed(OrderStatus::AwaitingPayment))),
    ]
}

fn cards() -> Vec<TicketCard> {
    let titles = [
        ("Philharmonic: Mahler's Second, the Resurrection", "Concert", "Vienna", euros(6450)),
        ("Rust Nation", "Conference", "London", Money { amount: 39_900, currency: "GBP", exponent: 2 }),
        ("Comedy night", "Comedy", "Lisbon", euros(1200)),
        ("Giants – Tigers", "Sport", "Tokyo", Money { amount: 4500, currency: "JPY", exponent: 0 }),
        ("A Midsummer Night's Dream", "Theatre", "Stratford-upon-Avon", euros(3800)),
    ];
    let card = |(index, (title, category, city, price)): (usize, (&str, &str, &str, Money))| TicketCard {
        id: format!("{TICKET_ID}-{index}"),
        title: title.into(),
        venue: (index != 2).then(|| "Great Hall".into()),
        city: Some(city.into()),
        category: Some(category.into()),
        starts_at: (index != 3).then(|| evening(&format!("2026-12-{:02}T18:30:00Z", index + 4))),
        price,
        available: 42,
        status: if index == 1 { TicketStatus::SoldOut } else { TicketStatus::OnSale },
    };
    titles.into_iter().enumerate().map(card).collect()
}

fn catalog(tickets: Vec<TicketCard>) -> CatalogPage {
    let values = CatalogFilters { q: "night".into(), from: "2026-12-01".into(), ..CatalogFilters::default() };
    let (filters, turning, count) = match tickets.is_empty() {
        true => (values, Turning::default(), 0),
        false => (CatalogFilters::default(), Turning::of("", None, Some("eyJhIjoxfQ".into())), 120),
    };
    let counted = |(value, count): (&str, u64)| Counted { value: value.into(), count };
    CatalogPage {
        base: Base::default(),
        has_alerts: true,
        filters: Form::new(filters),
        currencies: vec!["EUR".into()],
        choices: CatalogChoices {
            categories: [("Concert", 60), ("Theatre", 32), ("Sport", 20), ("Comedy", 8)].map(counted).into(),
            cities: [("Berlin", 70), ("Wien", 50)].map(counted).into(),
            ..CatalogChoices::default()
        },
        tickets,
        count: Some(count),
        instead: None,
        turning,
    }
}

fn next_page() -> Paging {
    Paging { next: Some("eyJhIjoxfQ".into()), ..Paging::default() }
}

fn ticket(shell: Shell, status: TicketStatus) -> TicketPage {
    TicketPage {
        shell,
        id: TICKET_ID.into(),
        version: 7,
        title: "Philharmonic: Mahler's Second, the Resurrection".into(),
        description: Some(
            "Two seats side by side in the stalls, row 7.\nDoors open an hour before the concert. \
             The tickets are handed over at the box office against the name on the order."
                .into(),
        ),
        venue: Some("Great Hall".into()),
        city: Some("Vienna".into()),
        category: Some("Concert".into()),
        starts_at: Some(evening("2026-12-04T18:30:00Z")),
        seats: Some("Stalls, row 7, 12-14, side by side".into()),
        seller_name: Some("Konzertbüro Süd".into()),
        price: euros(6450),
        available: if status == TicketStatus::OnSale { 12 } else { 0 },
        status,
        idempotency_key: "0198f3a2-aaaa-7aaa-8aaa-aaaaaaaaaaaa".into(),
        others: Vec::new(),
        ..TicketPage::default()
    }
}

fn own_ticket() -> TicketPage {
    let shell = told("/tickets/1", FlashKind::Success, "Your ticket is offered.");
    TicketPage { own: true, ..ticket(shell, TicketStatus::OnSale) }
}

fn held_ticket() -> TicketPage {
    let held = Some(held());
    let shell = Shell { held: held.clone(), ..member("/tickets/1") };
    TicketPage { held, ..ticket(shell, TicketStatus::OnSale) }
}

fn refused_ticket() -> TicketPage {
    let order = Form::default()
        .alert("Your order was not placed.")
        .refuse("quantity", "must be at most 12: that is all that is left");
    TicketPage { order, ..ticket(member("/tickets/1"), TicketStatus::OnSale) }
}

fn another_price() -> TicketPage {
    let order = Form::default().refused("price_changed");
    let shell = Shell { sandbox: true, ..member("/tickets/1") };
    TicketPage { order, was: Some(euros(6000)), ..ticket(shell, TicketStatus::OnSale) }
}

fn evening(utc: &str) -> EventTime {
    EventTime::new(utc.parse().expect("a time"), Some("Europe/Vienna"))
}

fn values() -> TicketValues {
    TicketValues {
        title: "Philharmonic: Mahler's Second".into(),
        description: "Row 7 & row 8.".into(),
        venue: "Great Hall".into(),
        city: "Vienna".into(),
        category: "Concert".into(),
        starts_at: "2026-12-04T19:30".into(),
        time_zone: "Europe/Vienna".into(),
        section: "Stalls".into(),
        row: "7".into(),
        seats: "12-14".into(),
        together: true,
        price: "64.50".into(),
        currency: "EUR".into(),
        quantity: "12".into(),
        ..TicketValues::default()
    }
}

fn sell() -> SellPage {
    let form = Form::new(TicketValues { title: String::new(), price: "-3".into(), ..values() })
        .refuse("title", "must not be empty")
        .refuse("price", "must be above zero, such as 12.50");
    SellPage {
        shell: member("/sell"),
        is_unconfirmed: false,
        form,
        currencies: texts(&["EUR", "GBP", "JPY", "USD"]),
        categories: texts(&["Concert", "Theatre"]),
        time_zones: texts(&["Europe/London", "Europe/Vienna"]),
        idempotency_key: "0198f3a2-dddd-7ddd-8ddd-dddddddddddd".into(),
    }
}

fn edit() -> EditPage {
    EditPage {
        shell: member("/tickets/1/edit"),
        id: TICKET_ID.into(),
        version: 7,
        form: Form::new(values()),
        currencies: texts(&["EUR", "GBP", "JPY", "USD"]),
        categories: texts(&["Concert", "Theatre"]),
        time_zones: texts(&["Europe/London", "Europe/Vienna"]),
        taken: 7,
        withdrawn: false,
    }
}

fn my_tickets() -> MyTicketsPage {
    let ticket = |title: &str, status| MyTicket {
        id: TICKET_ID.into(),
        title: title.into(),
        starts_at: Some(evening("2026-12-04T18:30:00Z")),
        price: euros(6450),
        offered: 12,
        held: 2,
        sold: 5,
        status,
    };
    MyTicketsPage {
        shell: member("/my/tickets"),
        tickets: vec![
            ticket("Philharmonic: Mahler's Second, the Resurrection", TicketStatus::OnSale),
            ticket("Comedy night", TicketStatus::SoldOut),
            ticket("Rust Nation", TicketStatus::Withdrawn),
        ],
        paging: Paging::default(),
    }
}

fn declined() -> Form<PaymentValues> {
    Form::new(PaymentValues { token: "tok_chargeDeclined".into() })
        .alert("The card was declined. Nothing was charged; try another.")
}

fn checkout(payment: Form<PaymentValues>) -> CheckoutPage {
    CheckoutPage {
        shell: member("/orders/1"),
        order: order(),
        new_event: None,
        pay_by: "2026-12-22T18:18:11Z".into(),
        now: "2026-12-22T18:03:41Z".into(),
        hosted: false,
        step: None,
        payment,
        idempotency_key: "0198f3a2-bbbb-7bbb-8bbb-bbbbbbbbbbbb".into(),
    }
}

fn to_confirm() -> CheckoutPage {
    let step = Some(BuyerStep::Open("https://bank.example/act?session=42".into()));
    CheckoutPage { step, ..checkout(Form::default()) }
}

fn orders() -> OrdersPage {
    let row = |title: &str, status| OrderRow {
        id: ORDER_ID.into(),
        ticket_title: title.into(),
        quantity: 2,
        total: euros(12900),
        placed_at: "2026-11-22T18:03:11Z".into(),
        status,
    };
    OrdersPage {
        shell: told("/orders", FlashKind::Notice, "Your order was cancelled."),
        orders: vec![
            row("Philharmonic: Mahler's Second, the Resurrection", OrderStatus::AwaitingPayment),
            row("Comedy night", OrderStatus::Completed),
            row("Rust Nation", OrderStatus::Cancelled),
            row("Giants – Tigers", OrderStatus::Expired),
        ],
        paging: next_page(),
    }
}

fn closed(status: OrderStatus) -> OrderPage {
    let refund = if status == OrderStatus::Expired { Refund::None } else { Refund::Unknown };
    OrderPage { shell: member("/orders/1"), order: order(), status, refund, ..OrderPage::default() }
}
