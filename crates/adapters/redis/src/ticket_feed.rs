//! Reports in every process which tickets changed, over pub/sub.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use redis::aio::PubSub;
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

use crate::client::RedisClient;
use crate::error::RedisError;

/// Reports which tickets change in any process, until it is dropped.
///
/// [`RedisTicketStore`](crate::RedisTicketStore) publishes them. When the
/// connection breaks it is made again, and [`FeedItem::Missed`] is reported.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
/// use ticketing_redis::{RedisClient, RedisConfig, RedisTicketFeed};
///
/// # async fn example() -> Result<(), ticketing_redis::RedisError> {
/// let client = RedisClient::connect(&RedisConfig::default()).await?;
/// let mut feed = RedisTicketFeed::open(&client).await?;
/// match feed.next().await {
///     FeedItem::Changed(changes) => {
///         for change in changes.iter() {
///             println!("{} is now {:?}", change.ticket, change.state());
///         }
///     }
///     FeedItem::Missed => { /* read everything again */ }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisTicketFeed {
    items: Receiver<FeedItem>,
    client: RedisClient,
    channel: String,
}

/// This many items wait for a slow reader; then the oldest are dropped.
const BACKLOG: usize = 1024;
/// The pauses between attempts to connect again.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(2) };

impl RedisTicketFeed {
    /// Opens a feed of the marketplace that the client's prefix names, on its own connection.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: no feed is open; try again.
    pub async fn open(client: &RedisClient) -> Result<Self, RedisError> {
        let channel = channel(client);
        let connection = client.subscribed(&channel).await?;
        let items = Listener::start(client, &channel, Some(connection));
        Ok(Self { items, client: client.clone(), channel })
    }
}

#[async_trait]
impl TicketFeed for RedisTicketFeed {
    async fn next(&mut self) -> FeedItem {
        loop {
            match self.items.recv().await {
                Ok(item) => return item,
                Err(RecvError::Lagged(_)) => return FeedItem::Missed,
                Err(RecvError::Closed) => {
                    // Its task panicked, or the runtime ends, and with it the caller, who waits here.
                    tokio::time::sleep(PAUSES.first).await;
                    tracing::error!(channel = self.channel, "a listener to Redis ended and is replaced");
                    self.items = Listener::start(&self.client, &self.channel, None);
                }
            }
        }
    }
}

/// Passes on what it hears for as long as somebody wants to know.
///
/// A separate task empties the connection, because Redis would keep in its
/// own memory what a slow listener leaves there, and then hang up.
struct Listener {
    client: RedisClient,
    channel: String,
    sender: Sender<FeedItem>,
}

impl Listener {
    /// Listens in its own task; without a connection it makes one and says that something was missed.
    fn start(client: &RedisClient, channel: &str, connection: Option<PubSub>) -> Receiver<FeedItem> {
        let (sender, items) = broadcast::channel(BACKLOG);
        let listener = Self { client: client.clone(), channel: channel.to_owned(), sender };
        tokio::spawn(listener.listen(connection));
        items
    }

    async fn listen(self, mut connection: Option<PubSub>) {
        let listen = async {
            loop {
                if let Some(connection) = connection.take() {
                    self.pass_on(connection).await;
                }
                connection = Some(self.connect_again().await);
                // Order matters: said before the subscription holds, it would hide what is missed in between.
                self.say(FeedItem::Missed);
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
            self.say(FeedItem::Changed(Bytes::copy_from_slice(message.get_payload_bytes()).into()));
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

    fn say(&self, item: FeedItem) {
        // It fails only if nobody listens any more, and then this task ends.
        self.sender.send(item).ok();
    }
}

pub(crate) fn channel(client: &RedisClient) -> String {
    client.key("tickets", "changed")
}
