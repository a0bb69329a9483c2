//! `op-dd check --end-to-end`: one log, all the way, and what is said wherever it is lost.

use std::time::Duration;

use op_dd_fakes::{FakeDatadog, FakeDatadogBuilder, FakeEvents};

use crate::check::check;
use crate::organisation::APPLICATION_KEY;
use crate::program::{Run, World};

/// A world whose configuration names Datadog's management API and an application key.
fn world(datadog: FakeDatadogBuilder) -> World {
    let datadog = datadog.application_key(APPLICATION_KEY);
    let mut world = World::of(FakeEvents::builder(), datadog);
    let api = format!(
        "api_url = \"{}\"\napp_key = \"env:APPLICATION_KEY\"\n",
        world.datadog.url()
    );
    world.replace("api_key =", &format!("{api}api_key ="));
    world.set("APPLICATION_KEY", APPLICATION_KEY);
    world
}

fn end_to_end(world: &World, patience: &str) -> Run {
    check(world, &["--end-to-end", "--patience", patience])
}

/// What is said of a check, with what to do about it.
fn said<'a>(run: &'a Run, check: &str) -> &'a str {
    let begin = run.stdout.find(&format!("{check}: "));
    let said = &run.stdout[begin.unwrap_or_else(|| panic!("{run}"))..];
    let lines = said.match_indices('\n').map(|(end, _)| end);
    let end = lines
        .into_iter()
        .find(|end| !said[end + 1..].starts_with("          "));
    &said[..end.unwrap_or(said.len())]
}

#[test]
fn a_log_is_found_again_and_datadogs_pipeline_is_read() {
    let late = FakeDatadog::builder().index_after(Duration::from_secs(2));
    let world = world(late);
    let run = end_to_end(&world, "30s");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(said(&run, "log-sent").contains("@op_dd.check:"), "{run}");
    assert!(
        said(&run, "log-found").contains("found by a search after "),
        "{run}"
    );
    let sets = "it sets evt.name, evt.outcome, evt.type, network.client.geoip, network.client.ip, usr.email, usr.id, \
                usr.name; what a log has already stays";
    assert!(said(&run, "datadogs-pipeline").contains(sets), "{run}");
    let logs = world.logs();
    let [log] = logs.as_slice() else {
        panic!("{logs:?}")
    };
    assert_eq!(
        (&log["ddsource"], &log["service"]),
        (&"1password".into(), &"op-dd-check".into())
    );
    assert!(
        log.get("evt").is_none(),
        "no rule should take it for an event: {log}"
    );
}

#[test]
fn each_way_to_lose_it_has_its_remedy() {
    let builder = FakeDatadog::builder;
    for (datadog, exit, check, words) in [
        (
            builder().without_permission("logs_read_data"),
            4,
            "log-found",
            &[
                "(403)",
                "give the application key the permission logs_read_data",
            ][..],
        ),
        (
            builder().without_permission("logs_read_config"),
            4,
            "datadogs-pipeline",
            &[
                "(403)",
                "give the application key the permission logs_read_config",
            ],
        ),
        (
            builder().without_index(),
            9,
            "log-found",
            &[
                "no search finds it within 1 s",
                "exclusion filter",
                "keeps logs",
                "one organisation and site",
            ],
        ),
        (
            builder().without_integration(),
            0,
            "datadogs-pipeline",
            &[
                "is not there",
                "within a minute",
                "content install --only pipeline",
            ],
        ),
        (
            builder().refuse_containing("op-dd-check"),
            9,
            "log-sent",
            &["the intake refuses the log", "look at tags of [datadog]"],
        ),
        (
            builder().script(["intake:503".parse().unwrap()]),
            5,
            "log-sent",
            &["failed (status 503)", "try again later"],
        ),
    ] {
        let world = world(datadog);
        let run = end_to_end(&world, "1s");
        assert_eq!(run.code, Some(exit), "{check}: {run}");
        for words in words {
            assert!(said(&run, check).contains(words), "{words:?}: {run}");
        }
    }
}

#[test]
fn without_an_application_key_nothing_is_sent() {
    let mut without = world(FakeDatadog::builder());
    without.environment.remove("APPLICATION_KEY");
    let run = end_to_end(&without, "1s");
    assert_eq!(run.code, Some(4), "{run}");
    assert!(
        said(&run, "application-key").contains("APPLICATION_KEY is not set"),
        "{run}"
    );
    without.replace("app_key = \"env:APPLICATION_KEY\"\n", "");
    let run = end_to_end(&without, "1s");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        said(&run, "application-key").contains("to do: set app_key under [datadog]"),
        "{run}"
    );
    assert!(without.datadog.logs().is_empty());
}

#[test]
fn a_key_of_another_organisation_is_named() {
    let mut world = world(FakeDatadog::builder());
    world.set("APPLICATION_KEY", "SECRETnobodyskeyatall000000000000000000");
    let run = end_to_end(&world, "1s");
    assert_eq!(run.code, Some(4), "{run}");
    assert!(
        said(&run, "log-found").contains("of the same organisation as the API key"),
        "{run}"
    );
}

#[test]
fn whatever_is_logged_shows_no_secret() {
    let mut world = world(FakeDatadog::builder());
    world.set("RUST_LOG", "trace");
    world.occur("SECRETprivate");
    let run = end_to_end(&world, "1s");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("TRACE"), "{run}");
}
