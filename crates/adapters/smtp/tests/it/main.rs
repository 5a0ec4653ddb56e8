//! Every promise of a mailer, kept over SMTP, with and without TLS.

mod failures;
mod messages;
#[path = "../server/smtp.rs"]
mod server;
mod tls;
mod world;

use world::World;

mod plain {
    use super::World;

    ticketing_conformance::mailer!(World::plain().await);
}

mod from_the_first_byte {
    use super::World;

    ticketing_conformance::mailer!(World::tls().await);
}

mod with_starttls {
    use super::World;

    ticketing_conformance::mailer!(World::starttls().await);
}
