//! Tells all processes, if they happen to listen.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{BoxStream, unfold};
use redis::Msg;
use redis::aio::PubSub;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

use crate::client::RedisClient;
use crate::error::RedisError;

/// Tells everybody who listens to a channel, over Redis pub/sub. A clone is a handle to the same channels.
///
/// A message reaches whoever listens when it is published, mostly once and in
/// order of publication. It is never repeated for who did not; who listens is
/// told [`Heard::Missed`] instead and looks for itself.
///
/// # Examples
///
/// ```no_run
/// use futures::StreamExt;
/// use ticketing_redis::{Heard, RedisClient, RedisConfig, RedisFanout};
///
/// # async fn example() -> Result<(), ticketing_redis::RedisError> {
/// let fanout = RedisFanout::new(&RedisClient::connect(&RedisConfig::default()).await?);
/// let mut heard = fanout.subscribe("ticket 7").await?;
/// fanout.publish("ticket 7", b"sold").await?;
///
/// while let Some(heard) = heard.next().await {
///     match heard {
///         Heard::Message(message) => assert_eq!(message, "sold"),
///         Heard::Missed => { /* load everything anew */ }
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisFanout {
    client: RedisClient,
}

/// What comes to who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Somebody published this.
    Message(Bytes),
    /// Messages may have been missed, because Redis was away or the listener slow: look for yourself.
    ///
    /// Whatever is published after this was said is heard.
    Missed,
}

/// So many messages wait for a slow listener; then the oldest are dropped.
const BACKLOG: usize = 1024;
/// The pauses between tries to connect again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl RedisFanout {
    /// The channels of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { client: client.clone() }
    }

    /// Tells everybody who listens to the channel now.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: it may be heard or not; say it again, who listens may hear it twice.
    pub async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), RedisError> {
        let mut publish = redis::Cmd::new();
        publish.arg("PUBLISH").arg(self.channel(channel)).arg(message);
        self.client.ask(&publish).await
    }

    /// Listens to a channel, on a connection of its own, until the stream is dropped.
    ///
    /// What is published after this returned is heard. The stream never ends:
    /// when the connection breaks it is made anew.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: nothing is heard; try again.
    pub async fn subscribe(&self, channel: &str) -> Result<BoxStream<'static, Heard>, RedisError> {
        let channel = self.channel(channel);
        let connection = self.client.subscribed(&channel).await?;
        let (sender, receiver) = broadcast::channel(BACKLOG);
        let listener = Listener { client: self.client.clone(), channel, sender };
        tokio::spawn(listener.listen(connection));
        Ok(unfold(receiver, next).boxed())
    }

    fn channel(&self, channel: &str) -> String {
        self.client.key("fanout", channel)
    }
}

async fn next(mut receiver: Receiver<Heard>) -> Option<(Heard, Receiver<Heard>)> {
    match receiver.recv().await {
        Ok(heard) => Some((heard, receiver)),
        Err(RecvError::Lagged(_)) => Some((Heard::Missed, receiver)),
        Err(RecvError::Closed) => None,
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
    async fn listen(self, mut connection: PubSub) {
        let listen = async {
            loop {
                self.pass_on(connection).await;
                connection = self.connect_again().await;
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
            self.say(Heard::Message(payload(&message)));
        }
        tracing::warn!(address = self.client.address(), channel = self.channel, "a subscription to Redis broke");
    }

    async fn connect_again(&self) -> PubSub {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.client.subscribed(&self.channel).await {
                Ok(connection) => return connection,
                Err(error) => tracing::debug!(%error, channel = self.channel, "no subscription to Redis yet"),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
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

impl fmt::Debug for RedisFanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisFanout").field("client", &self.client).finish()
    }
}
