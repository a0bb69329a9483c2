//! The handbook (`docs/operate.md`): its commands are run, and its metrics, exit codes and messages
//! are the program's.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use datadog_logs::Site;
use onepassword_events::Region;
use op_dd_fakes::{FakeDatadog, FakeEvents, Feed, TokenClaims};

use crate::program::{Going, KEY, Run, World, op_dd, token, until, uuids};

/// Commands that can't be run here, and what stands in for them. Each is in the handbook.
const NOT_RUN: &[(&str, &str, Meanwhile)] = &[
    (
        "cargo install --locked --path crates/op-dd-cli",
        "the program is built already, and its place is not to be written to",
        Meanwhile::Nothing,
    ),
    (
        "sudo install -m 0755 ~/.cargo/bin/op-dd /usr/local/bin/op-dd",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "install -D -m 0644 deploy/systemd/op-dd.sysusers /etc/sysusers.d/op-dd.conf",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "systemd-sysusers op-dd.conf",
        "changes the machine; systemd.rs has it done in a folder",
        Meanwhile::Nothing,
    ),
    (
        "install -D -m 0644 deploy/systemd/op-dd.service /etc/systemd/system/op-dd.service",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "install -D -m 0644 op-dd.toml /etc/op-dd/op-dd.toml",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "install -d -m 0750 -g op-dd /etc/op-dd/secrets",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "install -d -m 0700 -o op-dd -g op-dd /var/lib/op-dd",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "install -m 0640 -g op-dd /dev/stdin /etc/op-dd/secrets/datadog_api_key",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "install -m 0640 -g op-dd /dev/stdin /etc/op-dd/secrets/acme_token",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "openssl rand -base64 32 \
         | install -m 0640 -g op-dd /dev/stdin /etc/op-dd/secrets/hash_key",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "cd /etc/op-dd",
        "the reader's folder stands in for it",
        Meanwhile::Nothing,
    ),
    (
        "alias op-dd='sudo -u op-dd /usr/local/bin/op-dd'",
        "there is no such user here",
        Meanwhile::Nothing,
    ),
    (
        "systemctl daemon-reload",
        "systemd isn't at work here; systemd.rs has the units judged",
        Meanwhile::Nothing,
    ),
    (
        "systemctl enable --now op-dd",
        "the program that the handbook has started before is at work",
        Meanwhile::Nothing,
    ),
    (
        "install -m 0644 deploy/systemd/op-dd-once.service deploy/systemd/op-dd-once.timer \
         /etc/systemd/system",
        "changes the machine",
        Meanwhile::Nothing,
    ),
    (
        "systemctl disable --now op-dd",
        "the one of both that isn't chosen here",
        Meanwhile::Nothing,
    ),
    (
        "systemctl enable --now op-dd-once.timer",
        "the one of both that isn't chosen here",
        Meanwhile::Nothing,
    ),
    (
        "systemctl reload op-dd",
        "the same signal is sent",
        Meanwhile::Reload,
    ),
    (
        "systemctl stop op-dd",
        "the same signal is sent",
        Meanwhile::Stop,
    ),
    (
        "systemctl start op-dd",
        "the program is started",
        Meanwhile::Start,
    ),
    (
        "podman build --file deploy/container/Containerfile --tag op-dd .",
        "there is no engine; container.rs builds the image by hand",
        Meanwhile::Nothing,
    ),
    (
        "podman run --name op-dd --detach --read-only --stop-timeout 20 --env DD_API_KEY \
         --env OP_EVENTS_TOKEN --publish 127.0.0.1:9464:9464 --volume op-dd:/var/lib/op-dd \
         --volume ./op-dd.toml:/etc/op-dd/op-dd.toml:ro op-dd",
        "there is no engine; container.rs runs the image",
        Meanwhile::Nothing,
    ),
    (
        "sudo jq . /var/lib/op-dd/dead-letters/acme/auditevents/datadog.ndjson",
        "nothing is refused here",
        Meanwhile::Nothing,
    ),
    (
        "kubectl create namespace op-dd",
        "there is no cluster; kubernetes.rs reads the manifest",
        Meanwhile::Nothing,
    ),
    (
        "kubectl -n op-dd create secret generic op-dd --from-file=datadog_api_key \
         --from-file=acme_token",
        "there is no cluster",
        Meanwhile::Nothing,
    ),
    (
        "kubectl apply -f deploy/kubernetes/op-dd.yaml",
        "there is no cluster",
        Meanwhile::Nothing,
    ),
];

