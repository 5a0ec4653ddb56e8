//! The pages in a real browser, with JavaScript on.

mod buyer;
mod driver;
mod forms;
#[cfg(feature = "stripe")]
mod hosted;
mod layout;
mod live;
mod money;
mod time;

use serde_json::{Value, json};

use crate::market::{Market, User, eventually, id};
use crate::programs::Program;

use driver::{Chromium, Person, Tab};

/// A browser, and its own marketplace in memory.
struct Shop {
    chromium: Chromium,
    _program: Program,
    market: Market,
}

impl Shop {
    /// Opens one; `None` where there is no browser, which is told.
    async fn open(settings: &[(&'static str, &str)]) -> Option<Self> {
        let chromium = Chromium::start()?;
        let mut all = vec![("TICKETING_DEMO", "false".to_owned())];
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let program = Program::start("shop", &[], &all).await;
        let market = Market::at(&program.address());
        Some(Self { chromium, _program: program, market })
    }

    async fn person(&self, user: &User) -> Person<'_> {
        self.chromium.person().await.signed_in(&self.market.base, user).await
    }

    /// Waits until so many tickets are found.
    async fn finds(&self, tickets: u64) {
        let count = async || self.market.get("/api/tickets").send().await.body["count"].as_u64();
        eventually(count, |count| *count == Some(tickets)).await;
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.market.base)
    }

    fn page_of(&self, ticket: &Value) -> String {
        self.address(&format!("/tickets/{}", id(ticket)))
    }

    /// Changes the price of a ticket, in cents.
    async fn reprice(&self, seller: &User, ticket: &Value, cents: u64) {
        let offer = json!({"title": "Opera", "price": {"amount": cents, "currency": "EUR"}, "quantity": 5});
        let path = format!("/api/tickets/{}", id(ticket));
        assert_eq!(self.market.put(&path).by(seller).json(&offer).send().await.status, 200);
    }

    /// How many orders somebody has.
    async fn orders(&self, buyer: &User) -> usize {
        let orders = self.market.get("/api/orders").by(buyer).send().await.body;
        orders["items"].as_array().map_or(0, Vec::len)
    }
}

/// A tab on a screen of so many CSS pixels, with scripts or without.
async fn tab_of<'a>(person: &Person<'a>, screen: [u32; 2], with_scripts: bool) -> Tab<'a> {
    let tab = person.tab().await;
    tab.sized(screen[0], screen[1]).await;
    if !with_scripts {
        tab.without_scripts().await;
    }
    tab
}

/// A phone and a wide screen, each with scripts and without.
const EVERYWHERE: [([u32; 2], bool); 4] = [(PHONE, true), (PHONE, false), (WIDE, true), (WIDE, false)];
const PHONE: [u32; 2] = [390, 844];
const WIDE: [u32; 2] = [1440, 900];

/// Whether the first element that a selector names can be seen.
fn is_seen(selector: &str) -> String {
    format!("document.querySelector({})?.checkVisibility() ?? false", json!(selector))
}
