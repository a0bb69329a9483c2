//! Every detection rule fires on the scenario that is for it, and on nothing else.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use datadog_logs::Tags;
use onepassword_events::{Event, Feed, Timestamp};
use op_dd_bridge::{Context, DefaultMapper, Mapper, Name};
use op_dd_content::{Content, Kind, Log, Rule, Severity, Signal, WatchLists};
use op_dd_fakes::Scenario;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Run, op_dd};
use crate::world::event_of;

/// The bundled rules by their names, with the watch lists of the fakes' company filled in.
static RULES: LazyLock<BTreeMap<String, Rule>> = LazyLock::new(|| {
    let lists: WatchLists = Scenario::WATCH_LISTS
        .map(|(name, values)| (name, values.iter().copied()))
        .into_iter()
        .collect();
    let content = Content::bundled();
    let rules = content.of(Kind::Rule).map(|asset| {
        let mut json = serde_json::from_str(asset.text()).unwrap();
        assert_eq!(lists.fill(&mut json), [""; 0], "{}", asset.name());
        (asset.name().to_owned(), Rule::from_json(&json).unwrap())
    });
    rules.collect()
});

/// What the bundled rules raise over these logs, by the names of the rules.
fn signals(logs: &[Log]) -> BTreeMap<&'static str, Vec<Signal>> {
    let raised = RULES
        .iter()
        .map(|(name, rule)| (name.as_str(), rule.signals(logs)));
    raised.filter(|(_, signals)| !signals.is_empty()).collect()
}

/// Makes logs of events as they are at a time.
struct Sender {
    context: Context,
}

impl Sender {
    fn new(feed: Feed, now: SystemTime) -> Self {
        let account: Name = "acme".parse().unwrap();
        let context = Context::new(account, feed, "events.1password.com", &Tags::default(), now);
        Self {
            context: context.unwrap(),
        }
    }

    fn log(&self, feed: Feed, json: &str) -> String {
        let event = Event::new(feed, json.to_owned()).unwrap();
        let mut text = Vec::new();
        let mapped = DefaultMapper::new().map(&event, &self.context);
        mapped.entry.write_json(&mut text);
        String::from_utf8(text).unwrap()
    }
}

fn logs(scenario: Scenario, seed: u64, anchor: SystemTime, count: usize) -> Vec<Log> {
    let senders = Feed::ALL.map(|feed| (feed, Sender::new(feed, anchor)));
    let events = scenario.events(seed, anchor, count);
    let logs = events.map(|event| {
        let name = event.feed().name();
        let (feed, sender) = senders
            .iter()
            .find(|(feed, _)| feed.as_str() == name)
            .unwrap();
        Log::sent(&sender.log(*feed, event.json())).unwrap()
    });
    logs.collect()
}

fn feed(name: &str) -> Feed {
    let mut feeds = Feed::ALL.into_iter();
    feeds.find(|feed| feed.as_str() == name).unwrap()
}

/// Noon of 5 May 2026, a Tuesday, and so many hours later.
fn anchor(hours: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_982_400 + hours * 3600)
}

/// How serious the gravest signal of a rule is meant to be.
fn gravest(signals: &[Signal]) -> Severity {
    signals.iter().map(|signal| signal.severity).max().unwrap()
}

#[test]
fn every_rule_has_its_scenario_and_every_scenario_its_rule() {
    let scenarios = Scenario::ALL.into_iter();
    let scenarios = scenarios.filter(|scenario| *scenario != Scenario::OrdinaryDay);
    let scenarios: BTreeSet<_> = scenarios.map(Scenario::name).collect();
    let rules: BTreeSet<_> = RULES.keys().map(String::as_str).collect();
    assert_eq!(scenarios, rules);
}

#[test]
fn every_rule_fires_on_its_own_scenario_and_on_no_other() {
    for scenario in Scenario::ALL {
        for seed in 0..6 {
            // At any time of the day.
            let logs = logs(scenario, seed, anchor(seed * 5), 400);
            let raised = signals(&logs);
            let rules: Vec<_> = raised.keys().copied().collect();
            if scenario == Scenario::OrdinaryDay {
                assert!(
                    raised
                        .values()
                        .all(|signals| gravest(signals) <= Severity::Low)
                );
            } else {
                assert_eq!(rules, [scenario.name()], "seed {seed}");
            }
        }
    }
}

#[test]
fn a_scenario_shows_the_gravest_that_its_rule_can_say() {
    for scenario in Scenario::ALL {
        if let Some(rule) = RULES.get(scenario.name()) {
            let logs = logs(scenario, 1, anchor(0), 400);
            assert_eq!(gravest(&rule.signals(&logs)), rule.severity(), "{scenario}");
        }
    }
}

#[test]
fn an_ordinary_day_of_a_hundred_thousand_events_fires_none_above_low() {
    let logs = logs(Scenario::OrdinaryDay, 1, anchor(0), 100_000);
    assert_eq!(logs.len(), 100_000);
    let raised = signals(&logs);
    for (rule, signals) in &raised {
        let gravest = gravest(signals);
        assert!(gravest <= Severity::Low, "{rule}: {gravest}");
    }
    // People do travel and forget their passwords, so that the rules were looking.
    let rules: Vec<_> = raised.keys().copied().collect();
    assert_eq!(rules, ["recovery-begun", "sign-in-from-new-country"]);
}