/// What is done to the program in the place of a command.
#[derive(Clone, Copy)]
enum Meanwhile {
    Nothing,
    Start,
    Reload,
    Stop,
}

const APPLICATION_KEY: &str = "SECRETapplicationkey00000000000000000000";

/// The command that stays.
const STAYS: &str = "op-dd run --config op-dd.toml";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn handbook() -> String {
    fs::read_to_string(root().join("docs/operate.md")).unwrap()
}

/// The commands of all console blocks, in their order.
fn commands(handbook: &str) -> Vec<String> {
    let blocks = handbook.split("```console\n").skip(1);
    let blocks = blocks.map(|rest| rest.split_once("```").unwrap().0);
    let blocks = blocks.map(|block| block.split("\\\n").map(str::trim_start).collect::<String>());
    let lines: Vec<_> = blocks
        .flat_map(|b| b.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(lines.len() > 20, "{lines:?}");
    lines
}

/// The rows of the table with this heading, each with its cells.
fn table(handbook: &str, heading: &str) -> Vec<Vec<String>> {
    let mut lines = handbook.lines();
    let heading = format!("| {heading} |");
    lines.find(|line| line.starts_with(&heading)).unwrap();
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    });
    rows.collect()
}

/// What stands between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A person who follows the handbook, in a folder, with fakes of both ends.
struct Reader {
    world: World,
    telemetry: String,
    going: Option<Going>,
    /// What the program that stayed has said, each time it was ended.
    ended: Vec<Run>,
}

impl Reader {
    fn new() -> Self {
        // As the tokens of 1Password do, it ends one day.
        let end = SystemTime::now() + Duration::from_secs(90 * 86_400);
        let claims = TokenClaims::default().expires_at(end);
        let datadog = FakeDatadog::builder().application_key(APPLICATION_KEY);
        let mut world = World::of(FakeEvents::builder(), datadog);
        let token = token(&claims, "reader");
        world.events.accept(&token, Feed::ALL);
        world.environment = [
            ("OP_EVENTS_TOKEN", token),
            ("DD_API_KEY", KEY.to_owned()),
            ("DD_APP_KEY", APPLICATION_KEY.to_owned()),
        ]
        .into();
        world.occur("first");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let telemetry = listener.local_addr().unwrap().to_string();
        Self {
            world,
            telemetry,
            going: None,
            ended: Vec::new(),
        }
    }

    /// The person's four lines, and the fakes in the place of the real servers.
    fn edit(&self) {
        let path = self.world.path("op-dd.toml");
        let mut text = fs::read_to_string(&path).unwrap();
        for (from, to) in [
            (
                "site = \"datadoghq.eu\"",
                format!("url = \"{0}\"\napi_url = \"{0}\"", self.world.datadog.url()),
            ),
            (
                "token = \"env:OP_EVENTS_TOKEN\"",
                format!(
                    "token = \"env:OP_EVENTS_TOKEN\"\nurl = \"{}\"",
                    self.world.events.url()
                ),
            ),
            (
                "#app_key = \"env:DD_APP_KEY\"",
                "app_key = \"env:DD_APP_KEY\"".to_owned(),
            ),
            (
                "#[telemetry]",
                format!("[telemetry]\nlisten = \"{}\"", self.telemetry),
            ),
            ("#[state]", "[state]\ndir = \"state\"".to_owned()),
        ] {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replacen(from, &to, 1);
        }
        fs::write(path, text).unwrap();
    }

