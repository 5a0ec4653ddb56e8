//! The names of consumers. Each is the name of a group, and two groups of one name share their events.

/// The services of the marketplace.
const OURS: [&str; 7] = ["accounts", "tickets", "orders", "payments", "expiration", "web", "search"];

/// Why a consumer cannot be called like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameRefusal {
    /// A service of the marketplace is called so, and would lose events to the consumer.
    #[error("{0:?} is the name of a service of the marketplace, which would lose events: choose another name")]
    Reserved(String),
    /// It is empty, or has spaces or control characters.
    #[error("{0:?} cannot be the name of a consumer: choose one without spaces and control characters")]
    Malformed(String),
}

/// Checks the name of a consumer that is not a service of ours.
pub(super) fn check(name: &str) -> Result<(), NameRefusal> {
    // A group may have a prefix, and some engines fold case.
    let last = name.rsplit(['.', ':', '/']).next().unwrap_or(name);
    if OURS.iter().any(|ours| ours.eq_ignore_ascii_case(last.trim())) {
        return Err(NameRefusal::Reserved(name.to_owned()));
    }
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control();
    if last.is_empty() || name.chars().any(is_odd) {
        return Err(NameRefusal::Malformed(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_refused_however_they_are_written() {
        for name in [
            "payments",
            "Orders",
            " tickets",
            "expiration\n",
            "ticketing.payments",
            "a:b/ACCOUNTS ",
            "web",
            "app.search",
        ] {
            assert_eq!(check(name), Err(NameRefusal::Reserved(name.to_owned())));
        }
    }

    #[test]
    fn names_that_cannot_be_read_are_refused() {
        for name in ["", " ", "my follower", "mails\u{0}", "mails.", "\u{a0}"] {
            assert_eq!(check(name), Err(NameRefusal::Malformed(name.to_owned())));
        }
    }

    #[test]
    fn other_names_are_as_good_as_any() {
        for name in ["mails", "payments-report", "shop.mails", "web-live-0", "my_orders", "orders2"] {
            assert_eq!(check(name), Ok(()));
        }
    }
}
