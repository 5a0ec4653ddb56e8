//! The pages of buying and selling.

use ticketing_web::{
    AskPage, Base, BuyerStep, CatalogChoices, CatalogFilters, CatalogPage, CheckoutPage, ConfirmPage, Counted,
    DoorCounts, DoorEntryPage, DoorLinkRow, DoorLinksPage, DoorPage, EditPage, EventTime, Form, Money, MyTicket,
    MyTicketsPage, NewEvent, OrderPage, OrderRow, OrderStatus, OrderSummary, OrderValues, OrdersPage, OtherOffer,
    Paging, PassState, PassView, PaymentValues, Question, Refund, RefundCause, ReschedulePage, SaleRow, SalesPage,
    SalesTotal, SellPage, Shell, TicketCard, TicketPage, TicketStatus, TicketValues, Turning, Verdict, ask_page,
    catalog_page, checkout_page, confirm_page, door_entry_page, door_links_page, door_page, edit_page, my_tickets_page,
    order_page, orders_page, reschedule_page, sales_page, sell_page, ticket_page,
};

use super::{held, money, shell, visitor, wrong};

const TICKET_FIELDS: [&str; 14] = [
    "title",
    "description",
    "venue",
    "city",
    "category",
    "startsAt",
    "timeZone",
    "salesEndAt",
    "section",
    "row",
    "seats",
    "price",
    "currency",
    "quantity",
];

const TICKET_STATES: [TicketStatus; 5] = [
    TicketStatus::OnSale,
    TicketStatus::SoldOut,
    TicketStatus::SalesEnded,
    TicketStatus::Withdrawn,
    TicketStatus::CalledOff,
];

const ORDER_STATES: [OrderStatus; 9] = [
    OrderStatus::AwaitingPayment,
    OrderStatus::Completed,
    OrderStatus::Cancelled,
    OrderStatus::Expired,
    OrderStatus::CalledOff,
    OrderStatus::Refunded(RefundCause::Unknown),
    OrderStatus::Refunded(RefundCause::CalledOff),
    OrderStatus::Refunded(RefundCause::ByBuyer),
    OrderStatus::Refunded(RefundCause::BySeller),
];

pub(crate) fn pages(text: &'static str) -> Vec<(&'static str, String)> {
    let no_tickets = catalog_page(CatalogPage { tickets: Vec::new(), ..catalog(text) });
    let mut pages = vec![
        ("catalog", catalog_page(catalog(text)).within(shell(text))),
        ("catalog without tickets", no_tickets.within(shell(text))),
        ("own ticket", ticket_page(TicketPage { own: true, ..ticket(text, shell(text)) })),
        ("ticket for a visitor", ticket_page(ticket(text, visitor(text)))),
        ("sell", sell_page(sell(text))),
        ("edit", edit_page(edit(text))),
        ("reschedule", reschedule_page(reschedule(text))),
        ("ask to call off", ask(text, Question::CallOff { id: text.into(), version: 7, title: text.into() })),
        ("my tickets", my_tickets_page(my_tickets(text))),
        ("my tickets without any", my_tickets_page(MyTicketsPage { tickets: Vec::new(), ..my_tickets(text) })),
        ("checkout", checkout_page(checkout(text))),
        (
            "checkout to confirm",
            checkout_page(CheckoutPage { step: Some(BuyerStep::Open(text.into())), ..checkout(text) }),
        ),
        ("checkout hosted", checkout_page(CheckoutPage { hosted: true, ..checkout(text) })),
        (
            "checkout hosted to pay",
            checkout_page(CheckoutPage { hosted: true, step: Some(BuyerStep::Open(text.into())), ..checkout(text) }),
        ),
        ("checkout elsewhere", checkout_page(CheckoutPage { step: Some(BuyerStep::Elsewhere), ..checkout(text) })),
        ("ticket that is held", ticket_page(TicketPage { held: Some(held(text)), ..ticket(text, shell(text)) })),
        ("ask to cancel", ask(text, Question::CancelOrder(Box::new(order(text))))),
        ("ask to give back", ask(text, Question::GiveBack(Box::new(order(text))))),
        ("ask to withdraw", ask(text, to_withdraw(text))),
        ("confirm", confirm_page(ConfirmPage { shell: shell(text), order: order(text) })),
        ("sales", sales_page(sales(text))),
        ("sales without any", sales_page(SalesPage { totals: Vec::new(), orders: Vec::new(), ..sales(text) })),
        ("orders", orders_page(orders(text))),
        ("orders without any", orders_page(OrdersPage { orders: Vec::new(), ..orders(text) })),
    ];
    pages.extend(doors(text));
    pages.extend(door_links_and_entry(text));
    let tickets = TICKET_STATES.map(|status| TicketPage { status, ..ticket(text, shell(text)) });
    pages.extend(tickets.map(|page| ("ticket", ticket_page(page))));
    pages.extend(orders_in_each_state(text));
    pages.extend([false, true].map(|are_late| ("order without passes", order_page(without_passes(text, are_late)))));
    pages
}

