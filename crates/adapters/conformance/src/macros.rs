//! One macro for each family: a line in an adapter's tests runs every rule.
//!
//! Each list below is the only place that names the rules of its family. A line that ends with `patience = …` sets how
//! long each of its rules waits for what must happen.

/// Lists the rules of a family in the form that is asked for.
#[doc(hidden)]
#[macro_export]
macro_rules! __family {
    ([tests $fixture:expr $(,)?] $($family:tt)*) => {
        $crate::__family! { [tests $fixture, patience = $crate::time::PATIENCE] $($family)* }
    };
    ([tests $fixture:expr, patience = $patience:expr $(,)?] $family:ident $module:ident [$($port:ident)*] $kind:ty; $($rule:ident)*) => {
        mod $family {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "the fixture is named where the macro is used")]
            use super::*;

            $(
                #[test]
                fn $rule() {
                    $crate::report::test(stringify!($family), stringify!($rule), $patience, async {
                        let fixture = $fixture;
                        let fixture: &$kind = &fixture;
                        $crate::$module::$rule(fixture).await
                    });
                }
            )*
        }
    };
    ([family] $family:ident $module:ident [$($port:ident)*] $kind:ty; $($rule:ident)*) => {
        $crate::report::Family {
            name: stringify!($family),
            module: stringify!($module),
            ports: &[$(stringify!($port)),*],
            rules: &[$(
                $crate::report::Rule {
                    name: stringify!($rule),
                    run: |fixture| ::std::boxed::Box::pin($crate::$module::$rule(fixture)),
                }
            ),*],
        }
    };
    ([report $report:ident $fixture:expr] $family:ident $module:ident [$($port:ident)*] $kind:ty; $($rule:ident)*) => {
        for rule in $crate::$family!(@ [family]).rules {
            let fixture = $fixture;
            let fixture: &$kind = &fixture;
            $report.add(stringify!($family), rule.name, rule.check(fixture).await);
        }
    };
}

/// Runs the rules of families, one by one, and returns the [`Report`](crate::report::Report).
///
/// Inside an `async` block: `report! { outbox: MyFixture::start().await; transport: MyFixture::start().await }`.
#[macro_export]
macro_rules! report {
    ($($family:ident: $fixture:expr);+ $(;)?) => {{
        let mut report = $crate::report::Report::default();
        $( $crate::$family!(@ [report report $fixture]); )+
        report
    }};
}

/// Tests a clock and its ids: `clock!(fixture)`, a [`ClockFixture`](crate::clock::ClockFixture) for each rule.
#[macro_export]
macro_rules! clock {
    (@ $form:tt) => {
        $crate::__family! { $form clock clock [Clock Ids] dyn $crate::clock::ClockFixture;
            a_sleep_lasts_as_long_as_asked
            time_never_runs_backwards
            ids_are_unique_and_sorted
            ids_are_uuid_version_7
            secrets_are_unique
        }
    };
    ($($fixture:tt)+) => { $crate::clock!(@ [tests $($fixture)+]); };
}

/// Tests an account store: `account_store!(fixture)`, a [`StoreFixture`](crate::store::StoreFixture) for each rule.
#[macro_export]
macro_rules! account_store {
    (@ $form:tt) => {
        $crate::__family! { $form account_store store [AccountStore]
            dyn $crate::store::StoreFixture<$crate::store::Accounts>;
            a_stale_commit_leaves_no_trace
            a_conflict_names_what_changed
            one_of_two_racing_commits_wins
            a_revision_of_another_history_conflicts
            writers_who_reload_lose_nothing
            an_insert_of_what_exists_is_refused
            a_commit_is_visible_to_the_next_read
            a_field_that_is_taken_away_is_gone
            a_cancelled_commit_leaves_all_or_nothing
            a_unit_of_work_carries_many_decisions
            an_unreadable_record_is_corrupt
            an_email_address_belongs_to_one_account
            an_account_of_an_earlier_release_is_found
            a_deleted_account_frees_its_address
        }
    };
    ($($fixture:tt)+) => { $crate::account_store!(@ [tests $($fixture)+]); };
}

