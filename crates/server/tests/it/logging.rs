//! A log that cannot be written neither ends nor holds up what it tells of.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::Program;

const PATIENCE: Duration = Duration::from_secs(60);
const HEALTHY: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn lost_lines(program: &Program) -> u64 {
    let metrics = program.metrics();
    let line = metrics.lines().find_map(|line| line.strip_prefix("ticketing_log_lines_lost_total "));
    line.and_then(|count| count.parse().ok()).expect("a count of lines that were lost")
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
fn a_log_that_nobody_reads_holds_nobody_up() {
    // The pipe takes 64 KB, and the program some lines more; nobody reads them.
    let mut program = Program::start_with(&["--log", "trace"]);

    let began = Instant::now();
    while lost_lines(&program) == 0 {
        assert_eq!(program.status(HEALTHY), 200);
        assert!(began.elapsed() < PATIENCE, "no line is lost");
    }

    program.signal("TERM");
    assert_eq!(program.wait_within(PATIENCE), Some(0));
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