fn without_passes(text: &'static str, passes_are_late: bool) -> OrderPage {
    let (shell, order, status) = (shell(text), order(text), OrderStatus::Completed);
    OrderPage { shell, order, status, passes_are_late, ..OrderPage::default() }
}

fn door_links_and_entry(text: &'static str) -> [(&'static str, String); 2] {
    let entry = DoorEntryPage { shell: visitor(text), id: text.into(), form: wrong((), text, &["key"]) };
    [("door entry", door_entry_page(entry)), ("door links", door_links_page(door_links(text)))]
}

fn orders_in_each_state(text: &'static str) -> Vec<(&'static str, String)> {
    let done = Refund::Done { amount: money(text), at: Some(text.into()) };
    let refunds = [Refund::Unknown, Refund::None, Refund::UnderWay(money(text)), done];
    let orders = ORDER_STATES.into_iter().zip(refunds.into_iter().cycle());
    let orders = orders.map(|(status, refund)| OrderPage {
        shell: shell(text),
        order: order(text),
        new_event: new_event(text),
        status,
        refund,
        passes: passes(text),
        passes_are_late: false,
    });
    orders.map(|page| ("order", order_page(page))).collect()
}

pub(super) fn filters(text: &'static str) -> CatalogFilters {
    CatalogFilters {
        q: text.into(),
        category: text.into(),
        city: text.into(),
        country: text.into(),
        days: text.into(),
        places: text.into(),
        together: text.into(),
        left: text.into(),
        from: text.into(),
        to: text.into(),
        currency: text.into(),
        min_price: text.into(),
        max_price: text.into(),
        sort: text.into(),
    }
}

fn catalog(text: &'static str) -> CatalogPage {
    let fields =
        ["q", "category", "city", "country", "places", "from", "to", "currency", "minPrice", "maxPrice", "sort"];
    CatalogPage {
        base: Base::default(),
        filters: wrong(filters(text), text, &fields),
        currencies: vec!["EUR".into()],
        choices: choices(text),
        tickets: TICKET_STATES.map(|status| card(text, status)).into(),
        count: Some(7),
        has_alerts: true,
        instead: Some(text.into()),
        turning: Turning::of(text, Some(text.into()), Some(text.into())),
    }
}

fn choices(text: &str) -> CatalogChoices {
    let counted = |value: &str| Counted { value: value.into(), count: 3 };
    CatalogChoices {
        categories: vec![counted("Concert"), counted(text)],
        cities: vec![counted(text)],
        countries: Vec::new(),
        currencies: vec![counted("EUR")],
    }
}

fn paging(text: &str) -> Paging {
    Paging { cursor: text.into(), trail: vec![text.into()], next: Some(text.into()) }
}

fn card(text: &'static str, status: TicketStatus) -> TicketCard {
    TicketCard {
        id: text.into(),
        title: text.into(),
        venue: Some(text.into()),
        city: Some(text.into()),
        category: Some(text.into()),
        starts_at: Some(event_time(text)),
        price: money(text),
        available: 3,
        status,
    }
}

fn ticket(text: &'static str, shell: Shell) -> TicketPage {
    TicketPage {
        seller_name: Some(text.into()),
        shell,
        id: text.into(),
        version: 7,
        title: text.into(),
        description: Some(text.into()),
        venue: Some(text.into()),
        city: Some(text.into()),
        category: Some(text.into()),
        starts_at: Some(event_time(text)),
        seats: Some(text.into()),
        sales_end_at: Some(event_time(text)),
        price: money(text),
        was: Some(Money { amount: 1000, ..money(text) }),
        facts_tag: text.into(),
        has_changed: true,
        available: 3,
        status: TicketStatus::OnSale,
        own: false,
        held: None,
        order: wrong(OrderValues { quantity: text.into() }, text, &["quantity"]),
        idempotency_key: text.into(),
        others: vec![OtherOffer { id: text.into(), seats: Some(text.into()), price: money(text), available: 2 }],
    }
}

fn event_time(text: &str) -> EventTime {
    EventTime { utc: text.into(), zone: Some(text.into()), text: text.into() }
}

fn ticket_values(text: &str) -> TicketValues {
    TicketValues {
        title: text.into(),
        description: text.into(),
        venue: text.into(),
        city: text.into(),
        category: text.into(),
        starts_at: text.into(),
        time_zone: text.into(),
        sales_end_at: text.into(),
        section: text.into(),
        row: text.into(),
        seats: text.into(),
        together: true,
        price: text.into(),
        currency: text.into(),
        quantity: text.into(),
        max_per_buyer: String::new(),
    }
}

