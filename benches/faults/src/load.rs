//! The load: people who buy, pay, cancel, forget and hesitate, at a rate that does not depend on the responses.

mod offers;
mod pulse;
mod purchase;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::{self, StreamExt};
use parking_lot::{Mutex, MutexGuard, RwLock};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::Error;
use crate::ledger::Ledger;
use crate::market::Market;
use crate::people::Person;
use crate::settings::Settings;

pub(crate) use offers::{Offer, Offers};
pub(crate) use pulse::Pulse;
pub(crate) use purchase::{Fate, Purchase};

/// So many purchases may be under way; people who come then go away again.
const AT_ONCE: usize = 4_000;

/// How often somebody opens an account while everything else goes on.
const NEWCOMER: Duration = Duration::from_secs(3);
/// How often a seller changes an offer.
const EDIT: Duration = Duration::from_secs(1);
/// Of so many changes one moves the event, and another calls it off.
const RARE: u32 = 20;

/// Who buys what, and which responses they got.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) market: Market,
    pub(crate) offers: Offers,
    pub(crate) pulse: Pulse,
    pub(crate) hold: Duration,
    people: RwLock<Vec<Arc<Person>>>,
    ledger: Mutex<Ledger>,
    closing: AtomicBool,
    resting: AtomicBool,
    turned_away: AtomicU64,
}

impl Shop {
    /// Opens accounts and puts tickets on sale.
    pub(crate) async fn open(market: Market, settings: &Settings) -> Result<Arc<Self>, Error> {
        let shop = Arc::new(Self {
            market,
            offers: Offers::default(),
            pulse: Pulse::default(),
            hold: settings.hold(),
            people: RwLock::default(),
            ledger: Mutex::default(),
            closing: AtomicBool::new(false),
            resting: AtomicBool::new(false),
            turned_away: AtomicU64::new(0),
        });
        for number in 0..offers::SELLERS {
            let seller = shop.welcome(format!("seller-{number}@faults.example")).await.ok_or(Error::NoShop)?;
            shop.offers.sells(seller);
        }
        let mut buyers = stream::iter(0..settings.buyers).map(|number| shop.newcomer(number)).buffer_unordered(4);
        while let Some(buyer) = buyers.next().await {
            buyer.ok_or(Error::NoShop)?;
        }
        drop(buyers);
        for _ in 0..settings.tickets {
            shop.offer_another(&mut rand::make_rng()).await.ok_or(Error::NoShop)?;
        }
        Ok(shop)
    }

    /// What was acknowledged so far.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }

    /// Everybody who buys.
    pub(crate) fn buyers(&self) -> Vec<Arc<Person>> {
        self.people.read().clone()
    }

    /// Some buyer.
    pub(crate) fn buyer(&self, chance: &mut StdRng) -> Option<Arc<Person>> {
        let people = self.people.read();
        (!people.is_empty()).then(|| people.get(chance.random_range(0..people.len())).cloned())?
    }

    /// How many purchases were not begun, because too many were under way.
    pub(crate) fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// From now on nobody begins anything.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Whether nobody begins anything for a while.
    pub(crate) fn rest(&self, resting: bool) {
        self.resting.store(resting, Ordering::Relaxed);
    }

    fn is_resting(&self) -> bool {
        self.resting.load(Ordering::Relaxed)
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    async fn newcomer(&self, number: u32) -> Option<()> {
        let buyer = self.welcome(format!("buyer-{number}@faults.example")).await?;
        self.people.write().push(buyer);
        Some(())
    }

    async fn welcome(&self, email: String) -> Option<Arc<Person>> {
        let person = Person::sign_up(&self.market, email.clone()).await;
        match person {
            Some(person) => {
                self.ledger().accounts.insert(email);
                Some(Arc::new(person))
            }
            None => {
                self.ledger().unanswered(format!("sign-up of {email}"));
                None
            }
        }
    }
}

/// Lets people come until the shop closes, and returns once the last is served.
pub(crate) async fn run(shop: Arc<Shop>, rate: f64, buyers: u32, mut chance: StdRng) {
    let besides =
        [tokio::spawn(welcome_newcomers(Arc::clone(&shop), buyers)), tokio::spawn(edit_offers(Arc::clone(&shop)))];
    let mut purchases = JoinSet::new();
    let mut arrivals = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    arrivals.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !shop.is_closing() {
        arrivals.tick().await;
        while purchases.try_join_next().is_some() {}
        if shop.is_resting() {
            continue;
        }
        if purchases.len() >= AT_ONCE {
            shop.turned_away.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let Some(purchase) = Purchase::draw(&shop, &mut chance) else { continue };
        let shop = Arc::clone(&shop);
        purchases.spawn(async move { purchase.make(&shop).await });
    }
    while purchases.join_next().await.is_some() {}
    for beside in besides {
        if let Err(error) = beside.await {
            crate::tell(format_args!("a part of the load broke: {error}"));
        }
    }
}

async fn welcome_newcomers(shop: Arc<Shop>, first: u32) {
    let mut number = first;
    while !shop.is_closing() {
        tokio::time::sleep(NEWCOMER).await;
        if !shop.is_resting() {
            shop.newcomer(number).await;
            number += 1;
        }
    }
}

async fn edit_offers(shop: Arc<Shop>) {
    let mut chance: StdRng = rand::make_rng();
    while !shop.is_closing() {
        tokio::time::sleep(EDIT).await;
        if !shop.is_resting() {
            match chance.random_range(0..RARE) {
                0 => shop.call_off_one(&mut chance).await,
                1 => shop.reschedule_one(&mut chance).await,
                _ => shop.edit_one(&mut chance).await,
            }
        }
    }
}
