//! Listens to the news, and says when some may have been missed.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use redis::Msg;
use redis::aio::PubSub;
use ticketing_core::messaging::backoff::Backoff;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

use crate::client::RedisClient;
use crate::error::RedisError;

use super::{Changes, Heard, channel};

/// Hears which tickets change in whatever process, over Redis pub/sub, until it is dropped.
///
/// [`RedisTicketStore`](crate::RedisTicketStore) tells them. They reach whoever
/// listens when they are told, mostly once; those of one ticket may come out of
/// order, so compare versions. Nothing is repeated for who did not listen; who
/// does is told [`Heard::Missed`] instead, and looks for itself. What a process
/// left untold when it died, nobody hears: look from time to time.
///
/// # Examples
///
/// ```no_run
/// use ticketing_redis::{Heard, RedisClient, RedisConfig, RedisTicketNews};
///
/// # async fn example() -> Result<(), ticketing_redis::RedisError> {
/// let client = RedisClient::connect(&RedisConfig::default()).await?;
/// let mut news = RedisTicketNews::listen(&client).await?;
/// match news.next().await {
///     Heard::Changes(changes) => {
///         for change in changes.iter() {
///             println!("{} is now {:?}", change.ticket, change.state());
///         }
///     }
///     Heard::Missed => { /* load everything anew */ }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisTicketNews {
    heard: Receiver<Heard>,
    client: RedisClient,
    channel: String,
}

/// So many messages wait for a slow listener; then the oldest are dropped.
const BACKLOG: usize = 1024;
/// The pauses between tries to connect again.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(2) };

impl RedisTicketNews {
    /// Listens to the marketplace that the client's prefix names, on a connection of its own.
    ///
    /// What is told after this returned is heard. When the connection breaks it is made anew.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: nothing is heard; try again.
    pub async fn listen(client: &RedisClient) -> Result<Self, RedisError> {
        let channel = channel(client);
        let connection = client.subscribed(&channel).await?;
        let heard = Listener::start(client, &channel, Some(connection));
        Ok(Self { heard, client: client.clone(), channel })
    }

    /// Waits for what comes next.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.heard.recv().await {
                Ok(heard) => return heard,
                Err(RecvError::Lagged(_)) => return Heard::Missed,
                Err(RecvError::Closed) => {
                    // Its task panicked, or the runtime ends, and with it the caller, who waits here.
                    tokio::time::sleep(PAUSES.first).await;
                    tracing::error!(channel = self.channel, "a listener to Redis ended and is replaced");
                    self.heard = Listener::start(&self.client, &self.channel, None);
                }
            }
        }
    }
}

/// Passes on what it hears for as long as somebody wants to know.
///
/// A task of its own empties the connection, because Redis would keep in its
/// own memory what a slow listener leaves there, and then hang up.
struct Listener {
    client: RedisClient,
    channel: String,
    sender: Sender<Heard>,
}

impl Listener {
    /// Listens in a task of its own; without a connection it makes one and says that something was missed.
    fn start(client: &RedisClient, channel: &str, connection: Option<PubSub>) -> Receiver<Heard> {
        let (sender, heard) = broadcast::channel(BACKLOG);
        let listener = Self { client: client.clone(), channel: channel.to_owned(), sender };
        tokio::spawn(listener.listen(connection));
        heard
    }

    async fn listen(self, mut connection: Option<PubSub>) {
        let listen = async {
            loop {
                if let Some(connection) = connection.take() {
                    self.pass_on(connection).await;
                }
                connection = Some(self.connect_again().await);
                // Order matters: said before the subscription holds, it would hide what is missed in between.
                self.say(Heard::Missed);
            }
        };
        tokio::select! {
            () = listen => {}
            () = self.sender.closed() => {}
        }
    }

    /// Until the connection breaks.
    async fn pass_on(&self, connection: PubSub) {
        let mut messages = connection.into_on_message();
        while let Some(message) = messages.next().await {
            self.say(Heard::Changes(Changes(payload(&message))));
        }
        tracing::warn!(address = self.client.address(), channel = self.channel, "a subscription to Redis broke");
    }

    async fn connect_again(&self) -> PubSub {
        let mut failures = 0;
        loop {
            match self.client.subscribed(&self.channel).await {
                Ok(connection) => return connection,
                Err(error) => tracing::debug!(%error, channel = self.channel, "no subscription to Redis yet"),
            }
            failures += 1;
            tokio::time::sleep(PAUSES.longest_after(failures)).await;
        }
    }

    fn say(&self, heard: Heard) {
        // It fails only if nobody listens any more, and then this task ends.
        self.sender.send(heard).ok();
    }
}

fn payload(message: &Msg) -> Bytes {
    Bytes::copy_from_slice(message.get_payload_bytes())
}
