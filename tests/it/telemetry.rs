//! What the program shows of itself: figures that agree with what both ends have counted, health, log
//! lines in JSON, and what systemd is told.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]
#![expect(
    clippy::print_stderr,
    reason = "a test that lacks something says so aloud"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use onepassword_events::Timestamp;
use op_dd_fakes::{FakeDatadog, FakeEvents, Feed};
use op_dd_tests::programs::program;
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::program::{Going, Run, World, files, until, uuids};

/// The program going with `[telemetry]`, and where it listens.
pub(crate) struct Watched {
    pub(crate) going: Going,
    address: String,
}

impl Watched {
    /// Looks for news this often, in a polling interval such as `1s`.
    pub(crate) fn start(world: &mut World, interval: &str) -> Self {
        world.config.insert_str(
            0,
            &format!(
                "[telemetry]\nlisten = \"127.0.0.1:0\"\nheartbeat = \"1h\"\n\n\
                 [polling]\ninterval = \"{interval}\"\n\n"
            ),
        );
        let going = world.going(&[]);
        let mut address = None;
        until("it says where it listens", || {
            let said = fs::read_to_string(&going.stderr).unwrap();
            address = said.split_once("figures at http://").map(|(_, rest)| {
                let end = rest.find('/').unwrap();
                rest[..end].to_owned()
            });
            address.is_some()
        });
        Self {
            going,
            address: address.unwrap(),
        }
    }

    /// Status, content type and body of a page.
    fn get(&self, world: &World, path: &str) -> (u16, String, String) {
        let url = format!("http://{}{path}", self.address);
        world.runtime.block_on(async {
            let answer = reqwest::get(url).await.unwrap();
            let kind = answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .to_owned();
            (answer.status().as_u16(), kind, answer.text().await.unwrap())
        })
    }

    pub(crate) fn figures(&self, world: &World) -> Figures {
        let (status, kind, text) = self.get(world, "/metrics");
        assert_eq!(status, 200);
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        Figures(text)
    }

    fn ready(&self, world: &World) -> (u16, Value) {
        let (status, kind, body) = self.get(world, "/readyz");
        assert_eq!(kind, "application/json");
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Ends it, and looks for secrets in all that it said.
    pub(crate) fn stop(self, world: &World) -> Run {
        self.going.terminate();
        let run = world.checked(self.going.end());
        assert_eq!(run.code, Some(0), "{run}");
        run
    }
}

/// A page of figures.
pub(crate) struct Figures(String);

impl Figures {
    /// The sum of all samples of this name that have all these labels, each as `name="value"`.
    pub(crate) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        self.samples(name)
            .filter(|(of, _)| labels.iter().all(|label| of.contains(label)))
            .map(|(_, value)| value)
            .sum()
    }

    /// Labels and value of each sample.
    fn samples<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            let is_whole_name = labels.is_empty() || labels.starts_with('{');
            is_whole_name.then(|| (labels, value.parse().unwrap()))
        })
    }

    /// Calls to a side by the label that says what came of them.
    fn calls(&self, side: &str) -> BTreeMap<String, u64> {
        let side = format!("side=\"{side}\"");
        self.samples("op_dd_api_requests_total")
            .filter(|(labels, _)| labels.contains(&side))
            .map(|(labels, count)| {
                let (_, status) = labels.split_once("status=\"").unwrap();
                let (status, _) = status.split_once('"').unwrap();
                (status.to_owned(), whole(count))
            })
            .collect()
    }

    /// Prometheus's own linter has nothing to say of it.
    fn is_linted(&self) {
        let linter = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut linter) = linter else {
            eprintln!(
                "SKIPPED: promtool, of Debian's package prometheus, isn't here to check the metrics"
            );
            return;
        };
        let mut page = linter.stdin.take().unwrap();
        page.write_all(self.0.as_bytes()).unwrap();
        drop(page);
        let output = linter.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", self.0);
        assert_eq!(said, "");
    }
}

