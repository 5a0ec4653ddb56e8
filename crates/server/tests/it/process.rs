//! The program itself: it starts, it serves, and it stops in order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use ticketing_conformance::sample::free_address;

/// The program, on its own ports.
pub(crate) struct Program {
    child: Child,
    log: Option<BufReader<ChildStderr>>,
    /// Where everybody is answered.
    pub(crate) address: String,
    /// Where operators are.
    pub(crate) admin: String,
    /// What it logged until it served.
    pub(crate) said_at_start: String,
}

impl Program {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_at(address: &str) -> Self {
        Self::start_with(&["--listen", address])
    }

    /// Starts it with more settings, without demo data unless they say so.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let demo = if settings.contains(&"--demo") { &[][..] } else { &["--demo", "false"] };
        Self::start_by(&[settings, demo].concat())
    }

    /// Starts it with no settings but these, on free ports.
    pub(crate) fn start_by(settings: &[&str]) -> Self {
        let mut child = command(settings).stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = BufReader::new(child.stderr.take().expect("a log"));
        let mut this =
            Self { child, log: Some(log), address: String::new(), admin: String::new(), said_at_start: String::new() };
        this.said_at_start = this.read_log_until("served on http://");
        this.admin = address_after("operators are answered on ", &this.said_at_start);
        this.address = address_after("served on ", &this.said_at_start);
        this
    }

    /// Starts it with a log that nobody can read.
    pub(crate) fn start_logging_to(log: impl Into<Stdio>) -> Self {
        let [address, admin] = [free_address().to_string(), free_address().to_string()];
        let settings = ["--demo", "false", "--listen", &address, "--admin-listen", &admin];
        let child = command(&settings).stderr(log).spawn().expect("the program starts");
        while TcpStream::connect(&address).is_err() {
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
        Self { child, log: None, address, admin, said_at_start: String::new() }
    }

    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
        stream
    }

    /// Sends a request as it is, and reads all that comes back until the connection ends.
    pub(crate) fn exchange(&self, request: &str) -> String {
        exchange(&self.address, request)
    }

    /// The status of the answer to a request.
    pub(crate) fn status(&self, request: &str) -> u16 {
        let answer = self.exchange(request);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.expect("a status")
    }

    pub(crate) fn metrics(&self) -> String {
        exchange(&self.admin, "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    }

    pub(crate) fn readiness(&self) -> String {
        exchange(&self.admin, "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    }

    /// What is logged until some words come.
    pub(crate) fn read_log_until(&mut self, words: &str) -> String {
        let log = self.log.as_mut().expect("a log that is read");
        let mut said = String::new();
        while !said.contains(words) {
            assert!(log.read_line(&mut said).expect("a line") > 0, "it ended without {words:?}: {said}");
        }
        said
    }

    /// Hears no more of what it logs.
    pub(crate) fn close_log(&mut self) {
        self.log = None;
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits for its end without reading its log.
    pub(crate) fn wait_within(&mut self, patience: Duration) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(ended) = self.child.try_wait().expect("an end") {
                return ended.code();
            }
            assert!(began.elapsed() < patience, "it does not end");
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
    }

    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        if let Some(log) = &mut self.log {
            log.read_to_string(&mut rest).expect("a log");
        }
        (self.child.wait().expect("an end").code(), rest)
    }
}

fn command(settings: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    command
        .args(["--limit-sign-in-address", "off", "--limit-sign-up-address", "off"])
        .args(["--limit-writes", "off", "--limit-reads", "off"])
        .args(settings)
        .env_clear();
    if settings.contains(&"--listen") {
        // The port beside that one may be taken.
        command.env("TICKETING_ADMIN_LISTEN", "127.0.0.1:0");
    } else {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

/// The address that the log tells after some words.
fn address_after(words: &str, log: &str) -> String {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | ',');
    let address = log.split(&format!("{words}http://")).nth(1).and_then(|rest| rest.split(ends).next());
    address.expect("an address").to_owned()
}

fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer, and the end of the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn first_line(stream: &mut TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("an answer");
    line
}

#[test]
fn the_program_serves_and_stops_when_told() {
    for signal in ["TERM", "INT"] {
        let program = Program::start();
        let mut idle = program.ask("/livez");
        assert_eq!(first_line(&mut idle), "HTTP/1.1 200 OK\r\n");

        program.signal(signal);
        let (code, log) = program.end();

        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
        // A connection that is kept open must not hold the process up.
        assert!(!log.contains("did not end in time"), "{log}");
    }
}

#[test]
fn a_connected_client_learns_that_the_connection_closes() {
    let mut program = Program::start();
    let mut stream = TcpStream::connect(&program.address).expect("a connection");

    program.signal("TERM");
    program.read_log_until("stopping");
    write!(stream, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and the end of the connection");

    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn operators_see_a_process_that_stops() {
    let mut program = Program::start();
    let idle = program.ask("/livez");

    program.signal("TERM");
    program.read_log_until("stopping");
    // Clients that are connected are waited for meanwhile.
    let readiness = program.readiness();

    assert!(readiness.starts_with("HTTP/1.1 503 ") && readiness.contains("stopping"), "{readiness}");
    drop(idle);
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_taken_address_is_told() {
    let program = Program::start();
    let second = Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(["--demo", "false", "--listen", &program.address, "--admin-listen", "127.0.0.1:0"])
        .env_clear()
        .output()
        .expect("the program starts");

    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("could not be served"));
    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_client_that_sends_too_much_still_gets_the_response() {
    let program = Program::start();
    let body = vec![b'a'; 10 * 1024 * 1024];
    let mut stream = TcpStream::connect(&program.address).expect("a connection");

    write!(stream, "POST /api/orders HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len())
        .expect("a head");
    stream.write_all(&body).expect("the whole body is taken");

    assert_eq!(first_line(&mut stream), "HTTP/1.1 413 Payload Too Large\r\n");
    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}
