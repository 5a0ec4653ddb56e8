//! Measures an index of many tickets: how long it takes to build, how large it is, and how long questions take.
//!
//! `cargo run --release -p ticketing-tantivy --example questions -- 1000 100000 1000000`

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::search::{
    Filters, Moment, Places, PriceRange, Question, SearchChange, SearchPage, SearchSort, Watermark,
};
use ticketing_core::domain::ticket::{Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::search_index::SearchIndex;
use ticketing_tantivy::{TantivyConfig, TantivyIndex};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many tickets are applied together when an index is built.
const BATCH: u64 = 10_000;
/// How often each question is asked.
const ASKED: usize = 200;

const CITIES: [&str; 12] =
    ["Wien", "Zürich", "Berlin", "Paris", "London", "Praha", "Łódź", "İstanbul", "東京", "서울", "Αθήνα", "São Paulo"];
const KINDS: [&str; 8] = ["Concert", "Opera", "Theatre", "Sport", "Comedy", "Festival", "Family", "Jazz"];
const SYLLABLES: [&str; 20] = [
    "ba", "ri", "to", "ne", "lu", "ka", "mo", "si", "ve", "do", "ra", "fi", "gu", "ple", "stra", "an", "el", "or",
    "qui", "zen",
];

/// Numbers that look drawn and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let at = self.roll(choices.len() as u64);
        usize::try_from(at).ok().and_then(|at| choices.get(at)).copied().unwrap_or_default()
    }

    /// A made-up word; some are frequent and most are rare, as in any language.
    fn word(&mut self) -> String {
        let rare = self.roll(100).min(self.roll(100));
        let mut word = Self(rare * rare * rare / 20 + 7);
        (0..2 + word.roll(3)).map(|_| word.of(&SYLLABLES)).collect()
    }
}

fn ticket(nth: u64) -> Result<Ticket, BoxError> {
    let mut dice = Dice(nth + 1);
    let kind = dice.of(&KINDS);
    let title = format!("{} {} {} {nth}", dice.word(), dice.word(), kind.to_lowercase());
    let description = (0..20).map(|_| dice.word()).collect::<Vec<_>>().join(" ");
    let venue = format!("{} hall", dice.word());
    let country = ["AT", "DE", "FR", "GB"].get(usize::try_from(dice.roll(4))?).copied().unwrap_or("AT");
    let offer = Offer::parse(OfferInput {
        title: &title,
        description: Some(&description),
        venue: Some(&venue),
        city: Some(dice.of(&CITIES)),
        category: Some(kind),
        starts_at: Some(NOW.after(DAY * u32::try_from(1 + dice.roll(400))?)),
        time_zone: Some("Europe/Vienna"),
        amount: 500 + dice.roll(200) * 100,
        currency: ["EUR", "USD", "CHF"].get(usize::try_from(dice.roll(3))?).copied().unwrap_or("EUR"),
        quantity: 1 + u32::try_from(dice.roll(8))?,
        attributes: Some(BTreeMap::from([("country".to_owned(), country.into())])),
        ..OfferInput::default()
    })?;
    let id = TicketId::from_u128(u128::from(nth) << 64 | u128::from(dice.roll(u64::MAX)));
    let seller = AccountId::from_u128(1);
    Ok(Ticket { id, seller, seller_name: None, offer, status: TicketStatus::OnSale, created_at: NOW, version: 1 })
}

/// Makes a question of two words.
type Make<'a> = dyn Fn(&[String; 2]) -> (String, Filters, SearchSort) + 'a;