/// Tests a ticket store: `ticket_store!(fixture)`, a [`StoreFixture`](crate::store::StoreFixture) for each rule.
#[macro_export]
macro_rules! ticket_store {
    (@ $form:tt) => {
        $crate::__family! { $form ticket_store store [TicketStore]
            dyn $crate::store::StoreFixture<$crate::store::Tickets>;
            newer_sales_are_followed
            the_newest_sales_stay
            sales_are_followed_all_or_none
            a_stale_commit_leaves_no_trace
            a_conflict_names_what_changed
            one_of_two_racing_commits_wins
            a_revision_of_another_history_conflicts
            writers_who_reload_lose_nothing
            an_insert_of_what_exists_is_refused
            a_commit_is_visible_to_the_next_read
            a_field_that_is_taken_away_is_gone
            a_cancelled_commit_leaves_all_or_nothing
            a_unit_of_work_carries_many_decisions
            a_key_makes_one_listing_of_a_seller
            an_unreadable_record_is_corrupt
            the_offers_of_an_event_are_found
            a_seller_finds_all_their_listings
            unreadable_listings_are_passed_by
        }
    };
    ($($fixture:tt)+) => { $crate::ticket_store!(@ [tests $($fixture)+]); };
}

/// Tests an order store: `order_store!(fixture)`, a [`StoreFixture`](crate::store::StoreFixture) for each rule.
#[macro_export]
macro_rules! order_store {
    (@ $form:tt) => {
        $crate::__family! { $form order_store store [OrderStore]
            dyn $crate::store::StoreFixture<$crate::store::Orders>;
            a_stale_commit_leaves_no_trace
            a_conflict_names_what_changed
            one_of_two_racing_commits_wins
            a_revision_of_another_history_conflicts
            writers_who_reload_lose_nothing
            an_insert_of_what_exists_is_refused
            a_commit_is_visible_to_the_next_read
            a_field_that_is_taken_away_is_gone
            a_cancelled_commit_leaves_all_or_nothing
            a_unit_of_work_carries_many_decisions
            an_unreadable_record_is_corrupt
            a_key_makes_one_order_of_a_buyer
            a_stock_brings_the_orders_that_changed_it
            unpaid_orders_count_against_their_buyer
            what_a_buyer_bought_of_a_ticket_is_found
            a_buyer_finds_all_their_orders
            all_orders_of_a_ticket_are_found
            the_orders_of_a_ticket_are_added_up
            overdue_orders_are_found_until_they_end
            called_off_stocks_are_found_until_their_orders_end
            unreadable_orders_are_passed_by
            an_unreadable_order_blocks_no_other_order_of_its_buyer
        }
    };
    ($($fixture:tt)+) => { $crate::order_store!(@ [tests $($fixture)+]); };
}

/// Tests a payment store: `payment_store!(fixture)`, a [`StoreFixture`](crate::store::StoreFixture) for each rule.
#[macro_export]
macro_rules! payment_store {
    (@ $form:tt) => {
        $crate::__family! { $form payment_store store [PaymentStore]
            dyn $crate::store::StoreFixture<$crate::store::Payments>;
            a_stale_commit_leaves_no_trace
            a_conflict_names_what_changed
            one_of_two_racing_commits_wins
            a_revision_of_another_history_conflicts
            writers_who_reload_lose_nothing
            an_insert_of_what_exists_is_refused
            a_commit_is_visible_to_the_next_read
            a_field_that_is_taken_away_is_gone
            a_cancelled_commit_leaves_all_or_nothing
            a_unit_of_work_carries_many_decisions
            an_unreadable_record_is_corrupt
            a_key_makes_one_payment_of_a_buyer
            unsettled_payments_are_found_until_settled
            unreadable_payments_are_passed_by
            a_payable_brings_its_live_payment
        }
    };
    ($($fixture:tt)+) => { $crate::payment_store!(@ [tests $($fixture)+]); };
}