    fn shell(&self, line: &str) -> Command {
        let program = op_dd().get_program().to_owned();
        let folder = Path::new(&program).parent().unwrap().to_owned();
        let mut command = Command::new("bash");
        command
            .env_clear()
            .envs(&self.world.environment)
            .env("HOME", self.world.folder.path())
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
            .current_dir(self.world.folder.path())
            .args(["-euo", "pipefail", "-c"])
            .arg(
                line.replace("127.0.0.1:9464", &self.telemetry)
                    .replace("/var/lib/op-dd", "state"),
            );
        command
    }

    fn start(&mut self) {
        assert!(self.going.is_none(), "it is at work already");
        let command = self.shell(&format!("exec {STAYS}"));
        self.going = Some(Going::start(command, self.world.folder.path()));
        until("it carries", || {
            let said = fs::read_to_string(self.world.path("stderr")).unwrap();
            said.contains("carrying acme/") && self.is_ready()
        });
        // Something happens meanwhile, and is carried.
        let name = format!("after-{}", self.ended.len());
        self.world.occur(&name);
        let expected = uuids(&[&name]);
        until("what happens is carried", || {
            let arrived = self.arrived();
            expected.iter().all(|uuid| arrived.contains(uuid))
        });
    }

    /// The events that arrived; the log of a check is none.
    fn arrived(&self) -> Vec<String> {
        let logs = self.world.logs();
        let uuids = logs.iter().filter_map(|log| log["uuid"].as_str());
        uuids.map(ToOwned::to_owned).collect()
    }

    fn is_ready(&self) -> bool {
        let ask = "curl --fail --silent http://127.0.0.1:9464/readyz";
        Run::of(self.shell(ask)).code == Some(0)
    }

    fn stop(&mut self) {
        let going = self.going.take().unwrap();
        going.terminate();
        let run = self.world.checked(going.end());
        assert_eq!(run.code, Some(0), "{run}");
        self.ended.push(run);
    }

    fn reload(&self) {
        let going = self.going.as_ref().unwrap();
        let pid = going.child.id().to_string();
        let told = Command::new("kill").args(["-HUP", &pid]).status();
        assert!(told.unwrap().success());
        until("secrets are read again", || {
            let said = fs::read_to_string(self.world.path("stderr")).unwrap();
            said.contains("secrets are read again")
        });
    }

    /// Does what a line of the handbook says.
    fn follow(&mut self, line: &str) -> Run {
        if line == STAYS {
            self.start();
            return Run {
                code: Some(0),
                stdout: String::new(),
                stderr: String::new(),
            };
        }
        let run = self.world.checked(Run::of(self.shell(line)));
        assert_eq!(run.code, Some(0), "{line}: {run}");
        if line == "op-dd config example > op-dd.toml" {
            self.edit();
        }
        run
    }
}

#[test]
fn every_command_of_the_handbook_does_what_it_says() {
    let commands = commands(&handbook());
    for (listed, why, _) in NOT_RUN {
        assert!(commands.iter().any(|c| c == listed), "{listed} ({why})");
    }
    let mut reader = Reader::new();
    let mut said = BTreeMap::new();
    for line in &commands {
        match NOT_RUN.iter().find(|(listed, ..)| line == listed) {
            Some((_, _, Meanwhile::Nothing)) => {}
            Some((_, _, Meanwhile::Start)) => reader.start(),
            Some((_, _, Meanwhile::Reload)) => reader.reload(),
            Some((_, _, Meanwhile::Stop)) => reader.stop(),
            None => {
                let run = reader.follow(line);
                said.insert(line.as_str(), run.stdout);
            }
        }
    }
    reader.stop();

    // What it promises of some of them.
    let arrived = reader.arrived();
    for uuid in uuids(&["first"]) {
        assert!(arrived.contains(&uuid), "{uuid}: {arrived:?}");
    }
    let list = &said["op-dd backfill --config op-dd.toml --list"];
    assert!(list.contains("acme") && list.contains("done"), "{list}");
    let kept = fs::read_to_string(reader.world.path("state/changes.ndjson")).unwrap();
    assert!(kept.contains("an index lost them"), "{kept}");

    // Every metric that is scraped is explained, and no other.
    let scrape = &said["curl --fail --silent http://127.0.0.1:9464/metrics"];
    let scraped: BTreeSet<_> = scrape
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let handbook = handbook();
    let rows = table(&handbook, "metric");
    let explained: BTreeSet<_> = rows.iter().flat_map(|row| code(&row[0])).collect();
    assert_eq!(explained, scraped, "{scrape}");
}

