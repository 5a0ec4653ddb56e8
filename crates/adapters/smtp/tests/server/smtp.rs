//! A mail server on loopback, after RFC 5321, that fails in every way that a test asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use ticketing_conformance::mailer::ServerState;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The user that the server knows, and the password.
pub(crate) const USER: &str = "tickets@example.org";
pub(crate) const PASSWORD: &str = "to#mato";

/// When a server encrypts.
#[derive(Clone)]
pub(crate) enum Encryption {
    Never,
    StartTls(TlsAcceptor),
    Always(TlsAcceptor),
}

/// A mail that the server took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) is_utf8: bool,
    pub(crate) message: Vec<u8>,
}

/// What a server does, and what it saw.
pub(crate) struct Behaviour {
    pub(crate) state: ServerState,
    pub(crate) refused: BTreeSet<String>,
    /// What is answered to a command in place of what is usual; `.` is the end of a message, and an empty answer is
    /// silence.
    pub(crate) answers: BTreeMap<&'static str, String>,
    pub(crate) knows_utf8: bool,
    pub(crate) taken: Vec<Taken>,
    /// Every command, and whether it came encrypted.
    pub(crate) heard: Vec<(String, bool)>,
}

/// A mail server on a port of its own. It ends with the runtime of the test.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    pub(crate) behaviour: Arc<Mutex<Behaviour>>,
}

impl MailServer {
    pub(crate) async fn start(encryption: Encryption) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a port").port();
        let behaviour = Arc::new(Mutex::new(Behaviour {
            state: ServerState::Up,
            refused: BTreeSet::new(),
            answers: BTreeMap::new(),
            knows_utf8: true,
            taken: Vec::new(),
            heard: Vec::new(),
        }));
        let shared = Arc::clone(&behaviour);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                // A client that goes away is none of the server's business.
                let (encryption, shared) = (encryption.clone(), Arc::clone(&shared));
                tokio::spawn(async move { drop(serve(connection, encryption, shared).await) });
            }
        });
        Self { port, behaviour }
    }

    pub(crate) fn answer(&self, command: &'static str, answer: &str) {
        self.behaviour.lock().answers.insert(command, answer.to_owned());
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.behaviour.lock().taken.clone()
    }

    /// Every command that it heard.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.behaviour.lock().heard.iter().map(|(command, _)| command.clone()).collect()
    }
}

async fn serve(connection: TcpStream, encryption: Encryption, behaviour: Arc<Mutex<Behaviour>>) -> io::Result<()> {
    match encryption {
        Encryption::Never => drop(Session::new(connection, Offer::Nothing, behaviour).greet().await?),
        Encryption::Always(tls) => {
            drop(Session::new(tls.accept(connection).await?, Offer::IsEncrypted, behaviour).greet().await?);
        }
        Encryption::StartTls(tls) => {
            let session = Session::new(connection, Offer::StartTls, Arc::clone(&behaviour));
            if let Some(connection) = session.greet().await? {
                drop(Session::new(tls.accept(connection).await?, Offer::IsEncrypted, behaviour).talk().await?);
            }
        }
    }
    Ok(())
}

/// What a session has to do with TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offer {
    Nothing,
    StartTls,
    IsEncrypted,
}

struct Session<S> {
    stream: BufStream<S>,
    offer: Offer,
    behaviour: Arc<Mutex<Behaviour>>,
    mail: Taken,
}

/// What follows a command.
enum Next {
    GoOn,
    StartTls,
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(stream: S, offer: Offer, behaviour: Arc<Mutex<Behaviour>>) -> Self {
        Self { stream: BufStream::new(stream), offer, behaviour, mail: Taken::default() }
    }

    /// The whole session; returns the connection that is to be encrypted.
    async fn greet(mut self) -> io::Result<Option<S>> {
        let state = self.behaviour.lock().state;
        match state {
            ServerState::Away => return Ok(None),
            ServerState::Busy => self.say("421 4.3.2 come back later").await?,
            ServerState::Up | ServerState::Silent => self.answer("greeting", "220 mail.example.org ESMTP").await?,
        }
        self.talk().await
    }