/// Tests a pass store: `pass_store!(fixture)`, a [`StoreFixture`](crate::store::StoreFixture) for each rule.
#[macro_export]
macro_rules! pass_store {
    (@ $form:tt) => {
        $crate::__family! { $form pass_store store [PassStore]
            dyn $crate::store::StoreFixture<$crate::store::Passes>;
            a_stale_commit_leaves_no_trace
            a_conflict_names_what_changed
            one_of_two_racing_commits_wins
            a_revision_of_another_history_conflicts
            writers_who_reload_lose_nothing
            an_insert_of_what_exists_is_refused
            a_commit_is_visible_to_the_next_read
            a_field_that_is_taken_away_is_gone
            a_cancelled_commit_leaves_all_or_nothing
            a_unit_of_work_carries_many_decisions
            an_unreadable_record_is_corrupt
            an_admission_is_found_by_a_pass_or_a_code
            a_code_belongs_to_one_pass_of_a_ticket
            the_admissions_of_a_ticket_are_listed
            unreadable_admissions_are_passed_by
            the_passes_of_a_ticket_are_counted
        }
    };
    ($($fixture:tt)+) => { $crate::pass_store!(@ [tests $($fixture)+]); };
}

/// Tests a letter store: `letter_store!(fixture)`, a [`StoreFixture`](crate::store::StoreFixture) for each rule.
#[macro_export]
macro_rules! letter_store {
    (@ $form:tt) => {
        $crate::__family! { $form letter_store store [LetterStore]
            dyn $crate::store::StoreFixture<$crate::store::Letters>;
            a_stale_commit_leaves_no_trace
            a_conflict_names_what_changed
            one_of_two_racing_commits_wins
            a_revision_of_another_history_conflicts
            writers_who_reload_lose_nothing
            an_insert_of_what_exists_is_refused
            a_commit_is_visible_to_the_next_read
            a_cancelled_commit_leaves_all_or_nothing
            a_unit_of_work_carries_many_decisions
            an_unreadable_record_is_corrupt
            letters_come_when_they_are_due
            the_buyers_of_a_ticket_are_listed
            alerts_are_found_by_their_handles
            unreadable_letters_are_passed_by
        }
    };
    ($($fixture:tt)+) => { $crate::letter_store!(@ [tests $($fixture)+]); };
}

/// Tests an outbox: `outbox!(fixture)`, an [`OutboxFixture`](crate::outbox::OutboxFixture) for each rule.
#[macro_export]
macro_rules! outbox {
    (@ $form:tt) => {
        $crate::__family! { $form outbox outbox [Outbox OutboxView] dyn $crate::outbox::OutboxFixture;
            pending_is_contiguous_per_aggregate
            an_unreadable_event_holds_back_its_own_aggregate_alone
            what_is_not_marked_comes_out_again
            what_is_marked_never_comes_out_again
            a_cursor_reads_on
            a_lease_has_one_holder
            a_lease_that_ran_out_is_free
            a_stale_lease_marks_nothing
            a_commit_wakes_the_relay
            the_backlog_is_what_is_not_marked
            what_was_committed_survives_a_restart
        }
    };
    ($($fixture:tt)+) => { $crate::outbox!(@ [tests $($fixture)+]); };
}

/// Tests a transport: `transport!(fixture)`, a [`TransportFixture`](crate::transport::TransportFixture) for each rule.
#[macro_export]
macro_rules! transport {
    (@ $form:tt) => {
        $crate::__family! { $form transport transport [EventPublisher EventSubscriber Subscription]
            dyn $crate::transport::TransportFixture;
            events_arrive_as_they_were_sent
            what_was_acknowledged_is_delivered
            a_failed_publication_tells_its_durable_prefix
            a_failed_publication_counts_nothing_that_is_lost
            events_of_a_subject_keep_their_order
            every_group_gets_every_event
            a_new_group_may_begin_with_the_oldest_event
            a_new_group_may_begin_with_the_next_event
            a_group_goes_on_where_it_stopped
            other_topics_hold_nothing_up
            other_kinds_hold_nothing_up
            members_share_and_lose_nothing
            what_was_published_survives_a_restart
            an_unclaimed_feature_is_refused
            a_later_event_waits_for_the_earlier
            a_retried_delivery_comes_again_later
            other_subjects_flow_during_a_retry
            a_dropped_delivery_comes_again
            progress_never_passes_an_unsettled_delivery
            unsettled_deliveries_are_bounded
            after_stop_settling_still_works
            close_tells_what_was_abandoned
            a_cancelled_next_loses_nothing
            undecodable_bytes_are_delivered_as_such
        }
    };
    ($($fixture:tt)+) => { $crate::transport!(@ [tests $($fixture)+]); };
}

