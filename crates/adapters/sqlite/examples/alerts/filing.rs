//! Files questions of very many people, and finds those that a new ticket answers.
#![expect(clippy::print_stdout, reason = "it tells what it measured")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ticketing_core::domain::alert::{Alert, AlertKey, Alerts, Handle, KeptQuestion, TicketNews};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::{AccountId, AlertId, TicketId};
use ticketing_core::domain::search::{Filters, SearchChange, SearchEntry};
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket};
use ticketing_core::ports::letter_store::{LetterNeeds, LetterStore};
use ticketing_core::ports::store::{Page, UnitOfWork, Write};

use crate::telling::{self, Failure, NOW};

/// How many questions each person keeps.
const EACH: u64 = 4;
/// How many people are written, handles looked up and people looked at together.
const WRITTEN: u64 = 1_000;
const HANDLES: usize = 128;
const LOOKS: usize = 1024;
/// How many tickets are matched, and of how many others people are told.
const MATCHED: u64 = 500;
const TOLD: u64 = 50;

const WORDS: u64 = 20_000;
const CITIES: u64 = 300;
const CATEGORIES: [&str; 6] = ["concert", "opera", "theatre", "sport", "comedy", "festival"];

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

    fn ticket(&mut self, number: u64) -> Result<(SearchEntry, Event), Failure> {
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
        let (ticket, event) = ticket.map_err(|refusal| format!("{refusal:?}"))?;
        let mut entry = SearchEntry::new(id);
        entry.follow(&SearchChange::Facts(Box::new(ticket)));
        Ok((entry, event))
    }
}

/// Files `alerts` questions if they are not there yet, matches tickets with them, and tells people of others.
pub(crate) async fn measure(store: Arc<dyn LetterStore>, alerts: u64) -> Result<(), Failure> {
    let mut drawn = Drawn(7);
    let began = Instant::now();
    let is_filed = is_filed(&*store, 1).await?;
    file((!is_filed).then_some(&*store), &mut drawn, alerts / EACH).await?;
    println!("{alerts} alerts of {} people filed in {:.1} s", alerts / EACH, began.elapsed().as_secs_f64());
    let (mut times, mut looks, mut hits) = (Vec::new(), 0, 0);
    for number in 0..MATCHED {
        let (entry, _) = drawn.ticket(number)?;
        let began = Instant::now();
        let (looked, found) = matched(&*store, &entry).await?;
        times.push(began.elapsed());
        looks += looked;
        hits += found;
    }
    show(&mut times, "matched");
    let each = |count| count as f64 / MATCHED as f64;
    println!("{:.1} candidates and {:.1} people to be told for each", each(looks), each(hits));
    let follow = telling::follow(store);
    let mut times = Vec::new();
    // Others in each run: nobody is told twice of a ticket.
    let first = u64::from(std::process::id()) << 32;
    for number in 0..TOLD {
        let (_, event) = drawn.ticket(first + number)?;
        let began = Instant::now();
        telling::tell(&follow, event).await?;
        times.push(began.elapsed());
    }
    show(&mut times, "matched and told of");
    Ok(())
}

fn show(times: &mut [Duration], what: &str) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(Duration::ZERO).as_secs_f64() * 1e3;
    println!("{} tickets {what}: p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms", times.len(), at(50), at(90), at(99));
}

/// An account. They are drawn at random, as far as an index is concerned.
fn account(person: u64) -> AccountId {
    AccountId::from_u128(u128::from(person).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

async fn is_filed(store: &dyn LetterStore, person: u64) -> Result<bool, Failure> {
    let needs = LetterNeeds { alerts: vec![account(person)], ..LetterNeeds::default() };
    Ok(!store.load(&needs).await?.alerts.is_empty())
}

async fn file(store: Option<&dyn LetterStore>, drawn: &mut Drawn, people: u64) -> Result<(), Failure> {
    let mut work = UnitOfWork::default();
    for person in 1..=people {
        let mut alert = |number: u64| Alert {
            id: AlertId::from_u128(u128::from(number)),
            question: drawn.question(),
            key: AlertKey::drawn([7; 32]),
            created_at: NOW,
        };
        let alerts = (0..EACH).map(&mut alert).collect();
        work.writes.push(Write::insert(Alerts { alerts, ..Alerts::none(account(person)) }));
        if person % WRITTEN == 0 || person == people {
            let work = std::mem::take(&mut work);
            if let Some(store) = store {
                store.commit(work).await?;
            }
        }
    }
    Ok(())
}

/// How many candidates were looked at, and how many people are to be told.
async fn matched(store: &dyn LetterStore, entry: &SearchEntry) -> Result<(usize, usize), Failure> {
    let Some(news) = TicketNews::of(None, entry) else { return Ok((0, 0)) };
    let handles: Vec<Handle> = news.handles().into_iter().collect();
    let (mut looked, mut found) = (0, HashSet::new());
    for some in handles.chunks(HANDLES) {
        let mut page = Page::first(LOOKS);
        loop {
            let people = store.alerts_under(some, page).await?;
            looked += people.len();
            let meant = people.iter().filter(|candidate| news.may_be_for(candidate));
            found.extend(meant.map(|candidate| candidate.filed.account));
            page.after = people.last().map(|candidate| candidate.filed);
            if people.len() < page.limit {
                break;
            }
        }
    }
    Ok((looked, found.len()))
}