/// Questions of each kind, by their names.
fn questions() -> Result<Vec<(&'static str, Vec<Question>)>, BoxError> {
    let euros = "EUR".parse()?;
    let text = |text: &str| Some(text.to_owned());
    let ask = |typed: &str, filters: Filters, sort| Question::parse(typed, filters, sort, NOW);
    let best = SearchSort::BestMatch;
    let mut dice = Dice(42);
    let mut words: Vec<[String; 2]> = Vec::new();
    for _ in 0..ASKED {
        words.push([dice.word(), dice.word()]);
    }
    // Every ticket has a number of its own in its title, and all have a hall.
    let one_of_all = (0..ASKED).map(|nth| ask(&format!("{} hall", nth * 5), Filters::default(), best));
    let each = |make: &Make<'_>| {
        let asked = words.iter().map(|words| {
            let (typed, filters, sort) = make(words);
            ask(&typed, filters, sort)
        });
        asked.collect::<Result<Vec<Question>, _>>()
    };
    let narrow = || Filters { city: text("Wien"), category: text("Concert"), ..Filters::default() };
    let price = PriceRange { currency: euros, least: Some(1000), most: Some(5000) };
    let month = || Filters {
        from: Some(Moment::At(NOW.after(DAY * 30))),
        to: Some(Moment::At(NOW.after(DAY * 60))),
        places: Places::Left(2),
        price: Some(price),
        ..Filters::default()
    };
    let error = |word: &str| word.chars().rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect::<String>() + "x";
    Ok(vec![
        ("everything, newest", each(&|_| (String::new(), Filters::default(), SearchSort::Newest))?),
        ("one word", each(&|[one, _]| (one.clone(), Filters::default(), best))?),
        ("two words", each(&|[one, other]| (format!("{one} {other}"), Filters::default(), best))?),
        ("a rare word and one of all", one_of_all.collect::<Result<_, _>>()?),
        ("a common word", each(&|_| ("concert".to_owned(), Filters::default(), best))?),
        ("one letter", each(&|[one, _]| (one.chars().take(1).collect(), Filters::default(), best))?),
        ("a beginning", each(&|[one, _]| (one.chars().take(5).collect(), Filters::default(), best))?),
        ("an error", each(&|[one, other]| (format!("{} {other}", error(one)), Filters::default(), best))?),
        ("a run without spaces", each(&|_| ("東京".to_owned(), Filters::default(), best))?),
        ("city and category", each(&|_| (String::new(), narrow(), SearchSort::Soonest))?),
        ("word, city and category", each(&|[one, _]| (one.clone(), narrow(), best))?),
        ("a month, a price, two places", each(&|_| (String::new(), month(), SearchSort::Cheapest(euros)))?),
    ])
}

/// The middle, and the one that 99 of a hundred do not exceed.
fn percentiles(mut spans: Vec<Duration>) -> (Duration, Duration) {
    spans.sort_unstable();
    let at = |percent: usize| spans.get(spans.len() * percent / 100).copied().unwrap_or_default();
    (at(50), at(99))
}

fn bytes(folder: &Path) -> Result<u64, BoxError> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}

/// What the process has in memory, where the system says so.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

async fn build(index: &TantivyIndex, tickets: u64) -> Result<Duration, BoxError> {
    let begun = Instant::now();
    for first in (0..tickets).step_by(usize::try_from(BATCH)?) {
        let mut changes = Vec::new();
        for nth in first..(first + BATCH).min(tickets) {
            changes.push(SearchChange::Facts(Box::new(ticket(nth)?)));
        }
        index.apply(changes, Watermark::begin(Uuid::nil()).after(first, NOW)).await?;
    }
    Ok(begun.elapsed())
}

/// How long batches of sales take that come one after another.
async fn sales(index: &TantivyIndex, tickets: u64) -> Result<(Duration, Duration), BoxError> {
    let mut dice = Dice(3);
    let mut spans = Vec::new();
    for version in 1..=40 {
        let mut changes = Vec::new();
        for _ in 0..64 {
            let sales = Sales { held: 0, sold: 1, version };
            changes.push(SearchChange::Sales { ticket: ticket(dice.roll(tickets))?.id, sales });
        }
        let begun = Instant::now();
        index.apply(changes, Watermark::begin(Uuid::nil()).after(version, NOW)).await?;
        spans.push(begun.elapsed());
    }
    Ok(percentiles(spans))
}

