//! The index finds what the reference finds, which looks at each ticket: the same hits, ranks, counts and choices.

use std::collections::BTreeMap;
use std::time::Duration;

use ticketing_conformance::sample::NOW;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::search::{
    Days, Filters, Moment, Places, PriceRange, Question, SearchChange, SearchPage, SearchSort, Watermark,
};
use ticketing_core::domain::ticket::{Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::ports::search_index::SearchIndex;
use ticketing_memory::MemorySearchIndex;
use ticketing_tantivy::{TantivyConfig, TantivyIndex};
use uuid::Uuid;

const WORDS: [&str; 24] = [
    "Opera",
    "Operette",
    "Oper",
    "Night",
    "Nights",
    "Müller",
    "Mueller",
    "Hip-Hop",
    "hiphop",
    "L'Opéra",
    "東京",
    "東京都",
    "京都の夜",
    "서울",
    "서울에서",
    "ดนตรี",
    "÷",
    "!!!",
    "Straße",
    "İstanbul",
    "Beethoven",
    "Bethoven",
    "A.B.C.",
    "99",
];
const CITIES: [Option<&str>; 5] = [Some("Wien"), Some("WIEN"), Some("Zürich"), Some("Tokyo"), None];
const CATEGORIES: [Option<&str>; 3] = [Some("Concert"), Some("Opera"), None];

fn pick<T: Copy>(choices: &[T], nth: usize) -> T {
    *choices.get(nth % choices.len()).expect("it is within the choices")
}

fn ticket(n: usize) -> Ticket {
    let rare = if n % 200 == 7 { " Zeppelin" } else { "" };
    let title = format!("{} {} {}{rare}", pick(&WORDS, n), pick(&WORDS, n / 3), pick(&WORDS, n * 7 / 5));
    let description = format!("{} and {}", pick(&WORDS, n * 5), pick(&WORDS, n * 11));
    let hours = u32::try_from(n * 37 % 900).expect("a small number");
    let offer = Offer::parse(OfferInput {
        title: &title,
        description: (!n.is_multiple_of(3)).then_some(&*description),
        venue: n.is_multiple_of(2).then_some(pick(&WORDS, n / 2)),
        city: pick(&CITIES, n),
        category: pick(&CATEGORIES, n / 2),
        starts_at: (!n.is_multiple_of(5)).then(|| NOW.after(Duration::from_secs(3600) * hours)),
        time_zone: Some(pick(&["Europe/Vienna", "Asia/Tokyo", "America/New_York"], n)),
        amount: 100 + (n as u64 * 31) % 50,
        currency: pick(&["EUR", "JPY"], n / 4),
        quantity: 1 + u32::try_from(n % 4).expect("a small number"),
        together: n.is_multiple_of(2),
        attributes: Some(BTreeMap::from([("country".to_owned(), pick(&["AT", "JP"], n).into())])),
        ..OfferInput::default()
    });
    let status = if n.is_multiple_of(17) { TicketStatus::Withdrawn } else { TicketStatus::OnSale };
    let (id, seller) = (TicketId::new(Uuid::from_u128(n as u128 * 7919 % 1009)), AccountId::from_u128(1));
    Ticket { id, seller, seller_name: None, offer: offer.expect("an offer"), status, created_at: NOW, version: 1 }
}

fn filters() -> Vec<Filters> {
    let text = |text: &str| Some(text.to_owned());
    let price = PriceRange { currency: "EUR".parse().expect("a currency"), least: Some(110), most: Some(140) };
    let at = |time: &str| Some(Moment::AtPlace(time.parse().expect("a time")));
    vec![
        Filters::default(),
        Filters { city: text("wien"), ..Filters::default() },
        Filters { category: text("opera"), places: Places::Left(2), ..Filters::default() },
        Filters { country: text("JP"), days: Days::Weekends, ..Filters::default() },
        Filters { price: Some(price), places: Places::Together(2), ..Filters::default() },
        Filters {
            from: at("2027-01-20T00:00"),
            to: at("2027-02-01T00:00"),
            city: text("Zürich"),
            ..Filters::default()
        },
        Filters { to: Some(Moment::At(NOW.after(Duration::from_secs(864_000)))), ..Filters::default() },
    ]
}

fn questions() -> Vec<Question> {
    let typed = [
        "",
        "opera",
        "ope",
        "o",
        "oper",
        "operet",
        "night opera",
        "hip hop",
        "hiph",
        "l'opera",
        "muller",
        "mueller",
        "東京",
        "京都",
        "京",
        "東京 opera",
        "서울",
        "ดนตรี",
        "÷",
        "!!!",
        "strasse",
        "istanbul",
        "beethoven",
        "beethovn",
        "bethoven nigt",
        "abc",
        "a b c",
        "99",
        "operx",
        "xxxxx",
        "the opera of vienna",
        "beetho",
        "opera night oper",
        "zeppelin o",
        "zepelin oper",
        "o zeppelin",
    ];
    let euros = "EUR".parse().expect("a currency");
    let sorts = [SearchSort::BestMatch, SearchSort::Newest, SearchSort::Soonest, SearchSort::Dearest(euros)];
    let mut all = Vec::new();
    for typed in typed {
        for filters in filters() {
            for sort in sorts {
                all.push(Question::parse(typed, filters.clone(), sort, NOW).expect("a question"));
            }
        }
    }
    all
}

#[tokio::test]
async fn the_index_finds_what_the_reference_finds() {
    assert_finds_the_same(TantivyConfig::default()).await;
}

#[tokio::test]
async fn several_threads_find_what_the_reference_finds() {
    assert_finds_the_same(TantivyConfig { parallel_from: 0, ..TantivyConfig::default() }).await;
}

async fn assert_finds_the_same(config: TantivyConfig) {
    let (reference, index) = (MemorySearchIndex::default(), TantivyIndex::open(config).await.expect("an index"));
    // In several batches, so that there are several segments, and entries that were written again; and so many in each
    // that worse hits are given up while they are collected.
    for batch in 0..4 {
        let facts = (0..200).map(|n| SearchChange::Facts(Box::new(ticket(batch * 200 + n))));
        let sold = |n| Sales { held: 0, sold: u32::try_from(n % 3).expect("a small number"), version: n as u64 + 1 };
        let sales = (0..60).map(|n| SearchChange::Sales { ticket: ticket(batch * 120 + n).id, sales: sold(batch + n) });
        let changes: Vec<SearchChange> = facts.chain(sales).collect();
        let upto = Watermark::begin(Uuid::nil()).after(1, NOW);
        let applied = reference.apply(changes.clone(), upto).await.expect("they are applied");
        // Sales that make no difference are not among them.
        assert!(index.apply(changes, upto).await.expect("they are applied") <= applied);
    }
    let mut answered = 0;
    for question in questions() {
        let first = SearchPage::First { limit: 30 };
        let expected = reference.search(&question, first).await.expect("an answer");
        assert_eq!(index.search(&question, first).await.expect("an answer"), expected, "{question:?}");
        // The order makes no difference to choices, but for its currency.
        if question.sort() == SearchSort::BestMatch || question.sort().currency().is_some() {
            let choices = reference.facets(&question).await.expect("an answer");
            assert_eq!(index.facets(&question).await.expect("an answer"), choices, "{question:?}");
        }
        if let Some(last) = expected.hits.get(20) {
            let cursor = last.cursor();
            for page in [SearchPage::Before { cursor, limit: 7 }, SearchPage::After { cursor, limit: 7 }] {
                let expected = reference.search(&question, page).await.expect("an answer");
                assert_eq!(index.search(&question, page).await.expect("an answer"), expected, "{question:?}, {page:?}");
            }
        }
        answered += usize::from(expected.count > 0);
    }
    assert!(answered > 300, "{answered} questions found something");
}
