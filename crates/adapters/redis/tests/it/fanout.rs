//! What the fan-out promises.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use ticketing_redis::{Heard, RedisFanout};

use crate::engine::Engine;
use crate::world::{World, eventually};

async fn next(heard: &mut BoxStream<'static, Heard>) -> Heard {
    let next = tokio::time::timeout(Duration::from_secs(30), heard.next());
    next.await.expect("something is heard").expect("the stream never ends")
}

fn message(text: &'static str) -> Heard {
    Heard::Message(Bytes::from(text))
}

#[tokio::test]
async fn everybody_who_listens_hears_everything_in_order() {
    let world = World::start().await;
    let fanout = RedisFanout::new(&world.client);
    fanout.publish("channel", b"before").await.unwrap();
    let mut listeners = [fanout.subscribe("channel").await.unwrap(), fanout.subscribe("channel").await.unwrap()];
    let mut other = fanout.subscribe("other").await.unwrap();
    for text in ["first", "", "\u{0}third"] {
        fanout.publish("channel", text.as_bytes()).await.unwrap();
    }
    fanout.publish("other", b"elsewhere").await.unwrap();

    for listener in &mut listeners {
        for text in ["first", "", "\u{0}third"] {
            assert_eq!(next(listener).await, message(text));
        }
        assert_eq!(listener.next().now_or_never(), None);
    }
    assert_eq!(next(&mut other).await, message("elsewhere"));
}

#[tokio::test]
async fn after_a_crash_the_listener_is_told_and_hears_again() {
    let mut engine = Engine::start(&[]);
    let world = World::at(engine.url()).await;
    let fanout = RedisFanout::new(&world.client);
    let mut heard = fanout.subscribe("channel").await.unwrap();
    for _ in 0..2 {
        engine.kill();
        engine.start_again(&[]);

        assert_eq!(next(&mut heard).await, Heard::Missed);
        fanout.publish("channel", b"again").await.unwrap();
        assert_eq!(next(&mut heard).await, message("again"));
    }
}

#[tokio::test]
async fn a_slow_listener_is_told_what_it_costs() {
    let world = World::start().await;
    let fanout = RedisFanout::new(&world.client);
    let mut heard = fanout.subscribe("channel").await.unwrap();

    // One is taken where hundreds come, so the backlog fills up sooner or later.
    for _ in 0..100 {
        for _ in 0..500 {
            fanout.publish("channel", b"much").await.unwrap();
        }
        if next(&mut heard).await == Heard::Missed {
            return;
        }
    }
    panic!("nothing was missed");
}

#[tokio::test]
async fn who_does_not_listen_any_more_costs_nothing() {
    let world = World::start().await;
    let heard = RedisFanout::new(&world.client).subscribe("channel").await.unwrap();
    let channel = format!("{}:fanout:channel", world.config.prefix);
    let listeners = || world.ask::<(String, usize)>(&["PUBSUB", "NUMSUB", &channel]).1;
    assert_eq!(listeners(), 1);
    drop(heard);

    eventually("the connection is closed", || async { (listeners() == 0).then_some(()) }).await;
}