/// How long it takes until a new ticket is found, and until the disk has it.
async fn new_tickets(index: &TantivyIndex, tickets: u64) -> Result<[(Duration, Duration); 2], BoxError> {
    let (mut found, mut kept) = (Vec::new(), Vec::new());
    for nth in tickets..tickets + 100 {
        let change = vec![SearchChange::Facts(Box::new(ticket(nth)?))];
        let question = Question::parse(&nth.to_string(), Filters::default(), SearchSort::BestMatch, NOW)?;
        let begun = Instant::now();
        let until_found = async {
            while index.search(&question, SearchPage::First { limit: 1 }).await?.count == 0 {}
            Ok(begun.elapsed())
        };
        let until_kept = async {
            index.apply(change, Watermark::begin(Uuid::nil()).after(nth, NOW)).await?;
            Ok::<_, BoxError>(begun.elapsed())
        };
        let (until_found, until_kept) = futures::future::try_join(until_found, until_kept).await?;
        found.push(until_found);
        kept.push(until_kept);
    }
    Ok([percentiles(found), percentiles(kept)])
}

async fn measure(tickets: u64, out: &mut impl std::io::Write) -> Result<(), BoxError> {
    let folder = std::env::temp_dir().join(format!("ticketing-questions-{}", std::process::id()));
    let open = || TantivyIndex::open(TantivyConfig { folder: Some(folder.clone()), ..TantivyConfig::default() });
    let index = open().await?;
    let built = build(&index, tickets).await?;
    let (p50, p99) = sales(&index, tickets).await?;
    writeln!(out, "\n{tickets} tickets: built in {built:.1?}, {} bytes on disk", bytes(&folder)?)?;
    writeln!(out, "64 sales as one batch: p50 {p50:.1?}, p99 {p99:.1?}")?;
    let [(p50, p99), (kept_p50, kept_p99)] = new_tickets(&index, tickets).await?;
    writeln!(
        out,
        "a new ticket is found after: p50 {p50:.1?}, p99 {p99:.1?}; on the disk: {kept_p50:.1?}, {kept_p99:.1?}"
    )?;
    drop(index);
    let begun = Instant::now();
    let index = open().await?;
    writeln!(out, "opened again, with its sums checked, in {:.1?}", begun.elapsed())?;
    writeln!(out, "{:30} {:>10} {:>10} {:>10} {:>10} {:>10}", "question", "hits", "cold", "p50", "p99", "facets p50")?;
    for (name, questions) in questions()? {
        let mut spans = Vec::new();
        let mut facets = Vec::new();
        let mut hits = 0;
        for question in &questions {
            let begun = Instant::now();
            let found = index.search(question, SearchPage::First { limit: 24 }).await?;
            spans.push(begun.elapsed());
            hits += found.count;
        }
        for question in questions.iter().take(50) {
            let begun = Instant::now();
            black_box(index.facets(question).await?);
            facets.push(begun.elapsed());
        }
        let cold = spans.first().copied().unwrap_or_default();
        let hits = hits / spans.len().max(1) as u64;
        let ((p50, p99), (facets, _)) = (percentiles(spans), percentiles(facets));
        writeln!(out, "{name:30} {hits:>10} {cold:>10.1?} {p50:>10.1?} {p99:>10.1?} {facets:>10.1?}")?;
    }
    writeln!(out, "resident: {}", resident())?;
    drop(index);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let mut sizes: Vec<u64> = std::env::args().skip(1).map(|size| size.parse()).collect::<Result<_, _>>()?;
    if sizes.is_empty() {
        sizes = vec![1000];
    }
    let mut out = std::io::stdout();
    for tickets in sizes {
        measure(tickets, &mut out).await?;
    }
    Ok(())
}