#[test]
fn the_lists_name_what_an_ordinary_day_has_to_do_with() {
    let [(_, vaults), _, (_, users)] = Scenario::WATCH_LISTS;
    let logs = logs(Scenario::OrdinaryDay, 1, anchor(0), 5000);
    let texts = |path: &str| -> BTreeSet<String> {
        let values = logs.iter().flat_map(|log| log.values(path));
        values
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let used = texts("onepassword.vault_uuid");
    assert!(vaults.iter().all(|vault| used.contains(*vault)));
    let at_work = texts("usr.id");
    assert!(users.iter().all(|user| at_work.contains(*user)));
}

#[test]
fn every_sample_of_a_rule_is_a_log_as_it_is_sent() {
    let mut tried = 0;
    for asset in Content::bundled().of(Kind::Rule) {
        let samples: Value = serde_json::from_str(asset.samples().unwrap().text()).unwrap();
        let stories = ["matching", "near_misses"].map(|name| samples[name].as_array().unwrap());
        let logs = stories.into_iter().flatten();
        for sample in logs.flat_map(|story| story["logs"].as_array().unwrap()) {
            let dated = sample["timestamp"].as_str().unwrap();
            let now: Timestamp = dated.parse().unwrap();
            let event = event_of(sample);
            let feed = feed(sample["onepassword"]["feed"].as_str().unwrap());
            let sender = Sender::new(feed, now.to_system_time());
            let sent = sender.log(feed, &event.to_string());
            let sent: Value = serde_json::from_str(&sent).unwrap();
            assert_eq!(sent, *sample, "{}", asset.name());
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn a_demonstration_shows_a_scenario_and_goes_on_with_no_other() {
    let folder = TempDir::new().unwrap();
    let demo = |scenario: &str| {
        let mut command = op_dd();
        command.current_dir(folder.path());
        command.args(["demo", "--events", "300", "--seed", "7", "--out", "out"]);
        command.args(["--scenario", scenario]);
        Run::of(command)
    };
    let run = demo("self-grant-vault");
    assert_eq!(run.code, Some(0), "{run}");
    let text = fs::read_to_string(folder.path().join("out/logs.ndjson")).unwrap();
    let logs: Vec<_> = text.lines().map(|line| Log::sent(line).unwrap()).collect();
    assert!(logs.len() > 300);
    let raised = signals(&logs);
    assert_eq!(
        raised.keys().copied().collect::<Vec<_>>(),
        ["self-grant-vault"]
    );
    let [signal] = &raised["self-grant-vault"][..] else {
        panic!("{} signals", raised["self-grant-vault"].len());
    };
    assert_eq!(signal.severity, Severity::High);
    assert_eq!(signal.case, "and read a secret in it");

    let run = demo("self-grant-vault");
    assert_eq!(run.code, Some(0), "{run}");
    let after = fs::read_to_string(folder.path().join("out/logs.ndjson")).unwrap();
    assert_eq!(after, text);
    let run = demo("self-grant-group");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.line()
            .contains("other events (--events 300 --seed 7 --scenario self-grant-vault)"),
        "{run}"
    );
}

#[test]
fn a_demonstration_ends_with_the_command_that_shows_what_its_rule_sees() {
    for (scenario, seen) in [
        ("self-grant-vault", "signals: 1 high\n"),
        ("privileged-vault-changed", "signals: "),
        ("ordinary-day", " low\n"),
    ] {
        let folder = TempDir::new().unwrap();
        let run = |arguments: &[&str]| {
            let mut command = op_dd();
            command.current_dir(folder.path()).args(arguments);
            let run = Run::of(command);
            assert_eq!(run.code, Some(0), "{run}");
            run.stdout
        };
        let said = run(&[
            "demo",
            "--events",
            "300",
            "--preview",
            "--scenario",
            scenario,
        ]);
        let command = said.lines().last().unwrap().trim();
        let command: Vec<&str> = command.split(' ').collect();
        let [program, arguments @ ..] = &command[..] else {
            panic!("{said}");
        };
        assert_eq!(*program, "op-dd");
        let told = run(arguments);
        assert!(told.contains(seen), "{command:?}: {told}");
        assert!(!told.contains("not tried"), "{command:?}: {told}");
        if scenario == "ordinary-day" {
            assert!(!told.contains("high") && !told.contains("medium"), "{told}");
        }
        // The picture knows the lists, too.
        let page = fs::read_to_string(folder.path().join("op-dd-demo/preview.html")).unwrap();
        assert!(
            !page.contains("Signals are simulated without"),
            "{scenario}"
        );
    }
}

#[test]
fn an_unknown_scenario_is_answered_with_the_names() {
    let mut command = op_dd();
    command.args(["demo", "--scenario", "mfa"]);
    let unknown = Run::of(command);
    assert_eq!(unknown.code, Some(2), "{unknown}");
    let mut command = op_dd();
    command.args(["demo", "--help"]);
    let help = Run::of(command);
    for scenario in Scenario::ALL {
        for text in [&unknown.stderr, &help.stdout] {
            assert!(text.contains(scenario.name()), "{scenario}: {text}");
        }
    }
    let mut command = op_dd();
    command.args(["demo", "--scenario", "mfa-disabled", "--pages", "pages"]);
    let both = Run::of(command);
    assert_eq!(both.code, Some(2), "{both}");
    assert!(both.stderr.contains("--pages"), "{both}");
}
