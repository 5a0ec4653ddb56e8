//! Which service answers a path of the API.

use ticketing_api::paths;

use crate::config::Service;

/// The service that a path belongs to.
pub(crate) fn owner(path: &str) -> Option<Service> {
    if path == paths::JWKS {
        return Some(Service::Accounts);
    }
    let mut parts = path.strip_prefix("/api/")?.split('/');
    match (parts.next()?, parts.nth(1)) {
        // What a pass is of belongs to others.
        ("orders", Some("passes")) => Some(Service::Admissions),
        (first, _) => of_its_own(first),
    }
}

/// The service whose paths begin so.
fn of_its_own(first: &str) -> Option<Service> {
    match first {
        "users" => Some(Service::Accounts),
        "tickets" => Some(Service::Tickets),
        "orders" => Some(Service::Orders),
        "payments" => Some(Service::Payments),
        "alerts" => Some(Service::Notifications),
        "doors" => Some(Service::Admissions),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_a_service() {
        assert_eq!(owner("/api/users/signin"), Some(Service::Accounts));
        assert_eq!(owner("/.well-known/jwks.json"), Some(Service::Accounts));
        assert_eq!(owner("/api/tickets"), Some(Service::Tickets));
        assert_eq!(owner("/api/orders/7"), Some(Service::Orders));
        assert_eq!(owner("/api/payments/notices"), Some(Service::Payments));
        assert_eq!(owner("/api/orders/7/passes"), Some(Service::Admissions));
        assert_eq!(owner("/api/doors/7/checks"), Some(Service::Admissions));
        assert_eq!(owner("/api/alerts/7"), Some(Service::Notifications));
        for nobodys in ["/", "/api", "/api/", "/api/docs", "/tickets/7", "/api/ticketsandmore", "/livez"] {
            assert_eq!(owner(nobodys), None, "{nobodys}");
        }
    }
}
