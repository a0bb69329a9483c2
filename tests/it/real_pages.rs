//! Pages that were recorded from real accounts, through the bridge.

use std::fs;

use onepassword_events::Feed;
use op_dd_fakes::{FakeDatadog, FakeEvents};
use serde_json::Value;

use crate::world::{World, data, drain, event_of, tags};

#[tokio::test]
async fn every_event_of_the_recorded_pages_arrives_in_order_with_its_own_json() {
    let Some(folder) = data("1password/pages") else {
        return;
    };
    let pages = FakeEvents::builder().pages(&folder);
    let world = World::of(pages, FakeDatadog::builder()).await;
    drain(&world.bridge()).await;

    let logs = world.logs();
    let mut expected = 0;
    for feed in Feed::ALL {
        let mut files: Vec<_> = fs::read_dir(folder.join(feed.as_str()))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let items: Vec<Value> = files
            .iter()
            .flat_map(|file| {
                let page: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
                page["items"].as_array().unwrap().clone()
            })
            .collect();
        let of_feed: Vec<_> = logs
            .iter()
            .filter(|log| log["onepassword"]["feed"] == feed.as_str())
            .collect();
        let arrived: Vec<_> = of_feed.iter().map(|log| event_of(log)).collect();
        assert_eq!(arrived, items, "{feed}");
        for (log, item) in of_feed.iter().zip(&items) {
            // They are years old: the time of the event is kept, and another dates the log.
            assert_eq!(log["onepassword"]["event_time"], item["timestamp"]);
            assert_ne!(log["timestamp"], item["timestamp"]);
            assert!(tags(log).contains(&"late:true"));
        }
        expected += items.len();
    }
    assert!(expected > 0);
    assert_eq!(logs.len(), expected);
    assert_eq!(world.datadog.intake().dropped_by_time, 0);
    for feed in Feed::ALL {
        assert_eq!(world.letters(feed), []);
    }
}
