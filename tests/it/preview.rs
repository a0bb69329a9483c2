//! `op-dd demo --preview` and `op-dd preview`: the page, as a real browser shows it.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::program::{Run, op_dd};

/// Every widget that isn't a note: its title, type and state, how many logs it has, and what it says.
const WIDGETS: &str = "return [...document.querySelectorAll('section.widget')].map(w => ({
    title: w.querySelector('h3').textContent, type: w.classList[1], state: w.dataset.state,
    logs: +w.dataset.logs, words: w.innerText}))";

/// What is shaded on each map, and whether it looks so.
const MAPS: &str = "return [...document.querySelectorAll('.geomap')].map(w => {
    const fill = e => getComputedStyle(e).fill;
    const land = fill(w.querySelector('svg path:not(.hit)'));
    return {title: w.querySelector('h3').textContent, countries: [...w.querySelectorAll('.hit')].map(e =>
        [e.dataset.country, +e.dataset.value, fill(e) !== land, e.getBoundingClientRect().width > 0])}})";

/// The bars of each top list: what they stand for, and how wide they are beside the room that they have.
const BARS: &str = "return [...document.querySelectorAll('.toplist')].map(w => ({
    title: w.querySelector('h3').textContent, bars: [...w.querySelectorAll('li')].map(e => {
        const width = e => e.getBoundingClientRect().width;
        return {value: +e.dataset.value, name: e.querySelector('bdi').textContent,
            share: width(e.querySelector('i')) / width(e.querySelector('.bar'))}})}))";