/// Tests a parking lot: `parking!(fixture)`, a [`ParkingFixture`](crate::parking::ParkingFixture) for each rule.
#[macro_export]
macro_rules! parking {
    (@ $form:tt) => {
        $crate::__family! { $form parking parking [ParkingLot] dyn $crate::parking::ParkingFixture;
            parked_deliveries_are_listed_in_order
            a_later_delivery_follows_only_a_parked_key
            a_parked_delivery_may_be_edited
            a_key_may_be_released_and_held_again
            what_follows_a_released_key_is_released
            a_key_is_the_same_however_it_is_written
            an_unreadable_delivery_holds_back_its_own_key_alone
            consumers_park_apart
            what_was_parked_survives_a_restart
        }
    };
    ($($fixture:tt)+) => { $crate::parking!(@ [tests $($fixture)+]); };
}

/// Tests a timer queue: `timers!(fixture)`, a [`TimersFixture`](crate::timers::TimersFixture) for each rule.
#[macro_export]
macro_rules! timers {
    (@ $form:tt) => {
        $crate::__family! { $form timers timers [TimerQueue] dyn $crate::timers::TimersFixture;
            a_timer_is_never_early
            a_due_timer_is_claimed
            a_claimed_timer_is_nobody_elses
            an_abandoned_claim_is_lent_again
            a_completed_timer_is_gone
            a_stale_token_completes_nothing
            scheduling_again_moves_the_timer
            a_cancelled_timer_is_gone
            many_timers_due_at_once_are_lent_once
        }
    };
    ($($fixture:tt)+) => { $crate::timers!(@ [tests $($fixture)+]); };
}

/// Tests a payment gateway: `gateway!(fixture)`, a [`GatewayFixture`](crate::gateway::GatewayFixture) for each rule.
#[macro_export]
macro_rules! gateway {
    (@ $form:tt) => {
        $crate::__family! { $form gateway gateway [PaymentGateway] dyn $crate::gateway::GatewayFixture;
            a_good_card_is_charged
            a_bad_card_is_declined
            a_payment_is_charged_once
            a_silent_charge_is_found_by_looking_up
            what_was_looked_up_in_vain_is_never_charged
            an_action_is_the_same_each_time
            an_approved_action_is_charged_once
            a_refused_action_is_never_charged
            what_was_given_up_is_never_charged
            a_refund_happens_once
            a_part_is_refunded_once
            no_more_is_refunded_than_was_captured
            a_forged_notice_is_refused
        }
    };
    ($($fixture:tt)+) => { $crate::gateway!(@ [tests $($fixture)+]); };
}

/// Tests the keys of attempts: `attempt_keys!(fixture)`, an
/// [`AttemptKeysFixture`](crate::attempt_keys::AttemptKeysFixture) for each rule.
#[macro_export]
macro_rules! attempt_keys {
    (@ $form:tt) => {
        $crate::__family! { $form attempt_keys attempt_keys [AttemptKeys] dyn $crate::attempt_keys::AttemptKeysFixture;
            a_closed_key_stays_closed
            a_key_in_use_is_not_closed
            opening_and_closing_exclude_each_other
            a_key_stays_closed_after_a_restart
        }
    };
    ($($fixture:tt)+) => { $crate::attempt_keys!(@ [tests $($fixture)+]); };
}

/// Tests the notes of attempts: `attempt_notes!(fixture)`, an
/// [`AttemptNotesFixture`](crate::attempt_notes::AttemptNotesFixture) for each rule.
#[macro_export]
macro_rules! attempt_notes {
    (@ $form:tt) => {
        $crate::__family! { $form attempt_notes attempt_notes [AttemptNotes] dyn $crate::attempt_notes::AttemptNotesFixture;
            the_first_note_stands
            of_notes_at_once_one_stands
            a_note_outlives_a_restart
        }
    };
    ($($fixture:tt)+) => { $crate::attempt_notes!(@ [tests $($fixture)+]); };
}

/// Tests a password hasher: `passwords!(fixture)`, a [`PasswordFixture`](crate::identity::PasswordFixture) for each rule.
#[macro_export]
macro_rules! passwords {
    (@ $form:tt) => {
        $crate::__family! { $form passwords identity [PasswordHasher] dyn $crate::identity::PasswordFixture;
            a_password_proves_itself_alone
            a_password_proves_itself_however_it_is_typed
            two_hashes_of_one_password_differ
            a_weak_password_is_told_so
            no_password_is_long_judged
        }
    };
    ($($fixture:tt)+) => { $crate::passwords!(@ [tests $($fixture)+]); };
}

