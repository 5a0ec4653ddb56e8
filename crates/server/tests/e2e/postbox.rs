//! A mail server that takes every mail and keeps it.
//!
//! It has a thread of its own, since each test has a runtime of its own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};

use mail_parser::{MessageParser, MimeHeaders};
use parking_lot::Mutex;

/// A mail as its reader sees it.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// What the files are called that came with it.
    pub(crate) files: Vec<String>,
}

impl Arrived {
    /// The first word of the text that begins like this.
    pub(crate) fn word(&self, begin: &str) -> &str {
        self.text.split_whitespace().find(|word| word.starts_with(begin)).expect("the word")
    }
}

/// Where mails arrive, from any program.
pub(crate) struct Postbox {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Arrived>>>,
}

impl Postbox {
    /// The only one.
    pub(crate) fn shared() -> &'static Self {
        static POSTBOX: OnceLock<Postbox> = OnceLock::new();
        POSTBOX.get_or_init(|| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = listener.local_addr().expect("a port").port();
            let mails = Arc::default();
            let kept = Arc::clone(&mails);
            std::thread::spawn(move || {
                for connection in listener.incoming() {
                    let (connection, kept) = (connection.expect("a connection"), Arc::clone(&kept));
                    // A program that goes away is none of the server's business.
                    std::thread::spawn(move || drop(serve(connection, &kept)));
                }
            });
            Self { port, mails }
        })
    }

    /// What arrived at an address so far, oldest first.
    pub(crate) fn of(&self, address: &str) -> Vec<Arrived> {
        self.mails.lock().iter().filter(|mail| mail.to == address).cloned().collect()
    }
}

/// As much of RFC 5321 as a program needs that sends mail.
fn serve(mut connection: TcpStream, mails: &Mutex<Vec<Arrived>>) -> io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?);
    connection.write_all(b"220 postbox\r\n")?;
    let mut to = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let verb: String = line.chars().take(4).collect::<String>().to_ascii_uppercase();
        let answer = match &*verb {
            "EHLO" => "250-postbox\r\n250-AUTH PLAIN\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "AUTH" => "235 welcome",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                "250 taken"
            }
            "DATA" => {
                connection.write_all(b"354 go on\r\n")?;
                let message = message(&mut lines)?;
                mails.lock().push(read(&to, &message));
                "250 taken"
            }
            "QUIT" => "221 goodbye",
            _ => "250 done",
        };
        connection.write_all(format!("{answer}\r\n").as_bytes())?;
    }
}

fn message(lines: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match &*line {
            b".\r\n" => return Ok(message),
            [b'.', rest @ ..] => message.extend_from_slice(rest),
            line => message.extend_from_slice(line),
        }
    }
}

fn read(to: &str, message: &[u8]) -> Arrived {
    let message = MessageParser::default().parse(message).expect("a message");
    let files = message.attachments().filter_map(|file| file.attachment_name().map(str::to_owned));
    Arrived {
        to: to.to_owned(),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        files: files.collect(),
    }
}
