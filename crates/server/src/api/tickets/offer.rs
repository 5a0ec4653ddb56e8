//! What a seller writes, out of the body of a request.

use ticketing_api::tickets::{OfferBody, ScheduleBody};
use ticketing_core::domain::invalid::{Invalid, WrongFields};
use ticketing_core::domain::ticket::{Details, Offer, OfferInput, Schedule};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;
use ticketing_core::usecase::error::Error;

use crate::api::list::given;

/// The offer; texts that are as they were in `old` may stay as they are, and so do attributes that are not given.
pub(super) fn offer(body: OfferBody, old: Option<&Offer>) -> Result<Offer, Error> {
    let mut wrong = WrongFields::default();
    let was = old.map(|old| &old.details);
    let zone = Zone::of(body.time_zone.as_deref(), was.and_then(|was| was.event.time_zone.as_ref()));
    let (start, end) = (was.and_then(|was| was.event.starts_at), was.and_then(|was| was.sales_end_at));
    let starts_at = wrong.keep(time("startsAt", body.starts_at.as_deref(), &zone, start)).flatten();
    let sales_end_at = wrong.keep(time("salesEndAt", body.sales_end_at.as_deref(), &zone, end)).flatten();
    let input = OfferInput {
        title: &body.title,
        description: body.description.as_deref(),
        venue: body.venue.as_deref(),
        city: body.city.as_deref(),
        category: body.category.as_deref(),
        starts_at,
        time_zone: body.time_zone.as_deref(),
        section: body.section.as_deref(),
        row: body.row.as_deref(),
        seats: body.seats.as_deref(),
        together: body.together,
        sales_end_at,
        amount: body.price.amount,
        currency: &body.price.currency,
        quantity: body.quantity,
        max_per_buyer: body.max_per_buyer,
        attributes: body.attributes,
    };
    let offer = wrong.keep(Offer::parse_over(input, old));
    Ok(wrong.finish(offer)?)
}

/// The facts of an event, over those that it has.
pub(super) fn schedule(body: &ScheduleBody, old: &Offer) -> Result<Schedule, Error> {
    let mut wrong = WrongFields::default();
    let Details { event, sales_end_at: end, .. } = &old.details;
    let zone = Zone::of(body.time_zone.as_deref(), event.time_zone.as_ref());
    let starts_at = wrong.keep(time("startsAt", body.starts_at.as_deref(), &zone, event.starts_at)).flatten();
    let sales_end_at = wrong.keep(time("salesEndAt", body.sales_end_at.as_deref(), &zone, *end)).flatten();
    let input = OfferInput {
        title: &body.title,
        description: old.details.description.as_deref(),
        venue: body.venue.as_deref(),
        city: body.city.as_deref(),
        category: old.details.category.as_deref(),
        starts_at,
        time_zone: body.time_zone.as_deref(),
        section: body.section.as_deref(),
        row: body.row.as_deref(),
        seats: body.seats.as_deref(),
        together: body.together,
        sales_end_at,
        ..OfferInput::default()
    };
    let schedule = wrong.keep(Schedule::parse_over(&input, &old.details));
    Ok(wrong.finish(schedule)?)
}

/// A time in RFC 3339, or one on the clocks of a zone; `was` is what it replaces.
fn time(
    field: &'static str,
    text: Option<&str>,
    zone: &Zone,
    was: Option<Timestamp>,
) -> Result<Option<Timestamp>, Invalid> {
    let Some(text) = given(text) else { return Ok(None) };
    if let Ok(time) = text.parse() {
        return Ok(Some(time));
    }
    let expected = "must be a date and time such as 2030-06-01T19:30";
    let local = text.parse().map_err(|_| Invalid::new(field, expected))?;
    match zone {
        Zone::Known(zone) => zone.instant_like(local, was).map(Some).map_err(|invalid| Invalid { field, ..invalid }),
        Zone::Kept(zone) if was.is_some_and(|at| zone.local(at) == local) => Ok(was),
        Zone::Kept(_) => Err(Invalid::new(field, "cannot be changed in a time zone that is not known here")),
        // The zone is refused in words of its own.
        Zone::Wrong => Ok(None),
        Zone::Missing => Err(Invalid::new(field, expected)),
    }
}

/// The time zone of an offer.
enum Zone {
    Known(TimeZone),
    /// It is stored, and only another release knows its rules.
    Kept(TimeZone),
    Wrong,
    Missing,
}

impl Zone {
    fn of(name: Option<&str>, old: Option<&TimeZone>) -> Self {
        let Some(name) = given(name) else { return Self::Missing };
        match name.parse() {
            Ok(zone) => Self::Known(zone),
            Err(_) => old.filter(|old| old.name() == name).cloned().map_or(Self::Wrong, Self::Kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_one_on_the_clocks_of_the_place() {
        let read = |text, zone| {
            time("startsAt", Some(text), &Zone::of(zone, None), None).map(|at| at.map(|at| at.to_string()))
        };
        let evening = Ok(Some("2030-06-01T17:30:00.000Z".to_owned()));

        assert_eq!(read("2030-06-01T19:30", Some("Europe/Vienna")), evening);
        assert_eq!(read("2030-06-01T17:30:00Z", Some("Europe/Vienna")), evening);
        assert_eq!(read("2030-06-01T17:30:00Z", None), evening);
        assert_eq!(read(" ", None), Ok(None));
        for wrong in ["soon", "2030-06-01", "2030-13-01T19:30", "2030-06-01T19:30"] {
            assert_eq!(read(wrong, None).unwrap_err().field, "startsAt", "{wrong}");
        }
    }
    #[test]
    fn a_time_in_a_zone_that_another_release_knows_stays_as_it_is_and_cannot_be_moved() {
        let (old, at) = (TimeZone::stored("Mars/Olympus_Mons"), "2030-06-01T17:30:00Z".parse().unwrap());
        let zone = Zone::of(Some("Mars/Olympus_Mons"), Some(&old));

        assert_eq!(time("startsAt", Some("2030-06-01T17:30"), &zone, Some(at)), Ok(Some(at)));
        assert!(time("startsAt", Some("2030-06-01T18:30"), &zone, Some(at)).is_err());
    }
}
