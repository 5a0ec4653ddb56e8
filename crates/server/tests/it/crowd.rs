//! One client cannot take what all need: places, memory, time.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::process::Program;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connects from another address of this machine.
fn connect_from(address: &str, program: &Program) -> TcpStream {
    connect(address, &program.address)
}

fn connect(from: &str, to: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let from: SocketAddr = format!("{from}:0").parse().expect("an address");
    let to: SocketAddr = to.parse().expect("an address");
    socket.bind(&from.into()).expect("an address of this machine");
    socket.connect(&to.into()).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket.into()
}

/// Asks, and keeps the connection.
fn ask(stream: &mut TcpStream, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("a request");
    let mut answer = vec![0; 64 * 1024];
    let read = stream.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn one_network_leaves_room_for_others_and_hears_that_it_has_no_more() {
    let program = Program::start_with(&["--connections", "40"]);
    let mut greedy: Vec<_> = (0..10).map(|_| connect_from("127.0.0.1", &program)).collect();
    for stream in &mut greedy {
        assert_eq!(status(&ask(stream, "/livez")), "200");
    }

    let mut late = connect_from("127.0.0.1", &program);
    let refused = ask(&mut late, "/api/tickets");
    let page = ask(&mut connect_from("127.0.0.1", &program), "/");
    let probe = ask(&mut connect_from("127.0.0.1", &program), "/livez");
    let other = ask(&mut connect_from("127.0.0.2", &program), "/api/tickets");

    assert_eq!((status(&refused), status(&page)), ("503", "503"), "{refused}");
    assert!(refused.contains("\"code\":\"unavailable\"") && refused.contains("connection: close"), "{refused}");
    assert!(refused.contains("retry-after: 1") && page.contains("text/html"), "{refused}{page}");
    assert_eq!((status(&probe), status(&other)), ("200", "200"));
    assert!(program.metrics().contains("ticketing_connections_refused_total 3"), "{}", program.metrics());

    drop(greedy);
    let began = Instant::now();
    while status(&ask(&mut connect_from("127.0.0.1", &program), "/api/tickets")) != "200" {
        assert!(began.elapsed() < PATIENCE, "places are not given back");
    }
}

#[test]
fn operators_are_answered_when_there_is_no_room_for_anybody() {
    let program = Program::start_with(&["--connections", "1"]);
    let mut only = connect_from("127.0.0.1", &program);
    assert_eq!(status(&ask(&mut only, "/livez")), "200");

    assert_eq!(program.status("GET /api/tickets HTTP/1.1\r\nhost: localhost\r\n\r\n"), 503);
    assert_eq!(program.status("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"), 200);
    assert!(program.readiness().contains("\"ready\""), "{}", program.readiness());
}

#[test]
fn operators_are_answered_however_many_connections_another_network_holds() {
    let program = Program::start();
    let idle: Vec<_> = (0..200).map(|_| connect("127.0.0.2", &program.admin)).collect();

    let mut operator = connect("127.0.0.3", &program.admin);

    assert_eq!(status(&ask(&mut operator, "/readyz")), "200");
    drop(idle);
}

#[test]
fn a_head_of_more_than_a_few_kilobytes_is_refused() {
    let program = Program::start();
    let long = "x".repeat(64 * 1024);

    for head in [
        format!("GET /?q={long} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nhost: localhost\r\ncookie: a={long}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x-small: 1234\r\n".repeat(5_000)),
    ] {
        let mut stream = connect_from("127.0.0.1", &program);
        // It may be refused before all of it is sent.
        drop(stream.write_all(head.as_bytes()));
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 431");
    }
    let usual = format!("GET /livez HTTP/1.1\r\nhost: localhost\r\ncookie: a={}\r\n\r\n", "x".repeat(16 * 1024));
    let mut stream = connect_from("127.0.0.1", &program);
    stream.write_all(usual.as_bytes()).expect("a request");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[test]
fn a_client_that_reads_no_response_loses_the_connection() {
    let program = Program::start_with(&["--request-timeout", "200ms"]);
    let mut stream = connect_from("127.0.0.1", &program);
    stream.set_write_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let requests = "GET /api/docs HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);

    let began = Instant::now();
    let lost = loop {
        match stream.write(requests.as_bytes()) {
            // It takes no more, since it waits for us to read.
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => break error.kind(),
        }
        assert!(began.elapsed() < PATIENCE, "the connection is kept");
    };

    assert!(matches!(lost, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{lost:?}");
}
