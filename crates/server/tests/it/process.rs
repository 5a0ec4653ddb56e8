//! The program itself: it starts, it serves, and it stops in order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// The program, on a port of its own.
pub(crate) struct Program {
    child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) address: String,
}

impl Program {
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    pub(crate) fn start_at(address: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ticketing"))
            .args(["--demo", "false", "--limit-sign-in-address", "off", "--listen", address])
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut log = BufReader::new(child.stderr.take().expect("a log"));
        let mut line = String::new();
        while !line.contains("served on http://") {
            line.clear();
            assert!(log.read_line(&mut line).expect("a line") > 0, "the program ended before it served");
        }
        let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
        Self { child, log, address: address.expect("an address").to_owned() }
    }

    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
        stream
    }

    /// Sends a request as it is, and reads all that comes back until the connection ends.
    pub(crate) fn exchange(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer, and the end of the connection");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The status of the answer to a request.
    pub(crate) fn status(&self, request: &str) -> u16 {
        let answer = self.exchange(request);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.expect("a status")
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("a log");
        (self.child.wait().expect("an end").code(), rest)
    }
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
fn whoever_is_connected_is_told_to_connect_anew() {
    let mut program = Program::start();
    let mut stream = TcpStream::connect(&program.address).expect("a connection");
    let mut line = String::new();

    program.signal("TERM");
    while !line.contains("stopping") {
        line.clear();
        assert!(program.log.read_line(&mut line).expect("a line") > 0, "the program ended without a word");
    }
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and the end of the connection");

    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("stopping"), "{answer}");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_taken_address_is_told() {
    let program = Program::start();
    let second = Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(["--demo", "false", "--listen", &program.address])
        .env_clear()
        .output()
        .expect("the program starts");

    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("could not be served"));
    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn whoever_sends_too_much_still_hears_the_answer() {
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