/// Tests who signs and verifies tokens: `tokens!(fixture)`, a [`TokenFixture`](crate::identity::TokenFixture) for each rule.
#[macro_export]
macro_rules! tokens {
    (@ $form:tt) => {
        $crate::__family! { $form tokens identity [TokenSigner TokenVerifier] dyn $crate::identity::TokenFixture;
            a_token_says_what_was_signed
            a_token_is_verified_with_public_keys_alone
            a_token_is_valid_until_it_expires
            a_forged_token_is_refused
            a_token_is_not_valid_before_its_time
            a_token_for_something_else_is_refused
            an_unknown_demand_is_refused
        }
    };
    ($($fixture:tt)+) => { $crate::tokens!(@ [tests $($fixture)+]); };
}

/// Tests who signs passes: `passes!(fixture)`, a [`PassFixture`](crate::identity::PassFixture) for each rule.
#[macro_export]
macro_rules! passes {
    (@ $form:tt) => {
        $crate::__family! { $form passes identity [PassSigner] dyn $crate::identity::PassFixture;
            a_pass_token_says_what_was_signed
            a_forged_pass_is_refused
            a_pass_has_one_token
            a_pass_token_is_short
        }
    };
    ($($fixture:tt)+) => { $crate::passes!(@ [tests $($fixture)+]); };
}

/// Tests who signs links: `links!(fixture)`, a [`LinkFixture`](crate::identity::LinkFixture) for each rule.
#[macro_export]
macro_rules! links {
    (@ $form:tt) => {
        $crate::__family! { $form links identity [LinkSigner] dyn $crate::identity::LinkFixture;
            a_link_token_says_what_was_signed
            a_forged_link_is_refused
            a_link_token_fits_a_letter
        }
    };
    ($($fixture:tt)+) => { $crate::links!(@ [tests $($fixture)+]); };
}

/// Tests a search index: `search_index!(fixture)`, a
/// [`SearchIndexFixture`](crate::search_index::SearchIndexFixture) for each rule.
#[macro_export]
macro_rules! search_index {
    (@ $form:tt) => {
        $crate::__family! { $form search_index search_index [SearchIndex SearchIndexes] dyn $crate::search_index::SearchIndexFixture;
            what_was_applied_is_found
            a_batch_applied_twice_is_applied_once
            an_older_version_changes_nothing
            sales_may_come_before_facts
            what_is_not_on_sale_is_not_found
            every_filter_narrows_a_question
            days_are_those_of_the_place
            hits_are_in_the_order_asked_for
            search_pages_join_both_ways
            a_page_goes_on_behind_a_hit_that_is_gone
            facets_count_the_hits
            exact_words_come_first
            an_error_is_corrected_and_told
            the_bank_of_questions_is_answered
            titles_are_found_with_an_error
            suggestions_are_titles_on_sale
            no_question_is_too_much
            the_watermark_is_that_of_the_last_batch
            a_cancelled_apply_leaves_all_or_nothing
            batches_at_once_are_all_applied
            what_was_applied_survives_a_restart
            the_newest_sales_are_told
            an_index_begins_beside_the_one_in_use
            an_adopted_index_is_there_after_a_restart
        }
    };
    ($($fixture:tt)+) => { $crate::search_index!(@ [tests $($fixture)+]); };
}

/// Tests a session store: `sessions!(fixture)`, a [`SessionsFixture`](crate::sessions::SessionsFixture) for each rule.
#[macro_export]
macro_rules! sessions {
    (@ $form:tt) => {
        $crate::__family! { $form sessions sessions [SessionStore] dyn $crate::sessions::SessionsFixture;
            a_session_is_found_until_revoked
            an_expired_session_is_gone
            one_of_two_racing_refreshes_wins
            an_owner_finds_their_sessions
            all_sessions_but_one_may_be_revoked
            the_oldest_of_too_many_sessions_gives_way
        }
    };
    ($($fixture:tt)+) => { $crate::sessions!(@ [tests $($fixture)+]); };
}