    async fn talk(mut self) -> io::Result<Option<S>> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            let command = line.trim_end_matches(['\r', '\n']).to_owned();
            self.behaviour.lock().heard.push((command.clone(), self.offer == Offer::IsEncrypted));
            match self.obey(&command).await? {
                Next::GoOn => {}
                Next::StartTls => return Ok(Some(self.stream.into_inner())),
                Next::End => return Ok(None),
            }
        }
    }

    async fn obey(&mut self, command: &str) -> io::Result<Next> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.capabilities().await?,
            "STARTTLS" if self.offer == Offer::StartTls => {
                self.answer("STARTTLS", "220 go ahead").await?;
                return Ok(Next::StartTls);
            }
            "AUTH" => self.log_in(rest).await?,
            "MAIL" => {
                self.mail = Taken { sender: path(rest), is_utf8: rest.contains("SMTPUTF8"), ..Taken::default() };
                self.answer("MAIL", "250 2.1.0 sender noted").await?;
            }
            "RCPT" => self.recipient(&path(rest)).await?,
            "DATA" => return self.message().await,
            "RSET" | "NOOP" => self.say("250 2.0.0 done").await?,
            "QUIT" => {
                self.say("221 2.0.0 goodbye").await?;
                return Ok(Next::End);
            }
            _ => self.say("502 5.5.2 not known here").await?,
        }
        Ok(Next::GoOn)
    }

    async fn capabilities(&mut self) -> io::Result<()> {
        let mut lines = vec!["mail.example.org", "8BITMIME"];
        let knows_utf8 = self.behaviour.lock().knows_utf8;
        lines.extend(knows_utf8.then_some("SMTPUTF8"));
        lines.push(if self.offer == Offer::StartTls { "STARTTLS" } else { "AUTH PLAIN LOGIN" });
        let last = lines.len() - 1;
        let lines: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(n, line)| format!("250{}{line}", if n == last { " " } else { "-" }))
            .collect();
        self.answer("EHLO", &lines.join("\r\n")).await
    }

    async fn log_in(&mut self, rest: &str) -> io::Result<()> {
        let proof = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
        let usual = if rest == format!("PLAIN {proof}") { "235 2.7.0 welcome" } else { "535 5.7.8 who are you?" };
        self.answer("AUTH", usual).await
    }

    async fn recipient(&mut self, recipient: &str) -> io::Result<()> {
        let is_refused = self.behaviour.lock().refused.contains(recipient);
        if is_refused {
            return self.say(&format!("550 5.1.1 <{recipient}>: no such mailbox")).await;
        }
        self.mail.recipients.push(recipient.to_owned());
        self.answer("RCPT", "250 2.1.5 recipient noted").await
    }

    async fn message(&mut self) -> io::Result<Next> {
        let instead = self.behaviour.lock().answers.get("DATA").cloned();
        if let Some(answer) = instead {
            self.say_or_hang(&answer).await?;
            return Ok(Next::GoOn);
        }
        self.say("354 go on").await?;
        self.mail.message = self.read_message().await?;
        let (state, instead) = {
            let behaviour = self.behaviour.lock();
            (behaviour.state, behaviour.answers.get(".").cloned())
        };
        if instead.as_deref().is_none_or(|answer| answer.is_empty() || answer.starts_with('2')) {
            self.behaviour.lock().taken.push(self.mail.clone());
        }
        if state == ServerState::Silent {
            return Ok(Next::End);
        }
        self.answer(".", "250 2.0.0 taken").await?;
        Ok(Next::GoOn)
    }

    /// A message up to a line of a full stop; one that begins a line is doubled on the way (RFC 5321, section 4.5.2).
    async fn read_message(&mut self) -> io::Result<Vec<u8>> {
        let mut message = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            assert!(line.ends_with(b"\r\n"), "every line ends with CRLF: {line:?}");
            assert!(line.len() <= 1000, "a line of {} bytes", line.len());
            match &*line {
                b".\r\n" => return Ok(message),
                [b'.', rest @ ..] => message.extend_from_slice(rest),
                line => message.extend_from_slice(line),
            }
        }
    }

    async fn answer(&mut self, command: &'static str, usual: &str) -> io::Result<()> {
        let instead = self.behaviour.lock().answers.get(command).cloned();
        self.say_or_hang(instead.as_deref().unwrap_or(usual)).await
    }

    async fn say_or_hang(&mut self, answer: &str) -> io::Result<()> {
        if answer.is_empty() { std::future::pending().await } else { self.say(answer).await }
    }

    async fn say(&mut self, answer: &str) -> io::Result<()> {
        self.stream.write_all(answer.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        self.stream.flush().await
    }
}

/// The address between angle brackets.
fn path(text: &str) -> String {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
