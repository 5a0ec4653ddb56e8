//! The catalogue page of 50 tickets, beside the same bytes as a static string.

use std::hint::black_box;

use criterion::Criterion;
use ticketing_core::domain::time::Timestamp;
use ticketing_web::{CatalogPage, EventTime, Money, Shell, TicketCard, TicketStatus, catalog_page};

use crate::ratios::{Goal, Ratios};

pub(crate) fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let page = page();
    let rendered = |page| catalog_page(page).within(Shell::default());
    let bytes = rendered(page.clone());
    let mut group = criterion.benchmark_group("catalog");
    group.bench_function("rendered", |bencher| {
        bencher.iter_batched(|| page.clone(), |page| black_box(rendered(page)), criterion::BatchSize::SmallInput)
    });
    group.bench_function("static-string", |bencher| bencher.iter(|| black_box(bytes.clone())));
    group.finish();
    ratios.compare("page: catalogue of 50, rendered alone", ["catalog/rendered", "catalog/static-string"], Goal::None);
}

fn page() -> CatalogPage {
    let tickets = (0..50).map(|n| TicketCard {
        id: format!("01a3185c-5000-7000-8000-{n:012}"),
        title: format!("An evening at the opera, night {n}"),
        venue: Some("Semperoper".into()),
        city: Some("Dresden".into()),
        category: Some("opera".into()),
        starts_at: Some(EventTime::new(Timestamp::from_millis(1_803_929_400_000), Some("Europe/Berlin"))),
        price: Money { amount: 4500 + n, currency: "EUR", exponent: 2 },
        available: 12,
        status: TicketStatus::OnSale,
    });
    CatalogPage { tickets: tickets.collect(), ..CatalogPage::default() }
}
