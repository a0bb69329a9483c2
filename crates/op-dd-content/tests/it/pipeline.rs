use op_dd_content::{Content, Kind, Log, Pipeline, Reserved};
use serde_json::{Value, json};

#[test]
fn the_pipeline_makes_of_its_samples_what_they_say() {
    let content = Content::bundled();
    for asset in content.of(Kind::Pipeline) {
        let pipeline = Pipeline::parse(asset.text()).unwrap();
        let trials = pipeline.try_samples(asset.samples().unwrap()).unwrap();
        assert!(trials.len() >= 5);
        for trial in trials {
            assert!(
                trial.differences.is_empty(),
                "{}: {:#?}",
                trial.title,
                trial.differences
            );
        }
    }
}

#[test]
fn every_processor_of_the_pipeline_is_needed_by_a_sample() {
    let content = Content::bundled();
    let asset = content.of(Kind::Pipeline).next().unwrap();
    let whole: Value = serde_json::from_str(asset.text()).unwrap();
    let mut switched_off = 0;
    for at in pointers(&whole, "") {
        let mut without = whole.clone();
        let processor = without.pointer_mut(&at).unwrap();
        // Where addresses are, and that a log's own date is what dates it, is Datadog's to know.
        if ["geo-ip-parser", "date-remapper"]
            .map(Value::from)
            .contains(&processor["type"])
            || processor["filter"]["query"]
                .as_str()
                .is_some_and(|query| query.contains("geoip"))
        {
            continue;
        }
        processor["is_enabled"] = json!(false);
        let pipeline = Pipeline::parse(&without.to_string()).unwrap();
        let trials = pipeline.try_samples(asset.samples().unwrap()).unwrap();
        assert!(
            trials.iter().any(|trial| !trial.differences.is_empty()),
            "{at}"
        );
        switched_off += 1;
    }
    assert!(switched_off > 10);
}

/// The places of everything that can be switched off.
fn pointers(of: &Value, place: &str) -> Vec<String> {
    let mut pointers = Vec::new();
    for (at, processor) in of["processors"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let place = format!("{place}/processors/{at}");
        pointers.extend(self::pointers(processor, &place));
        pointers.push(place);
    }
    pointers
}

#[test]
fn a_pipeline_does_to_a_log_what_its_processors_say() {
    let remapper = |keys: Value| {
        let mut remapper = json!({"type": "attribute-remapper", "is_enabled": true,
            "sources": ["a.b"], "target": "c.d"});
        remapper
            .as_object_mut()
            .unwrap()
            .extend(keys.as_object().unwrap().clone());
        remapper
    };
    let lookup = json!({"type": "lookup-processor", "is_enabled": true, "source": "n",
        "target": "name", "lookup_table": ["1,one", "2,two"]});
    let mut with_default = lookup.clone();
    with_default["default_lookup"] = json!("many");
    for (processor, log, expected) in [
        (
            remapper(json!({})),
            json!({"a": {"b": 1, "e": 2}}),
            json!({"a": {"e": 2}, "c": {"d": 1}}),
        ),
        (
            remapper(json!({})),
            json!({"a.b": 1, "c": 5}),
            json!({"c": {"d": 1}}),
        ),
        (remapper(json!({})), json!({"a": 1}), json!({"a": 1})),
        (
            remapper(json!({"preserve_source": true})),
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1}, "c": {"d": 1}}),
        ),
        (
            remapper(json!({})),
            json!({"a": {"b": 1}, "c": {"d": 2}}),
            json!({"a": {}, "c": {"d": [2, 1]}}),
        ),
        (
            remapper(json!({})),
            json!({"a": {"b": 1}, "c": {"d": 1}}),
            json!({"a": {}, "c": {"d": 1}}),
        ),
        (
            remapper(json!({"override_on_conflict": true})),
            json!({"a": {"b": 1}, "c": {"d": 2}}),
            json!({"a": {}, "c": {"d": 1}}),
        ),
        (
            remapper(json!({"is_enabled": false})),
            json!({"a": {"b": 1}}),
            json!({"a": {"b": 1}}),
        ),
        (
            lookup.clone(),
            json!({"n": 2}),
            json!({"n": 2, "name": "two"}),
        ),
        (lookup.clone(), json!({"n": 3}), json!({"n": 3})),
        (
            with_default.clone(),
            json!({"n": 3}),
            json!({"n": 3, "name": "many"}),
        ),
        (with_default, json!({}), json!({})),
    ] {
        let pipeline = json!({"name": "p", "is_enabled": true, "filter": {"query": ""},
            "processors": [processor]});
        let dated = |mut json: Value| {
            json["timestamp"] = json!(0);
            json
        };
        let mut log = Log::sent(&dated(log).to_string()).unwrap();
        Pipeline::parse(&pipeline.to_string())
            .unwrap()
            .run(&mut log);
        let got = Value::from(log.attributes().clone());
        let expected = dated(expected);
        assert_eq!(got, expected, "{processor}");
    }
}

#[test]
fn a_log_is_dated_and_graded_anew() {
    let pipeline = json!({"name": "p", "is_enabled": true, "filter": {"query": ""}, "processors": [
        {"type": "date-remapper", "is_enabled": true, "sources": ["missing", "when"]},
        {"type": "status-remapper", "is_enabled": true, "sources": ["grade"]},
    ]});
    let mut log =
        Log::sent(r#"{"timestamp":0,"when":"2026-05-01T12:00:00Z","grade":"WARN"}"#).unwrap();
    Pipeline::parse(&pipeline.to_string())
        .unwrap()
        .run(&mut log);
    assert_eq!(log.reserved(Reserved::Status), Some("warn"));
    let seconds = log
        .time()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert_eq!(seconds, 1_777_636_800);
}

#[test]
fn a_processor_that_is_not_run_here_is_named() {
    let pipeline = r#"{"name":"p","filter":{"query":"a"},"processors":[{"type":"grok-parser"}]}"#;
    let error = Pipeline::parse(pipeline).unwrap_err().to_string();
    assert!(error.contains("grok-parser"), "{error}");
    let pipeline = r#"{"name":"p","filter":{"query":"(a"},"processors":[]}"#;
    let error = Pipeline::parse(pipeline).unwrap_err().to_string();
    assert!(error.contains("a parenthesis isn't closed"), "{error}");
}
