use op_dd_content::search::Query;
use op_dd_content::{Content, Kind, Log};
use serde_json::Value;

const HEARTBEAT: &str = r#"{"ddsource": "op-dd", "service": "op-dd", "ddtags": "account:acme,feed:itemusages",
    "timestamp": "2026-05-01T12:00:00Z", "evt": {"name": "heartbeat"},
    "onepassword": {"account": "acme", "feed": "itemusages"},
    "op_dd": {"destination": "datadog", "events": 3, "late": 1, "refused": 0, "pages": 1,
        "first_uuid": "A", "last_uuid": "B", "lag_event_s": 40, "since_success_s": 2,
        "token_expires_in_s": 604800, "version": "0.1.0"}}"#;

const LATE: &str = r#"{"ddsource": "1password", "ddtags": "account:acme,feed:itemusages,late:true",
    "timestamp": "2026-05-01T12:00:00Z", "evt": {"name": "fill"}}"#;

fn monitors() -> Vec<(String, Value)> {
    let content = Content::bundled();
    let monitors: Vec<_> = content
        .of(Kind::Monitor)
        .map(|asset| {
            let json = serde_json::from_str(asset.text()).unwrap();
            (asset.name().to_owned(), json)
        })
        .collect();
    assert_eq!(monitors.len(), 5);
    monitors
}

/// What stands between the quotation marks of `name("…")`.
fn argument<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = query.split_once(&format!("{name}(\""))?;
    Some(rest.split_once("\")")?.0)
}

#[test]
fn a_monitor_sees_the_logs_that_it_is_about() {
    let (heartbeat, late) = (Log::sent(HEARTBEAT).unwrap(), Log::sent(LATE).unwrap());
    for (name, monitor) in monitors() {
        let text = monitor["query"].as_str().unwrap();
        if let Some(search) = argument(text, "logs") {
            assert!(Query::parse(search).unwrap().matches(&heartbeat), "{name}");
            for field in argument(text, ".by").unwrap().split(',') {
                assert!(heartbeat.text(field).is_some(), "{name}: {field}");
            }
            let rollup = argument(text, ".rollup").unwrap();
            if let Some((_, measure)) = rollup.split_once("\", \"") {
                let measure = measure.strip_prefix('@').unwrap();
                assert!(
                    heartbeat.values(measure)[0].is_number(),
                    "{name}: {measure}"
                );
            }
            continue;
        }
        let formula = argument(text, "formula").unwrap();
        for variable in monitor["options"]["variables"].as_array().unwrap() {
            assert!(
                formula.contains(variable["name"].as_str().unwrap()),
                "{name}"
            );
            let search = variable["search"]["query"].as_str().unwrap();
            assert!(Query::parse(search).unwrap().matches(&late), "{name}");
            for group in variable["group_by"].as_array().unwrap() {
                assert!(
                    late.text(group["facet"].as_str().unwrap()).is_some(),
                    "{name}"
                );
            }
        }
    }
}

/// Datadog refuses a monitor whose query and thresholds don't agree.
#[test]
fn the_threshold_of_a_query_is_the_critical_one_and_a_warning_comes_before_it() {
    for (name, monitor) in monitors() {
        let (rest, limit) = monitor["query"].as_str().unwrap().rsplit_once(' ').unwrap();
        let limit: f64 = limit.parse().unwrap();
        let thresholds = &monitor["options"]["thresholds"];
        assert_eq!(thresholds["critical"].as_f64(), Some(limit), "{name}");
        if let Some(warning) = thresholds["warning"].as_f64() {
            let earlier = if rest.ends_with('<') {
                warning > limit
            } else {
                warning < limit
            };
            assert!(earlier, "{name}");
        }
    }
}

#[test]
fn a_monitor_is_known_by_its_marks_and_notifies_nobody_by_itself() {
    for (name, monitor) in monitors() {
        assert_eq!(monitor["type"], "log alert", "{name}");
        let tags = monitor["tags"].as_array().unwrap();
        for mark in [
            "source:1password",
            "managed-by:op-dd",
            &format!("op-dd-asset:{name}"),
        ] {
            assert!(tags.contains(&mark.into()), "{name}: {mark}");
        }
        // `@` in a message is somebody to notify, even where an attribute was meant.
        let message = monitor["message"].as_str().unwrap();
        assert!(
            !message.contains('@') && message.contains("What to do:"),
            "{name}"
        );
        // Whom a group is of, the message says.
        assert!(message.contains("{{account.name}}"), "{name}");
        if monitor["query"].as_str().unwrap().contains("account,feed") {
            assert!(message.contains("{{feed.name}}"), "{name}");
        }
    }
}