#[test]
fn every_exit_code_of_the_handbook_is_in_the_help_and_the_other_way_round() {
    let rows = table(&handbook(), "code");
    let written: Vec<_> = rows
        .iter()
        .map(|row| row[0].parse::<u8>().unwrap())
        .collect();
    let mut command = op_dd();
    command.arg("--help");
    let help = Run::of(command).stdout;
    let (_, codes) = help.split_once("Exit codes:").unwrap();
    let listed: BTreeSet<u8> = codes
        .lines()
        .filter(|line| line.starts_with("  "))
        .flat_map(|line| line.split("  ").map(str::trim))
        .filter_map(|word| word.parse().ok())
        .collect();
    assert_eq!(written, listed.into_iter().collect::<Vec<_>>(), "{help}");
}

#[test]
fn every_key_of_the_configuration_is_in_the_handbook() {
    let mut command = op_dd();
    command.args(["config", "example"]);
    let example = Run::of(command).stdout;
    let handbook = handbook();
    let rows = table(&handbook, "table");
    let known: BTreeSet<_> = rows.iter().flat_map(|row| code(&row[1])).collect();
    let keys = example.lines().filter_map(|line| {
        let (key, _) = line.trim_start_matches('#').split_once(" = ")?;
        let is_key = key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        (is_key && !key.is_empty()).then_some(key)
    });
    let keys: BTreeSet<_> = keys.collect();
    assert!(keys.len() > 25, "{keys:?}");
    let missing: Vec<_> = keys.difference(&known).collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

#[test]
fn every_host_that_is_asked_is_in_the_handbook() {
    let rows = table(&handbook(), "region or site");
    let written: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().flat_map(|cell| code(cell)).collect())
        .collect();
    let mut asked: Vec<_> = Region::ALL
        .map(|region| vec![region.to_string(), region.host().to_owned()])
        .into();
    let host = |url: &str| url.split('/').nth(2).unwrap().to_owned();
    for site in [
        Site::US1,
        Site::US3,
        Site::US5,
        Site::EU1,
        Site::AP1,
        Site::AP2,
        Site::UK1,
        Site::US1_FED,
        Site::US2_FED,
    ] {
        asked.push(vec![
            site.to_string(),
            host(site.intake_url().as_str()),
            host(site.api_url().as_str()),
        ]);
    }
    assert_eq!(written, asked);
}

/// The texts of the crates' sources, in which a string that goes on in the next line is one.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                all += &sources(&path);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let mut pieces = text.split("\\\n");
            all += pieces.next().unwrap_or_default();
            all.extend(pieces.map(str::trim_start));
        }
    }
    all
}

#[test]
fn every_message_of_the_trouble_table_is_the_programs_own() {
    let mut all = String::new();
    for package in [
        "onepassword-events",
        "datadog-logs",
        "op-dd-bridge",
        "op-dd-cli",
    ] {
        all += &sources(&root().join("crates").join(package).join("src"));
    }
    let rows = table(&handbook(), "message");
    assert!(rows.len() > 15, "{rows:?}");
    for row in rows {
        let message = code(&row[0]).next().unwrap();
        for piece in message.split(" … ") {
            assert!(all.contains(piece), "nothing says: {piece}");
        }
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}
