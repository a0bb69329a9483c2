//! What the bridge says of its streams, over real sockets: it agrees with what the intake has kept.

#![expect(
    clippy::unwrap_used,
    reason = "a world that can't be set up should fail its test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use onepassword_events::Feed;
use op_dd_fakes::{FakeDatadog, FakeEvents};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::world::{PATIENCE, World, drain, numbered};

async fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn heartbeats(world: &World, feed: Feed) -> Vec<Value> {
    let heartbeats = world.datadog.heartbeats();
    let heartbeats = heartbeats
        .iter()
        .map(|said| serde_json::from_str(said).unwrap());
    heartbeats
        .filter(|said: &Value| said["onepassword"]["feed"] == feed.as_str())
        .collect()
}

#[tokio::test]
async fn heartbeats_agree_with_what_was_kept_though_some_are_refused_and_a_stream_is_held() {
    let refuse_heartbeats = Arc::new(AtomicBool::new(true));
    let refuse_usages = Arc::new(AtomicBool::new(true));
    let refused = Arc::new(AtomicUsize::new(0));
    let poison = {
        let (heartbeats, usages) = (refuse_heartbeats.clone(), refuse_usages.clone());
        let refused = refused.clone();
        move |entry: &str| {
            if entry.contains(r#""ddsource":"op-dd""#) {
                let refuse = heartbeats.load(Ordering::SeqCst);
                refused.fetch_add(usize::from(refuse), Ordering::SeqCst);
                refuse
            } else {
                usages.load(Ordering::SeqCst) && entry.contains("feed:itemusages")
            }
        }
    };
    let datadog = FakeDatadog::builder().refuse_if(poison);
    let world = World::of(FakeEvents::builder(), datadog).await;
    for feed in Feed::ALL {
        world.insert(feed, &numbered(feed, 0..5));
    }
    let bridge = world
        .builder_over(world.store.clone())
        .account(world.account())
        .poll_interval(Duration::from_millis(200))
        .heartbeat(Duration::from_secs(1))
        .build()
        .unwrap();

    let (stop, stopped) = oneshot::channel();
    let run = bridge.run(async { stopped.await.unwrap() });
    let story = async {
        until("two are carried", || world.logs().len() == 10).await;
        until("heartbeats are refused", || {
            refused.load(Ordering::SeqCst) > 0
        })
        .await;
        refuse_heartbeats.store(false, Ordering::SeqCst);
        until("heartbeats are accepted", || {
            !world.datadog.heartbeats().is_empty()
        })
        .await;
        world.insert(Feed::AuditEvents, &numbered(Feed::AuditEvents, 5..10));
        until("there is more", || world.logs().len() == 15).await;
        until("the held one is told of twice", || {
            heartbeats(&world, Feed::ItemUsages).len() >= 2
        })
        .await;
        stop.send(()).unwrap();
    };
    tokio::join!(run, story);
    let held = heartbeats(&world, Feed::ItemUsages);
    for said in held {
        assert_eq!(
            (&said["status"], &said["op_dd"]["events"]),
            (&"warn".into(), &0.into())
        );
    }
    refuse_usages.store(false, Ordering::SeqCst);
    drain(&bridge).await;

    for feed in Feed::ALL {
        let kept = world.kept(feed);
        assert_eq!(kept.len(), if feed == Feed::AuditEvents { 10 } else { 5 });
        let mut rest = &kept[..];
        for said in heartbeats(&world, feed) {
            let events = said["op_dd"]["events"].as_u64().unwrap();
            let (told, after) = rest.split_at(usize::try_from(events).unwrap());
            let text = |name: &str| said["op_dd"][name].as_str();
            assert_eq!(text("first_uuid"), told.first().map(String::as_str));
            assert_eq!(text("last_uuid"), told.last().map(String::as_str));
            rest = after;
        }
        assert_eq!(rest, Vec::<String>::new(), "{feed}");
    }
}