fn sell(text: &str) -> SellPage {
    SellPage {
        shell: shell(text),
        is_unconfirmed: true,
        form: wrong(ticket_values(text), text, &TICKET_FIELDS),
        currencies: vec!["EUR".into(), text.into()],
        categories: vec!["Concert".into()],
        time_zones: vec![text.into()],
        idempotency_key: text.into(),
    }
}

fn edit(text: &str) -> EditPage {
    let SellPage { shell, form, currencies, categories, time_zones, .. } = sell(text);
    let id = text.into();
    EditPage { shell, id, version: 7, form, currencies, categories, time_zones, taken: 3, withdrawn: false }
}

fn my_tickets(text: &'static str) -> MyTicketsPage {
    let ticket = |status| MyTicket {
        id: text.into(),
        title: text.into(),
        starts_at: Some(event_time(text)),
        price: money(text),
        offered: 6,
        held: 1,
        sold: 2,
        status,
    };
    MyTicketsPage { shell: shell(text), tickets: TICKET_STATES.map(ticket).into(), paging: paging(text) }
}

fn sales(text: &'static str) -> SalesPage {
    let money = money(text);
    let row = |status| SaleRow {
        id: text.into(),
        buyer: text.into(),
        status,
        quantity: 2,
        total: money,
        placed_at: text.into(),
        settled_at: Some(text.into()),
    };
    SalesPage {
        shell: shell(text),
        id: text.into(),
        title: text.into(),
        totals: vec![SalesTotal { held: 1, sold: 2, refunded: 3, taken: money, paid_back: money, due: money }],
        orders: ORDER_STATES.map(row).into(),
        paging: paging(text),
    }
}

fn order(text: &'static str) -> OrderSummary {
    OrderSummary {
        seller_name: Some(text.into()),
        id: text.into(),
        ticket_id: text.into(),
        ticket_title: text.into(),
        starts_at: Some(event_time(text)),
        place: Some(text.into()),
        seats: Some(text.into()),
        quantity: 2,
        price: money(text),
        total: money(text),
        placed_at: text.into(),
    }
}

fn new_event(text: &'static str) -> Option<NewEvent> {
    let (starts_at, place, seats) = (Some(event_time(text)), Some(text.into()), Some(text.into()));
    Some(NewEvent { title: text.into(), starts_at, place, seats, may_give_back: true })
}

fn doors(text: &'static str) -> [(&'static str, String); 7] {
    let verdicts = [
        None,
        Some(Verdict::Welcome),
        Some(Verdict::UsedBefore(Some(text.into()))),
        Some(Verdict::UsedBefore(None)),
        Some(Verdict::Void),
        Some(Verdict::OtherEvent),
        Some(Verdict::Unknown),
    ];
    verdicts.map(|verdict| ("door", door_page(door(text, verdict))))
}

fn door(text: &'static str, verdict: Option<Verdict>) -> DoorPage {
    DoorPage {
        shell: shell(text),
        id: text.into(),
        title: text.into(),
        form: if verdict.is_some() { Form::default() } else { wrong(text.to_owned(), text, &["pass"]) },
        verdict,
        counts: DoorCounts { expected: 3, inside: 2, void: 1 },
        by_link: false,
    }
}

fn door_links(text: &'static str) -> DoorLinksPage {
    DoorLinksPage {
        shell: shell(text),
        id: text.into(),
        title: text.into(),
        links: vec![DoorLinkRow { id: text.into(), label: text.into(), made_at: text.into() }],
        new_link: Some(text.into()),
        form: wrong(text.to_owned(), text, &["label"]),
    }
}

fn passes(text: &'static str) -> Vec<PassView> {
    let states = [PassState::Good, PassState::Used(text.into()), PassState::Void];
    let pass = |(place, state)| PassView { place, code: text.into(), token: text.into(), state };
    (1..).zip(states).map(pass).collect()
}

fn reschedule(text: &'static str) -> ReschedulePage {
    let SellPage { shell, form, time_zones, .. } = sell(text);
    ReschedulePage { shell, id: text.into(), version: 7, form, time_zones }
}

fn checkout(text: &'static str) -> CheckoutPage {
    CheckoutPage {
        shell: shell(text),
        order: order(text),
        new_event: new_event(text),
        pay_by: text.into(),
        now: text.into(),
        hosted: false,
        step: None,
        payment: wrong(PaymentValues { token: text.into() }, text, &["token"]),
        idempotency_key: text.into(),
    }
}

fn ask(text: &'static str, question: Question) -> String {
    ask_page(AskPage { shell: shell(text), question })
}

fn to_withdraw(text: &'static str) -> Question {
    Question::WithdrawTicket { id: text.into(), title: text.into(), version: 7, taken: 3 }
}

fn orders(text: &'static str) -> OrdersPage {
    let row = |status| OrderRow {
        id: text.into(),
        ticket_title: text.into(),
        quantity: 2,
        total: money(text),
        placed_at: text.into(),
        status,
    };
    OrdersPage { shell: shell(text), orders: ORDER_STATES.map(row).into(), paging: paging(text) }
}
