//! What the demo has on sale.

use ticketing_core::domain::ticket::{Offer, OfferInput};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;
use ticketing_core::usecase::error::Error;

use super::days;

/// One line of the list below.
struct Line {
    title: &'static str,
    venue: &'static str,
    city: &'static str,
    category: &'static str,
    in_days: u64,
    price: (u64, &'static str),
    quantity: u32,
}

/// Offers whose events begin some weeks after `now`.
pub(super) fn offers(now: Timestamp) -> Result<Vec<Offer>, Error> {
    LINES.iter().map(|line| line.offer(now)).collect()
}

impl Line {
    fn offer(&self, now: Timestamp) -> Result<Offer, Error> {
        let description = format!("{} at {}, {}.\nDoors open an hour before.", self.title, self.venue, self.city);
        let (amount, currency) = self.price;
        let zone: TimeZone = self.time_zone().parse()?;
        Ok(Offer::parse(OfferInput {
            title: self.title,
            description: Some(&description),
            venue: Some(self.venue),
            city: Some(self.city),
            category: Some(self.category),
            starts_at: Some(self.evening(&zone, now)?),
            time_zone: Some(zone.name()),
            amount,
            currency,
            quantity: self.quantity,
            ..OfferInput::default()
        })?)
    }

    /// Half past seven on the clocks of the place, or earlier where that suits the event.
    fn evening(&self, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Error> {
        let clock = match self.category {
            "sport" | "family" | "festival" => "15:00",
            "conference" => "09:30",
            "comedy" | "jazz" => "20:30",
            _ => "19:30",
        };
        let day = zone.local(now.after(days(self.in_days))).day().to_string();
        let date = day.split('T').next().unwrap_or_default();
        Ok(zone.instant(format!("{date}T{clock}").parse()?)?)
    }

    fn time_zone(&self) -> &'static str {
        match self.city {
            "London" | "Oxford" => "Europe/London",
            "Dublin" => "Europe/Dublin",
            "Tokyo" => "Asia/Tokyo",
            "Chicago" => "America/Chicago",
            "Toronto" => "America/Toronto",
            "Paris" => "Europe/Paris",
            "Copenhagen" => "Europe/Copenhagen",
            "Valencia" | "Seville" => "Europe/Madrid",
            "Utrecht" | "Amsterdam" => "Europe/Amsterdam",
            "Stockholm" => "Europe/Stockholm",
            "Geneva" | "Zurich" => "Europe/Zurich",
            "Oslo" => "Europe/Oslo",
            "Rome" => "Europe/Rome",
            "Prague" => "Europe/Prague",
            "Vienna" | "Salzburg" => "Europe/Vienna",
            _ => "Europe/Berlin",
        }
    }
}

const fn line(
    title: &'static str,
    place: [&'static str; 3],
    price: (u64, &'static str),
    in_days: u64,
    quantity: u32,
) -> Line {
    let [venue, city, category] = place;
    Line { title, venue, city, category, in_days, price, quantity }
}

const LINES: [Line; 24] = [
    line("La traviata, stalls", ["State Opera", "Vienna", "opera"], (9_800, "EUR"), 12, 6),
    line("The Night Trains, standing", ["Columbia Hall", "Berlin", "concert"], (3_900, "EUR"), 9, 120),
    line("Hamlet, front circle", ["Globe Stage", "London", "theatre"], (5_500, "GBP"), 20, 8),
    line("Derby at the harbour, east stand", ["Harbour Park", "Hamburg", "sport"], (4_200, "EUR"), 5, 40),
    line("Late Light Quartet", ["Blue Cellar", "Paris", "jazz"], (2_800, "EUR"), 15, 30),
    line("Swan Lake, parterre", ["Grand Theatre", "Geneva", "ballet"], (12_500, "CHF"), 31, 4),
    line("Open Air: Paper Moons", ["Riverside Meadow", "Copenhagen", "concert"], (52_000, "DKK"), 44, 200),
    line("Stand-up: Mind the Gap", ["Corner Room", "London", "comedy"], (1_800, "GBP"), 3, 25),
    line("Symphony No. 9, balcony", ["Philharmonic Hall", "Berlin", "classical"], (6_400, "EUR"), 27, 10),
    line("Marathon, charity start", ["City Centre", "Valencia", "sport"], (9_000, "EUR"), 60, 50),
    line("Kabuki evening", ["Minami Theatre", "Tokyo", "theatre"], (8_800, "JPY"), 38, 12),
    line("Rust and Coffee, conference day", ["Old Mill", "Utrecht", "conference"], (14_900, "EUR"), 52, 80),
    line("The Night Trains, acoustic", ["Chapel", "Amsterdam", "concert"], (3_200, "EUR"), 11, 60),
    line("Magic Flute for children", ["Puppet Theatre", "Salzburg", "family"], (1_500, "EUR"), 8, 35),
    line("Ice hockey, semi-final", ["North Arena", "Stockholm", "sport"], (44_000, "SEK"), 17, 18),
    line("Flamenco in the courtyard", ["Casa Azul", "Seville", "dance"], (2_500, "EUR"), 14, 20),
    line("Poetry slam, final", ["Signal Box", "Zurich", "comedy"], (2_200, "CHF"), 6, 45),
    line("Film with live orchestra", ["Palace Cinema", "Oslo", "film"], (39_500, "NOK"), 33, 90),
    line("Tosca, box seats", ["Teatro Reale", "Rome", "opera"], (18_000, "EUR"), 41, 2),
    line("Late show: Two Chairs", ["Little Stage", "Dublin", "comedy"], (2_000, "EUR"), 4, 15),
    line("String Night", ["Sheldon Rooms", "Oxford", "classical"], (3_000, "GBP"), 22, 24),
    line("Roller derby double header", ["Depot 7", "Chicago", "sport"], (2_400, "USD"), 19, 70),
    line("Indie festival, weekend pass", ["Lake Field", "Toronto", "festival"], (18_900, "CAD"), 75, 300),
    line("Planetarium: The Far Side", ["City Planetarium", "Prague", "family"], (32_000, "CZK"), 10, 55),
];
