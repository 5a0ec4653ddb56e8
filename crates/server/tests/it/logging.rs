//! A log that cannot be written neither ends nor holds up what it tells of.

use std::process::Command;
use std::time::{Duration, Instant};

use ticketing_conformance::sample::free_address;

use crate::process::Program;

const PATIENCE: Duration = Duration::from_secs(60);
const HEALTHY: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn lost_lines(program: &Program) -> u64 {
    count(program, "ticketing_log_lines_lost_total ")
}

fn count(program: &Program, metric: &str) -> u64 {
    let metrics = program.metrics();
    let line = metrics.lines().find_map(|line| line.strip_prefix(metric));
    line.and_then(|count| count.parse().ok()).expect("a count of lines")
}

/// Has the program log until lines of it are lost.
fn log_until_lost(program: &Program) {
    let began = Instant::now();
    while lost_lines(program) == 0 {
        program.signal("HUP");
        assert_eq!(program.status(HEALTHY), 200);
        assert!(began.elapsed() < PATIENCE, "no line is lost");
    }
}

#[test]
fn a_closed_log_ends_nothing() {
    let mut program = Program::start();
    program.close_log();

    log_until_lost(&program);

    assert_eq!(program.status("GET /nothing HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"), 404);
    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_line_that_comes_again_and_again_is_left_out() {
    let program = Program::start();

    let began = Instant::now();
    while count(&program, "ticketing_log_lines_left_out_total ") == 0 {
        program.signal("HUP");
        assert_eq!(program.status(HEALTHY), 200);
        assert!(began.elapsed() < PATIENCE, "every line is written");
    }

    program.signal("TERM");
    let (code, log) = program.end();
    assert_eq!((code, log.matches("SIGHUP").count()), (Some(0), 10), "{log}");
}

#[test]
fn a_log_that_nobody_reads_holds_nobody_up() {
    // The pipe takes 64 KB, and the program some lines more; nobody reads them.
    let mut program = Program::start_with(&["--log", "trace"]);

    let began = Instant::now();
    while lost_lines(&program) == 0 {
        for _ in 0..100 {
            assert_eq!(program.status(HEALTHY), 200);
        }
        assert!(began.elapsed() < PATIENCE, "no line is lost");
    }

    program.signal("TERM");
    assert_eq!(program.wait_within(PATIENCE), Some(0));
}

#[test]
fn lines_of_a_request_have_its_id() {
    let name = "01931b6e-8f00-7000-8000-00000000002a";
    let request =
        format!("GET /api/tickets/x HTTP/1.1\r\nhost: localhost\r\nx-request-id: {name}\r\nconnection: close\r\n\r\n");

    for (format, id) in
        [("text", format!(" correlation_id={name}\n")), ("json", format!("{{\"correlation_id\":\"{name}\","))]
    {
        let mut program = Program::start_with(&["--log", "ticketing_server=debug", "--log-format", format]);
        program.exchange(&request);
        let said = program.read_log_until("a request was refused");
        assert!(said.contains(&id), "{said}");
        program.signal("TERM");
        assert_eq!(program.end().0, Some(0));
    }
}

#[cfg(feature = "otlp")]
#[test]
fn a_collector_that_is_away_costs_a_few_lines() {
    let nobody = free_address();
    let mut program = Program::start_by(&["--demo", "false", "--otlp-endpoint", &format!("http://{nobody}")]);
    let said = "traces cannot be exported: 1 spans are lost";

    assert_eq!(program.status(HEALTHY), 200);
    program.read_log_until(said);
    for _ in 0..50 {
        assert_eq!(program.status(HEALTHY), 200);
    }
    program.signal("TERM");
    let (code, rest) = program.end();

    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.matches("traces cannot be exported").count() <= 2, "{rest}");
}

#[test]
fn a_hangup_ends_nothing() {
    let mut program = Program::start();

    program.signal("HUP");
    program.read_log_until("SIGHUP");

    assert_eq!(program.status(HEALTHY), 200);
    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn mistakes_that_nobody_hears_are_mistakes_all_the_same() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);

    let mut program = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    let ended = program.args(["serve", "hats"]).env_clear().stderr(writer).status().expect("the program starts");

    assert_eq!(ended.code(), Some(2));
}

#[test]
fn a_full_disk_ends_nothing() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a disk that is always full");
    let program = Program::start_logging_to(full);

    log_until_lost(&program);

    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}
