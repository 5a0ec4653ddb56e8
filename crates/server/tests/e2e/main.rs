//! The rules of the marketplace, from outside: in memory, on real engines, on MongoDB alone, and as separate processes.
//!
//! A rule is told where the marketplace is and knows nothing else of it. What
//! one service tells another arrives a little later, so rules wait for conditions.
#![expect(clippy::indexing_slicing, reason = "JSON answers null for what it lacks")]

#[expect(dead_code, reason = "the tests on memory look closer")]
#[path = "../visitor/browser.rs"]
mod browser;
#[path = "../visitor/call.rs"]
mod call;
mod chromium;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "smtp"))]
mod mails;
mod market;
#[path = "../visitor/marketplace.rs"]
mod marketplace;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "smtp", feature = "sqlite"))]
mod metrics;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite"))]
mod one_file;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "smtp"))]
mod postbox;
mod programs;
mod rules;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
#[path = "../visitor/watched.rs"]
mod watched;

#[cfg(feature = "stripe")]
mod stripe;

#[cfg(all(
    feature = "mongodb",
    feature = "kafka",
    feature = "redis",
    feature = "tls",
    feature = "stripe",
    feature = "otlp"
))]
mod absent;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod clocks;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod damaged;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod disturbed;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod drafts;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod keys;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "smtp", feature = "sqlite"))]
mod moved;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod one_replica_set;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod redis_away;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod replayed;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod restart;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod restored;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "smtp", feature = "sqlite"))]
mod scraped;
#[cfg(all(
    feature = "mongodb",
    feature = "kafka",
    feature = "redis",
    feature = "tls",
    feature = "smtp",
    feature = "stripe",
    feature = "otlp"
))]
mod secrets;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod upgraded;

#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod live;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "tls"))]
mod tls;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "otlp"))]
mod traces;

/// Makes a test of each rule, in a module for each way to run the marketplace.
macro_rules! rules {
    ($($file:ident::$rule:ident),* $(,)?) => {
        /// One process in memory.
        mod in_memory {
            $(#[tokio::test]
            async fn $rule() {
                crate::programs::in_memory().await.prove(crate::rules::$file::$rule).await;
            })*
        }

        /// One process that keeps everything in a file.
        #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite"))]
        mod in_a_file {
            $(#[tokio::test]
            async fn $rule() {
                crate::programs::in_a_file().await.prove(crate::rules::$file::$rule).await;
            })*
        }

        /// One process on MongoDB, Kafka and Redis.
        #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
        mod on_engines {
            $(#[tokio::test]
            async fn $rule() {
                crate::programs::on_engines().await.prove(crate::rules::$file::$rule).await;
            })*
        }

        /// One process on MongoDB, and on nothing else.
        #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
        mod on_mongodb {
            $(#[tokio::test]
            async fn $rule() {
                crate::programs::on_mongodb().await.prove(crate::rules::$file::$rule).await;
            })*
        }

        /// A process for each service.
        #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
        mod as_processes {
            $(#[tokio::test]
            async fn $rule() {
                crate::programs::as_processes().await.prove(crate::rules::$file::$rule).await;
            })*
        }
    };
}

rules! {
    sales::a_ticket_is_sold,
    sales::the_last_place_is_sold_once,
    sales::nobody_orders_their_own_ticket,
    sales::a_buyer_is_told_of_another_price,
    sales::a_cancelled_order_gives_its_place_to_another,
    sales::an_order_that_is_not_paid_expires,
    sales::of_many_who_want_a_hot_ticket_as_many_win_as_there_are_places,
    payments::another_card_pays_where_the_first_was_declined,
    payments::an_order_is_paid_once,
    admissions::a_pass_lets_one_person_in,
    admissions::a_called_off_event_gives_the_money_back_and_voids_the_passes,
    idempotency::an_order_under_one_key_is_placed_once,
    idempotency::a_payment_under_one_key_is_answered_as_before,
    offers::a_seller_edits_and_withdraws_a_ticket,
    offers::a_seller_sees_what_is_held_and_sold,
    sessions::who_signs_out_is_signed_out_everywhere,
    sessions::a_session_goes_on_with_its_refresh_token,
    sessions::a_forged_token_opens_nothing,
    access::nobody_sees_pays_or_cancels_the_order_of_another,
    access::another_site_changes_nothing,
    pages::a_ticket_is_sold_by_forms_alone,
    pages::what_is_refused_comes_back_with_the_form,
    pages::a_session_ends_by_a_form,
    live::a_listener_sees_what_is_left,
    problems::a_refusal_is_a_problem,
    problems::the_api_is_described,
}
