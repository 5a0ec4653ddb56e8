//! A mail server that counts what arrives, and now and then asks to be asked later.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// One of so many mails is refused for the moment.
const REFUSED: u64 = 40;

/// How often each letter arrived.
pub(crate) type Arrived = HashMap<Uuid, u32>;

/// Where mails arrive, until it is dropped.
#[derive(Debug)]
pub(crate) struct Postbox {
    pub(crate) port: u16,
    mails: Arc<Mails>,
    server: tokio::task::AbortHandle,
}

#[derive(Debug, Default)]
struct Mails {
    arrived: Mutex<Arrived>,
    asked: AtomicU64,
}

impl Postbox {
    /// Takes mail at some port of this machine.
    pub(crate) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let mails = Arc::<Mails>::default();
        let kept = Arc::clone(&mails);
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                // A process that is killed in the middle of a mail is none of the server's business.
                tokio::spawn(async move { drop(serve(connection, &kept).await) });
            }
        });
        Ok(Self { port, mails, server: server.abort_handle() })
    }

    /// What arrived so far.
    pub(crate) fn arrived(&self) -> Arrived {
        self.mails.arrived.lock().clone()
    }
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// As much of RFC 5321 as a program needs that sends mail.
async fn serve(connection: TcpStream, mails: &Mails) -> io::Result<()> {
    let (reader, mut writer) = connection.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 postbox\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        let answer = match &*verb {
            "EHLO" => "250-postbox\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut letter = None;
                loop {
                    match lines.next_line().await? {
                        Some(line) if line == "." => break,
                        Some(line) => letter = letter.or_else(|| letter_of(&line)),
                        None => return Ok(()),
                    }
                }
                mails.take(letter)
            }
            "QUIT" => "221 goodbye",
            _ => "250 done",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The letter that a line of a mail names, if it is the one that does.
fn letter_of(line: &str) -> Option<Uuid> {
    let (name, value) = line.split_once(':')?;
    let id = value.trim().strip_prefix('<')?.split('@').next()?;
    if name.eq_ignore_ascii_case("message-id") { id.parse().ok() } else { None }
}

impl Mails {
    fn take(&self, letter: Option<Uuid>) -> &'static str {
        let Some(letter) = letter else { return "554 it has no Message-ID" };
        if self.asked.fetch_add(1, Ordering::Relaxed) % REFUSED == REFUSED - 1 {
            return "451 later";
        }
        *self.arrived.lock().entry(letter).or_default() += 1;
        "250 taken"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_names_its_letter() {
        let id = Uuid::from_u128(7);

        assert_eq!(letter_of(&format!("Message-ID: <{id}@faults.example>")), Some(id));
        assert_eq!(letter_of(&format!("Subject: <{id}@faults.example>")), None);
        assert_eq!(letter_of("Message-ID: <somebody@else.example>"), None);
    }

    #[test]
    fn what_is_refused_did_not_arrive() {
        let mails = Mails::default();
        let taken = (0..2 * REFUSED).filter(|_| mails.take(Some(Uuid::nil())) == "250 taken").count();

        assert_eq!(taken as u64, 2 * (REFUSED - 1));
        assert_eq!(u64::from(mails.arrived.lock()[&Uuid::nil()]), 2 * (REFUSED - 1));
        assert!(mails.take(None).starts_with("554"));
    }
}