/// Tests a store of drafts: `drafts!(fixture)`, a [`DraftsFixture`](crate::drafts::DraftsFixture) for each rule.
#[macro_export]
macro_rules! drafts {
    (@ $form:tt) => {
        $crate::__family! { $form drafts drafts [DraftStore] dyn $crate::drafts::DraftsFixture;
            a_draft_is_found_until_its_time_is_up
            a_newer_draft_takes_the_place_of_an_older_one
            slots_are_apart
            a_free_slot_is_nobodys
        }
    };
    ($($fixture:tt)+) => { $crate::drafts!(@ [tests $($fixture)+]); };
}

/// Tests a mailer: `mailer!(fixture)`, a [`MailerFixture`](crate::mailer::MailerFixture) for each rule.
#[macro_export]
macro_rules! mailer {
    (@ $form:tt) => {
        $crate::__family! { $form mailer mailer [Mailer] dyn $crate::mailer::MailerFixture;
            a_mail_arrives_as_it_was_written
            a_mail_keeps_its_message_id
            nothing_in_a_mail_adds_a_header
            a_refused_address_is_told
            a_mail_can_be_sent_once_the_server_is_back
            a_lost_answer_is_unknown
        }
    };
    ($($fixture:tt)+) => { $crate::mailer!(@ [tests $($fixture)+]); };
}

/// Tests a ticket feed: `ticket_feed!(fixture)`, a [`TicketFeedFixture`](crate::ticket_feed::TicketFeedFixture) for each rule.
#[macro_export]
macro_rules! ticket_feed {
    (@ $form:tt) => {
        $crate::__family! { $form ticket_feed ticket_feed [TicketFeed] dyn $crate::ticket_feed::TicketFeedFixture;
            a_commit_reaches_every_open_feed
            the_newest_state_is_reported
            a_commit_in_doubt_is_reported_without_a_state
            a_cancelled_commit_is_reported
            a_refused_commit_is_not_reported
            followed_sales_are_reported
            a_slow_feed_reports_what_it_missed
            a_cancelled_next_of_a_feed_loses_nothing
        }
    };
    ($($fixture:tt)+) => { $crate::ticket_feed!(@ [tests $($fixture)+]); };
}

/// Tests a rate limiter: `limits!(fixture)`, a [`LimitsFixture`](crate::limits::LimitsFixture) for each rule.
#[macro_export]
macro_rules! limits {
    (@ $form:tt) => {
        $crate::__family! { $form limits limits [RateLimiter] dyn $crate::limits::LimitsFixture;
            a_burst_is_allowed_and_no_more
            one_more_is_allowed_after_the_span_named
            a_denied_try_costs_nothing
            keys_are_counted_apart
            a_clock_that_is_set_back_shuts_nobody_out
        }
    };
    ($($fixture:tt)+) => { $crate::limits!(@ [tests $($fixture)+]); };
}

/// Tests who counts what all services keep: `audit_reader!(fixture)`, an [`AuditReaderFixture`](crate::audit_reader::AuditReaderFixture) for each rule.
#[macro_export]
macro_rules! audit_reader {
    (@ $form:tt) => {
        $crate::__family! { $form audit_reader audit_reader [AuditReader AdmissionReader LetterReader Ledger]
            dyn $crate::audit_reader::AuditReaderFixture;
            pages_of_an_audit_join_without_gaps
            what_ended_is_counted
            a_record_is_counted_as_it_is
            what_cannot_be_read_is_named
            what_waits_is_counted
            an_empty_marketplace_counts_nothing
            admissions_are_read_in_pages
            an_unreadable_admission_is_named
            replicas_of_letters_are_read_in_pages
            letters_are_found
            an_unreadable_replica_of_letters_is_named
            charges_are_told_in_pages
            a_refund_is_told
        }
    };
    ($($fixture:tt)+) => { $crate::audit_reader!(@ [tests $($fixture)+]); };
}

/// Tests who reads the log of a transport: `event_log!(fixture)`, a [`LogFixture`](crate::log::LogFixture) for each rule.
#[macro_export]
macro_rules! event_log {
    (@ $form:tt) => {
        $crate::__family! { $form event_log log [EventLog] dyn $crate::log::LogFixture;
            a_log_ends_where_it_ended
        }
    };
    ($($fixture:tt)+) => { $crate::event_log!(@ [tests $($fixture)+]); };
}