/// A figure that counts.
fn whole(figure: f64) -> u64 {
    assert!(figure >= 0.0 && figure.fract() == 0.0, "{figure}");
    figure as u64
}

fn event_at(uuid: &str, at: SystemTime) -> String {
    let at = Timestamp::from(at);
    format!(r#"{{"uuid":"{uuid}","timestamp":"{at}"}}"#)
}

fn statuses<'a>(
    counts: impl Iterator<Item = (&'a str, Option<u16>, u64)>,
) -> BTreeMap<String, u64> {
    let mut statuses = BTreeMap::new();
    for (_, status, count) in counts {
        let status = status.map_or("network".to_owned(), |status| status.to_string());
        *statuses.entry(status).or_default() += count;
    }
    statuses
}

#[test]
fn an_archive_is_ready_and_well_though_it_asks_rarely() {
    let mut world = World::new();
    world.config.push_str("\n[archive]\ndir = \"archive\"\n");
    let watched = Watched::start(&mut world, "1s");
    let steps = |watched: &Watched, destination: &str| {
        let figures = watched.figures(&world);
        let of = format!("destination=\"{destination}\"");
        whole(figures.sum("op_dd_step_duration_seconds_count", &[&of]))
    };
    until("Datadog's streams ask again and again", || {
        steps(&watched, "datadog") >= 15
    });
    assert_eq!(steps(&watched, "archive"), 3, "once for each feed");
    assert_eq!(watched.ready(&world).0, 200);
    watched.stop(&world);

    // What came since then is kept by a run that ends.
    world.occur("event");
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
    let objects = files(&world.path("archive"));
    let feeds = Feed::ALL.len();
    assert_eq!(objects.len(), feeds, "{:?}", objects.keys());
}

#[test]
fn figures_agree_with_what_both_ends_have_counted() {
    let mut world = World::new();
    world.config.push_str("start = \"30d\"\n");
    let now = SystemTime::now();
    let day = Duration::from_secs(86_400);
    for number in 0..2_345 {
        let age = if number % 5 == 0 { 2 * day } else { day / 100 };
        let json = event_at(&format!("uuid-{number}"), now - age);
        world.events.insert(Feed::ItemUsages, json).unwrap();
    }
    world.occur("event");
    // Once, so that nothing changes while figures are compared.
    let watched = Watched::start(&mut world, "1h");
    let all = 2_345 + 3;
    let mut figures = watched.figures(&world);
    until("everything is carried", || {
        figures = watched.figures(&world);
        figures.sum("op_dd_events_fetched_total", &[]) == f64::from(all)
    });
    figures.is_linted();

    let usages = [
        r#"account="acme""#,
        r#"feed="itemusages""#,
        r#"destination="datadog""#,
    ];
    let (kept, intake) = (world.datadog.logs().len(), world.datadog.intake());
    assert_eq!(
        whole(figures.sum("op_dd_events_sent_total", &[])),
        kept as u64
    );
    assert_eq!(
        whole(figures.sum("op_dd_events_sent_total", &usages)),
        2_346
    );
    assert_eq!(whole(figures.sum("op_dd_events_late_total", &usages)), 469);
    assert_eq!(whole(figures.sum("op_dd_events_late_total", &[])), 469);
    assert_eq!(whole(figures.sum("op_dd_events_refused_total", &[])), 0);
    assert_eq!(whole(figures.sum("op_dd_retries_total", &[])), 0);
    assert_eq!(whole(figures.sum("op_dd_pages_total", &usages)), 3);
    let bytes = figures.sum("op_dd_payload_bytes_total", &[]);
    assert_eq!(whole(bytes), intake.bytes_decoded);
    let compressed = figures.sum("op_dd_payload_compressed_bytes_total", &[]);
    assert_eq!(whole(compressed), intake.bytes_sent);
    assert_eq!(
        figures.calls("onepassword"),
        statuses(world.events.counts().iter())
    );
    assert_eq!(
        figures.calls("datadog"),
        statuses(world.datadog.counts().iter())
    );
    assert_eq!(
        whole(figures.sum(
            "op_dd_step_duration_seconds_count",
            &[r#"outcome="carried""#, r#"destination="datadog""#]
        )),
        5
    );
    let lag = figures.sum("op_dd_event_lag_seconds", &[r#"feed="auditevents""#]);
    assert!((0.0..120.0).contains(&lag), "{lag}");
    assert!(figures.sum("op_dd_success_lag_seconds", &usages) < 120.0);
    let started = figures.sum("process_start_time_seconds", &[]);
    assert!(started > 1_700_000_000.0, "{started}");
    assert_eq!(figures.samples("op_dd_build_info").count(), 1);
    watched.stop(&world);
}

#[test]
fn what_went_wrong_is_counted_as_both_ends_saw_it() {
    let mut world = World::new();
    world.occur("event");
    let faults = "events:500 events:cut events:401 intake:503x2 intake:cut intake:403";
    for fault in faults.split(' ') {
        let fault = [fault.parse().unwrap()];
        world.events.script(fault);
        world.datadog.script(fault);
    }
    let watched = Watched::start(&mut world, "1h");
    let mut figures = watched.figures(&world);
    until("everything is carried", || {
        figures = watched.figures(&world);
        figures.sum("op_dd_events_fetched_total", &[]) == 3.0
    });
    figures.is_linted();
    assert_eq!(world.arrived(), uuids(&["event"]));
    assert_eq!(world.events.faults_left() + world.datadog.faults_left(), 0);
    assert_eq!(
        figures.calls("onepassword"),
        statuses(world.events.counts().iter())
    );
    assert_eq!(
        figures.calls("datadog"),
        statuses(world.datadog.counts().iter())
    );
    assert_eq!(whole(figures.sum("op_dd_events_sent_total", &[])), 3);
    let retries = whole(figures.sum("op_dd_retries_total", &[]));
    assert_eq!(retries, 7, "one for each fault");
    let failed = figures.sum(
        "op_dd_step_duration_seconds_count",
        &[r#"outcome="failed""#],
    );
    assert_eq!(whole(failed), retries);
    watched.stop(&world);
}

#[test]
fn dead_letters_are_counted() {
    let datadog = FakeDatadog::builder().refuse_containing("POISON");
    let mut world = World::of(FakeEvents::builder(), datadog);
    world.occur("event");
    world.occur_in(Feed::AuditEvents, "POISON");
    let watched = Watched::start(&mut world, "1h");
    let mut figures = watched.figures(&world);
    until("everything is carried", || {
        figures = watched.figures(&world);
        figures.sum("op_dd_events_fetched_total", &[]) == 4.0
    });
    let audit_events = &[r#"feed="auditevents""#];
    for labels in [&audit_events[..], &[]] {
        for name in ["op_dd_events_refused_total", "op_dd_dead_letters"] {
            assert_eq!(whole(figures.sum(name, labels)), 1, "{name}");
        }
    }
    assert_eq!(
        figures.calls("datadog"),
        statuses(world.datadog.counts().iter())
    );
    watched.stop(&world);
}

/// Stands before a server; closed, it cuts every connection and takes none.
struct Gate {
    address: SocketAddr,
    closed: watch::Sender<bool>,
}

impl Gate {
    fn before(world: &World, server: SocketAddr) -> Self {
        let listener = world
            .runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let (closed, seen) = watch::channel(false);
        world.runtime.spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut seen = seen.clone();
                tokio::spawn(async move {
                    if *seen.borrow() {
                        return;
                    }
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = seen.wait_for(|closed| *closed) => {}
                    }
                });
            }
        });
        Self { address, closed }
    }
}

#[test]
fn an_outage_of_either_end_shows_and_is_over_when_it_is_over() {
    let mut world = World::new();
    let events = Gate::before(&world, world.events.address());
    let datadog = Gate::before(&world, world.datadog.address());
    let (own_events, own_datadog) = (
        world.events.url().to_owned(),
        world.datadog.url().to_owned(),
    );
    world.replace(&own_events, &format!("http://{}", events.address));
    world.replace(&own_datadog, &format!("http://{}", datadog.address));
    world.occur("event");
    let watched = Watched::start(&mut world, "1s");
    until("it is ready", || watched.ready(&world).0 == 200);
    until("what there is is carried", || {
        world.datadog.logs().len() == 3
    });
    assert_eq!(watched.get(&world, "/healthz").0, 200);

    for (gate, part) in [(&datadog, "datadog"), (&events, "onepassword")] {
        let before = world.datadog.logs().len();
        gate.closed.send(true).unwrap();
        world.occur(part);
        let mut said = Value::Null;
        until("the outage shows", || {
            let (status, body) = watched.ready(&world);
            said = body;
            status == 503
        });
        for other in ["state", "onepassword", "datadog"] {
            assert_eq!(said[other]["ready"], other != part, "{said}");
        }
        let why = said[part]["why"].as_str().unwrap();
        assert!(why.starts_with("no good answer for "), "{why}");
        assert_eq!(watched.get(&world, "/healthz").0, 200);
        gate.closed.send(false).unwrap();
        until("it is over", || watched.ready(&world).0 == 200);
        until("it goes on", || world.datadog.logs().len() == before + 3);
    }
    watched.stop(&world);
}

#[test]
fn an_address_that_is_taken_is_named_and_keeps_nothing_from_being_carried() {
    let mut world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    world
        .config
        .insert_str(0, &format!("[telemetry]\nlisten = \"{address}\"\n\n"));
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    let of_it = |line: &&str| line.contains("listen of [telemetry]: ");
    let lines: Vec<_> = run.stderr.lines().filter(of_it).collect();
    let [line] = lines[..] else {
        panic!("{run}");
    };
    for words in [
        &*address.to_string(),
        "ERROR",
        "can't be had",
        "choose another address",
        "tried again every minute",
    ] {
        assert!(line.contains(words), "{line}");
    }
    assert!(world.events.counts().total() > 0, "{run}");
}

#[test]
fn without_telemetry_nothing_listens() {
    let world = World::new();
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.stderr.contains("figures at"), "{run}");
}

/// The program in this world as a service's log takes it: in JSON, unless told otherwise.
fn piped(world: &World, arguments: &[&str]) -> Command {
    let ours = world.run(arguments);
    let mut command = Command::new(program("op-dd"));
    command
        .env_clear()
        .envs(&world.environment)
        .current_dir(world.folder.path())
        // Without those that ask for lines for people.
        .args(ours.get_args().skip(2));
    command
}

#[test]
fn log_lines_are_json_where_there_is_no_terminal() {
    let datadog = FakeDatadog::builder().refuse_containing("POISON");
    let mut world = World::of(FakeEvents::builder(), datadog);
    world.set("RUST_LOG", "info,datadog_logs=debug,op_dd=debug");
    world.occur("event");
    world.occur_in(Feed::AuditEvents, "POISON");
    let run = world.checked(Run::of(piped(&world, &["--once", "--patience", "1s"])));
    assert_eq!(run.code, Some(9), "{run}");
    let line = run.line().to_owned();
    assert!(line.contains("dead-letters"), "{line}");

    let lines = run.stderr.lines().filter(|other| **other != line);
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    for line in &lines {
        line["timestamp"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap();
        let (level, message) = (&line["level"], line["message"].as_str().unwrap());
        // One that names the poison is refused, too.
        assert!(
            level == "INFO" || level == "DEBUG" || message == "the intake refuses heartbeats",
            "nothing else is wrong: {line}"
        );
    }
    let carrying = lines.iter().find(|line| {
        let message = line["message"].as_str().unwrap();
        message.starts_with("carrying acme/")
    });
    assert_eq!(carrying.unwrap()["state"], "state");
    let refused = lines
        .iter()
        .find(|line| line["message"] == "an entry is refused");
    let span = &refused.unwrap()["span"];
    assert_eq!(span["name"], "step");
    assert_eq!(span["account"], "acme");
    assert_eq!(span["feed"], "auditevents");
    assert_eq!(span["destination"], "datadog");
    assert_eq!(span["page"], 1);
}

#[test]
fn no_log_line_shows_a_secret_in_either_form() {
    for form in ["json", "human"] {
        let mut world = World::new();
        world.set("RUST_LOG", "trace");
        world.occur("event");
        let faults = "events:401 events:500 events:garbage intake:403 intake:500 intake:garbage";
        for fault in faults.split(' ') {
            let fault = [fault.parse().unwrap()];
            world.events.script(fault);
            world.datadog.script(fault);
        }
        let mut command = piped(&world, &["--once", "--patience", "20s"]);
        command.args(["--log-format", form]);
        let run = world.checked(Run::of(command));
        assert_eq!(run.code, Some(0), "{run}");
        assert!(run.stderr.len() > 10_000, "{run}");
        assert_eq!(run.stderr.starts_with('{'), form == "json");
        assert!(!run.stderr.contains('\u{1b}'), "colours");
    }
}

#[cfg(unix)]
#[test]
fn systemd_is_told() {
    use std::os::unix::net::UnixDatagram;

    let mut world = World::new();
    let path = world.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(crate::program::DEADLINE))
        .unwrap();
    let next = |wanted: &str| {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.contains(wanted) {
                return text;
            }
        }
    };
    world.set("NOTIFY_SOCKET", path.to_str().unwrap());
    world.set("WATCHDOG_USEC", "200000");
    let going = world.going(&[]);
    next("READY=1");
    next("WATCHDOG=1");
    next("WATCHDOG=1");
    going.hang_up();
    let reloading = next("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    next("READY=1");
    going.terminate();
    next("STOPPING=1");
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");

    let going = world.going(&[]);
    let status = next("STATUS=");
    assert!(
        status.starts_with("STATUS=0 events carried, 0 dead letters; "),
        "{status}"
    );
    going.terminate();
    assert_eq!(going.end().code, Some(0));
}

#[test]
fn an_interval_of_heartbeats_can_be_set_and_each_tells_what_came_since_the_one_before() {
    let mut world = World::new();
    world.config.insert_str(
        0,
        "[telemetry]\nheartbeat = \"1s\"\n\n[polling]\ninterval = \"1s\"\n\n",
    );
    world.occur("first");
    let going = world.going(&[]);
    let told = |world: &World| world.told_of();
    until("the first are told of", || told(&world) == 3);
    let before = world.datadog.heartbeats().len();
    until("nothing is told of", || {
        world.datadog.heartbeats().len() > before + 3
    });
    for number in 0..5 {
        world.occur(&format!("more-{number}"));
    }
    until("the others are told of", || told(&world) == 18);
    going.terminate();
    let run = world.checked(going.end());
    assert_eq!(run.code, Some(0), "{run}");

    let kept = world.logs();
    for feed in Feed::ALL {
        let of_feed = |tags: &Value| {
            let tags = tags.as_str().unwrap();
            tags.split(',').any(|tag| tag == format!("feed:{feed}"))
        };
        let kept: Vec<_> = kept
            .iter()
            .filter(|log| of_feed(&log["ddtags"]))
            .map(|log| &log["uuid"])
            .collect();
        assert_eq!(kept.len(), 6);
        let mut rest = &kept[..];
        let heartbeats = world.datadog.heartbeats();
        let said = heartbeats
            .iter()
            .map(|said| serde_json::from_str::<Value>(said).unwrap());
        for said in said.filter(|said| of_feed(&said["ddtags"])) {
            let events = usize::try_from(said["op_dd"]["events"].as_u64().unwrap()).unwrap();
            let (told, after) = rest.split_at(events);
            assert_eq!(said["op_dd"].get("first_uuid"), told.first().copied());
            assert_eq!(said["op_dd"].get("last_uuid"), told.last().copied());
            rest = after;
        }
        assert!(rest.is_empty(), "{feed}: {rest:?}");
    }
}
