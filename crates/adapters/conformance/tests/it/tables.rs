//! The table that tells what an adapter keeps.

use ticketing_conformance::report::{Finding, Report};

use crate::world::World;

#[tokio::test]
async fn a_report_names_every_rule_of_its_families() {
    let report = ticketing_conformance::report! {
        limits: World::default();
        parking: World::default();
    };

    assert!(report.conforms(), "{report}");
    assert_eq!(report.lines.len(), 14);
    assert!(report.to_string().ends_with("13 kept, 0 broken, 1 not claimed\nconforms to kit 1"), "{report}");
}

#[test]
fn a_broken_promise_stands_out_and_one_not_claimed_is_told() {
    let mut report = Report::default();
    report.add("limits", "keys_are_counted_apart", Finding::Kept);
    report.add("limits", "a_denied_try_costs_nothing", Finding::Broken("it cost something".to_owned()));
    report.add("transport", "what_was_published_survives_a_restart", Finding::NotClaimed("survives_restart"));

    assert!(!report.conforms());
    let table = [
        "family    | rule                                  | finding",
        "----------|---------------------------------------|--------",
        "limits    | keys_are_counted_apart                | kept",
        "limits    | a_denied_try_costs_nothing            | BROKEN: it cost something",
        "transport | what_was_published_survives_a_restart | NOT CLAIMED: survives_restart",
        "1 kept, 1 broken, 1 not claimed",
        "does not conform to kit 1",
    ];
    assert_eq!(report.to_string(), table.join("\n"));
}
