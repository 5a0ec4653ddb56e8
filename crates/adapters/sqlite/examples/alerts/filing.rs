//! Files questions of very many people, and finds those that a new ticket answers.
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::time::{Duration, Instant};

use ticketing_core::domain::alert::{Alert, AlertKey, Alerts, Handle, KeptQuestion, TicketNews};
use ticketing_core::domain::ids::{AccountId, AlertId, TicketId};
use ticketing_core::domain::search::{Filters, SearchChange, SearchEntry};
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::store::{Page, UnitOfWork, Write};

type Failure = Box<dyn std::error::Error>;

/// How many questions each person keeps.
const EACH: u64 = 4;
/// How many people are written, handles looked up and people read at a time.
const AT_ONCE: usize = 128;
const WRITTEN: u64 = 1_000;

const WORDS: u64 = 20_000;
const CITIES: u64 = 300;
const CATEGORIES: [&str; 6] = ["concert", "opera", "theatre", "sport", "comedy", "festival"];
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Numbers that look like chance and are the same each time.
struct Drawn(u64);

impl Drawn {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// A word; a few are as frequent as in any language: the nth of them about one nth as often as the first.
    fn word(&mut self) -> String {
        let (most, at) = (self.next(WORDS) + 1, self.next(1 << 20));
        format!("w{}rd", at % most)
    }

    fn words(&mut self, count: u64) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn city(&mut self) -> String {
        let most = self.next(CITIES) + 1;
        format!("City{}", self.next(most))
    }

    fn category(&mut self) -> &'static str {
        let at = self.next(CATEGORIES.len() as u64);
        CATEGORIES.iter().cycle().nth(usize::try_from(at).unwrap_or(0)).copied().unwrap_or("concert")
    }

    fn question(&mut self) -> KeptQuestion {
        let city = (self.next(2) == 0).then(|| self.city());
        // One of ten asks for a city and a category alone.
        if self.next(10) == 0 {
            let (city, category) = (Some(self.city()), Some(self.category().to_owned()));
            return KeptQuestion::stored("", Filters { city, category, ..Filters::default() });
        }
        let count = 1 + self.next(3);
        KeptQuestion::stored(self.words(count), Filters { city, ..Filters::default() })
    }

    fn ticket(&mut self, number: u64) -> Result<SearchEntry, Failure> {
        let (title, description, city) = (self.words(3), self.words(60), self.city());
        let input = OfferInput {
            title: &title,
            description: Some(&description),
            city: Some(&city),
            category: Some(self.category()),
            amount: 4500,
            currency: "EUR",
            quantity: 10,
            ..OfferInput::default()
        };
        let id = TicketId::from_u128(u128::from(number));
        let ticket = Ticket::create(id, AccountId::from_u128(u128::MAX), Offer::parse(input)?, NOW);
        let mut entry = SearchEntry::new(id);
        entry.follow(&SearchChange::Facts(Box::new(ticket.map_err(|refusal| format!("{refusal:?}"))?.0)));
        Ok(entry)
    }
}

/// Files `alerts` questions, and times `tickets` matches.
pub(crate) async fn measure(store: &dyn LetterStore, alerts: u64, tickets: u64) -> Result<(), Failure> {
    let mut drawn = Drawn(7);
    let began = Instant::now();
    file(store, &mut drawn, alerts / EACH).await?;
    println!("{alerts} alerts of {} people filed in {:.1} s", alerts / EACH, began.elapsed().as_secs_f64());
    let (mut times, mut looks, mut hits) = (Vec::new(), 0, 0);
    for number in 0..tickets {
        let entry = drawn.ticket(number)?;
        let began = Instant::now();
        let (looked, found) = matched(store, &entry).await?;
        times.push(began.elapsed());
        looks += looked;
        hits += found;
    }
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(Duration::ZERO).as_secs_f64() * 1e3;
    println!("{tickets} tickets matched: p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms", at(50), at(90), at(99));
    println!(
        "{:.1} people looked at and {:.1} to be told for each",
        looks as f64 / tickets as f64,
        hits as f64 / tickets as f64
    );
    Ok(())
}

async fn file(store: &dyn LetterStore, drawn: &mut Drawn, people: u64) -> Result<(), Failure> {
    let mut work = UnitOfWork::default();
    for person in 1..=people {
        let mut alert = |number: u64| Alert {
            id: AlertId::from_u128(u128::from(number)),
            question: drawn.question(),
            key: AlertKey::drawn([7; 32]),
            created_at: NOW,
        };
        let alerts = (0..EACH).map(&mut alert).collect();
        // Accounts are drawn at random, as far as an index is concerned.
        let account = AccountId::from_u128(u128::from(person).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        work.writes.push(Write::insert(Alerts { alerts, ..Alerts::none(account) }));
        if person % WRITTEN == 0 || person == people {
            store.commit(std::mem::take(&mut work)).await?;
        }
    }
    Ok(())
}

/// How many people were looked at, and how many have a question that the ticket answers.
async fn matched(store: &dyn LetterStore, entry: &SearchEntry) -> Result<(usize, usize), Failure> {
    let Some(news) = TicketNews::of(None, entry) else { return Ok((0, 0)) };
    let handles: Vec<Handle> = news.handles().into_iter().collect();
    let (mut looked, mut found) = (0, 0);
    for some in handles.chunks(AT_ONCE) {
        let mut page = Page::first(AT_ONCE);
        loop {
            let people = store.alerts_under(some, page).await?;
            looked += people.len();
            found += people.iter().filter(|person| person.record.begun(&news, NOW).is_some()).count();
            match people.last() {
                Some(last) if people.len() == page.limit => page.after = Some(last.record.account),
                Some(_) | None => break,
            }
        }
    }
    Ok((looked, found))
}