/// What is wider than the page, or than what it is in; what is within a picture is cut by it.
const OVERFLOWING: &str = "const wide = document.documentElement.clientWidth + 0.5;
    const out = [...document.body.querySelectorAll('*')].filter(e => !e.closest('svg *') && !e.closest('.ys i'));
    return out.filter(e => { const r = e.getBoundingClientRect(); return r.right > wide || r.left < -0.5; })
        .concat([...document.querySelectorAll('.widget')].filter(e =>
            e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
        .map(e => e.className + ': ' + e.textContent.slice(0, 60))";

/// A demonstration with a picture.
fn demo(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = op_dd();
    command
        .current_dir(folder)
        .args(["demo", "--preview", "--out", "out"])
        .args(arguments);
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    run
}

fn logs(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How many logs have each value of what is asked for.
fn counts<'a>(logs: impl Iterator<Item = &'a Value>, pointer: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for value in logs.filter_map(|log| log.pointer(pointer)?.as_str()) {
        *counts.entry(value.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn the_page_of_a_demonstration_is_drawn_in_a_real_browser() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let run = demo(folder.path(), &["--events", "20000"]);
    let out = folder.path().join("out");
    assert!(run.stdout.ends_with("preview  out/preview.html\n"), "{run}");
    assert!(
        run.stdout
            .contains("out/others.ndjson (300 logs of other services, invented for the picture)"),
        "{run}"
    );
    let page = out.join("preview.html");
    browser.prefer("light");
    browser.resize(1280);
    browser.open(&page);

    let logs = logs(&out.join("logs.ndjson"));
    shows_the_countries_of_the_logs(&browser, &logs);
    has_bars_in_order_and_to_scale(&browser, &logs);
    has_something_in_every_widget(&browser, &out);
    let light = background(&browser);
    assert_eq!(browser.run(OVERFLOWING), json!([]), "at 1280 pixels");

    browser.resize(400);
    let wide = browser.run("return document.documentElement.scrollWidth");
    assert!(wide.as_u64().unwrap() <= 400, "{wide}");
    assert_eq!(browser.run(OVERFLOWING), json!([]), "at 400 pixels");
    let columns = "return new Set([...document.querySelectorAll('.group .widget')]
        .map(w => Math.round(w.getBoundingClientRect().left))).size";
    assert_eq!(browser.run(columns), 1, "columns at 400 pixels");

    browser.prefer("dark");
    let dark = background(&browser);
    assert!(light > 200.0 && dark < 50.0, "{light} {dark}");
    assert_eq!(browser.run("return document.scripts.length"), 0);
    is_quiet(&browser, &page);
}

fn shows_the_countries_of_the_logs(browser: &Browser, logs: &[Value]) {
    let attempts = |failed: bool| {
        logs.iter().filter(move |log| {
            let (kind, outcome) = (log["evt"]["type"].as_str(), log["evt"]["outcome"].as_str());
            kind.is_some_and(|kind| kind.starts_with("1password-sign-in-attempts"))
                && (!failed || outcome.is_some_and(|outcome| outcome.contains("failed")))
        })
    };
    let maps = browser.run(MAPS);
    for (map, failed) in maps.as_array().unwrap().iter().zip([false, true]) {
        let mut shown = BTreeMap::new();
        for country in map["countries"].as_array().unwrap() {
            assert_eq!(
                [&country[2], &country[3]],
                [true, true],
                "{country} is shaded and to be seen"
            );
            shown.insert(
                country[0].as_str().unwrap().to_owned(),
                country[1].as_f64().unwrap() as u64,
            );
        }
        assert_eq!(
            shown,
            counts(attempts(failed), "/network/client/geoip/country/iso_code"),
            "{map}"
        );
        assert!(
            shown.len() > 10 && shown.contains_key("SG"),
            "Singapore has no outline, and is shown: {map}"
        );
    }
    assert_eq!(maps.as_array().unwrap().len(), 2);
}

fn has_bars_in_order_and_to_scale(browser: &Browser, logs: &[Value]) {
    let lists = browser.run(BARS);
    let lists = lists.as_array().unwrap();
    let values = |title: &str| {
        let list = lists.iter().find(|list| list["title"] == title).unwrap();
        let bars = list["bars"].as_array().unwrap().iter();
        bars.map(|bar| bar["value"].as_f64().unwrap() as u64)
            .collect::<Vec<_>>()
    };
    let mut expected: Vec<u64> = counts(logs.iter(), "/evt/name").into_values().collect();
    expected.sort_unstable();
    assert_eq!(values("Most infrequent events"), expected[..15]);
    expected.reverse();
    assert_eq!(values("Most frequent events"), expected[..15]);
    for list in lists {
        let bars = list["bars"].as_array().unwrap();
        let value = |bar: &Value| bar["value"].as_f64().unwrap();
        let greatest = bars.iter().map(value).fold(0.0, f64::max);
        for bar in bars {
            let expected = (value(bar) / greatest).max(0.006);
            let share = bar["share"].as_f64().unwrap();
            assert!((share - expected).abs() < 0.01, "{list}: {bar}");
        }
        let downwards = bars.is_sorted_by(|one, other| value(one) >= value(other));
        let upwards = bars.is_sorted_by(|one, other| value(one) <= value(other));
        let is_rare = list["title"] == "Most infrequent events";
        assert!(if is_rare { upwards } else { downwards }, "{list}");
    }
}

fn has_something_in_every_widget(browser: &Browser, out: &Path) {
    let widgets = browser.run(WIDGETS);
    let widgets = widgets.as_array().unwrap();
    assert!(widgets.len() > 50, "{}", widgets.len());
    for widget in widgets {
        let words = widget["words"].as_str().unwrap();
        if words.contains("simulated by op-dd") {
            continue;
        }
        assert_eq!(widget["state"], "drawn", "{widget}");
        assert!(widget["logs"].as_u64().unwrap() > 0, "{widget}");
    }
    // Where there are rules, their signals are shown.
    let mut list = op_dd();
    list.args(["content", "list"]);
    let rules = Run::of(list)
        .stdout
        .lines()
        .any(|line| line.starts_with("rule "));
    let mut simulated = widgets.iter().filter(|widget| {
        widget["words"]
            .as_str()
            .unwrap()
            .contains("simulated by op-dd")
            && widget["logs"].as_u64() > Some(0)
    });
    assert_eq!(simulated.next().is_some(), rules);
    let others = widgets
        .iter()
        .filter(|widget| widget["words"].as_str().unwrap().contains("invented logs"));
    assert_eq!(others.count(), 3, "those that look into other sources");
    let text = browser.run("return document.body.innerText");
    let text = text.as_str().unwrap();
    assert!(text.contains("Drawn by op-dd, not by Datadog"));
    assert!(text.contains("300 of the logs are logs of other services, invented for the picture"));
    assert_eq!(logs(&out.join("others.ndjson")).len(), 300);
}

/// How bright the page is, from 0 to 255.
fn background(browser: &Browser) -> f64 {
    let colour = browser.run(
        "return getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)",
    );
    let parts = colour.as_array().unwrap().iter().take(3);
    parts.map(|part| part.as_f64().unwrap()).sum::<f64>() / 3.0
}

/// Nothing is complained of, and nothing but the file itself was asked for.
fn is_quiet(browser: &Browser, page: &Path) {
    assert_eq!(browser.log("browser"), [] as [Value; 0]);
    let mut asked = Vec::new();
    for entry in browser.log("performance") {
        let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
        let message = &message["message"];
        if message["method"] == "Network.requestWillBeSent" {
            asked.push(
                message["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    assert_eq!(asked, [format!("file://{}", page.display())]);
}

#[test]
fn what_is_hostile_in_logs_stays_a_text() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let name = "<img src=http://127.0.0.1:9/x onerror=\"document.title='struck'\">'\"&<script>document.title='struck'</script>";
    let long = "W".repeat(300);
    let lines: String = [name, "</bdi></section><style>*{display:none}</style>", long.as_str()]
        .iter()
        .map(|name| {
            let log = json!({
                "ddsource": "1password", "ddtags": "account:acme,feed:signinattempts", "message": name,
                "timestamp": "2026-05-01T12:00:00Z", "status": name,
                "evt": {"type": "1password-sign-in-attempts", "name": name, "outcome": format!("{name} failed")},
                "usr": {"id": name, "name": name, "email": name},
                "network": {"client": {"ip": name, "geoip": {"country": {"iso_code": name}}}},
                "client": {"app_name": name, "app_version": name, "os_name": name},
            });
            format!("{log}\n")
        })
        .collect();
    let file = folder.path().join("logs.ndjson");
    fs::write(&file, lines + "no log\n{\"timestamp\": \"noon\"}\n").unwrap();
    let page = folder.path().join("page.html");
    let mut command = op_dd();
    command.arg("preview").arg(&file).arg("--out").arg(&page);
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    for complaint in [
        "logs.ndjson:4: left out: not a JSON object",
        "logs.ndjson:5: left out: no time",
    ] {
        assert!(run.stderr.contains(complaint), "{run}");
    }
    assert!(run.stdout.contains("3 logs drawn"), "{run}");

    browser.open(&page);
    assert_eq!(browser.run("return document.title"), "1Password Overview");
    assert_eq!(
        browser.run("return document.querySelectorAll('img, script, body style').length"),
        0
    );
    let names = browser.run("return [...document.querySelectorAll('bdi')].map(e => e.textContent)");
    assert!(names.as_array().unwrap().contains(&json!(name)), "{names}");
    for width in [400, 1280] {
        browser.resize(width);
        assert_eq!(browser.run(OVERFLOWING), json!([]), "at {width} pixels");
    }
    is_quiet(&browser, &page);
}

#[test]
fn widgets_of_ones_own_are_drawn_with_the_overview() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("own/widgets")).unwrap();
    let widget = |title: &str, kind: &str| {
        let widget = json!({"definition": {"type": kind, "title": title, "requests": [{"queries": [
            {"name": "query1", "data_source": "logs", "search": {"query": "*"}, "compute": {"aggregation": "count"}}
        ]}]}});
        fs::write(
            path(&format!("own/widgets/{kind}.json")),
            widget.to_string(),
        )
        .unwrap();
    };
    widget("Everything there is", "query_value");
    widget("Across the lands", "treemap");
    fs::write(
        path("one.ndjson"),
        "{\"timestamp\": \"2026-05-01T12:00:00Z\"}",
    )
    .unwrap();
    let mut command = op_dd();
    command
        .current_dir(folder.path())
        .args(["preview", "one.ndjson", "--dir", "own"]);
    let run = Run::of(command);
    assert_eq!(run.code, Some(0), "{run}");
    let page = fs::read_to_string(path("preview.html")).unwrap();
    let (_, own) = page.split_once("Your own widgets").unwrap();
    assert!(own.contains("data-value=\"1\""), "{own}");
    assert!(
        own.contains("a widget of the type <code>treemap</code> isn&#39;t drawn here"),
        "{own}"
    );
}

#[test]
fn a_dashboard_may_be_called_by_its_title_and_its_page_may_go_to_standard_output() {
    let folder = TempDir::new().unwrap();
    let log = r#"{"ddsource": "1password", "timestamp": "2026-05-01T12:00:00Z"}"#;
    fs::write(folder.path().join("one.ndjson"), log).unwrap();
    let preview = |arguments: &[&str]| {
        let mut command = op_dd();
        command
            .current_dir(folder.path())
            .args(["preview", "one.ndjson"])
            .args(arguments);
        let run = Run::of(command);
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{run}");
        run.stdout
    };
    let piped = preview(&["--dashboard", "1Password Sign-ins", "--out", "-"]);
    assert!(piped.starts_with("<!DOCTYPE html>"), "{piped}");
    assert!(!folder.path().join("-").exists());
    let said = preview(&["--dashboard", "1password-sign-ins"]);
    assert_eq!(said, "1 log drawn: open preview.html\n");
    let kept = fs::read_to_string(folder.path().join("preview.html")).unwrap();
    assert_eq!(kept, piped);
}

#[test]
fn a_preview_that_cannot_be_drawn_says_why() {
    let folder = TempDir::new().unwrap();
    let preview = |arguments: &[&str]| {
        let mut command = op_dd();
        command
            .current_dir(folder.path())
            .arg("preview")
            .args(arguments);
        let run = Run::of(command);
        assert_eq!(run.code, Some(2), "{run}");
        run.line().to_owned()
    };
    fs::write(folder.path().join("empty.ndjson"), "\n").unwrap();
    fs::write(
        folder.path().join("one.ndjson"),
        "{\"timestamp\": \"2026-05-01T12:00:00Z\"}",
    )
    .unwrap();
    assert!(preview(&["nowhere.ndjson"]).contains("nowhere.ndjson can't be read (No such file"));
    assert!(preview(&["empty.ndjson"]).contains("no log in empty.ndjson"));
    let unknown = preview(&["one.ndjson", "--dashboard", "sign-outs"]);
    assert!(
        unknown.contains("no dashboard is called sign-outs: op-dd content list"),
        "{unknown}"
    );
    let nowhere = preview(&["one.ndjson", "--out", "no/where.html"]);
    assert!(
        nowhere.contains("no/where.html can't be written"),
        "{nowhere}"
    );
}
