//! An organisation of Datadog's, as far as the fake is one, and content of one's own to install there.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use http::Method;
use op_dd_fakes::{FakeDatadog, FakeDatadogBuilder, FakeEvents};
use serde_json::{Value, json};

use crate::program::{KEY, Run, World};

pub(crate) const APPLICATION_KEY: &str = "SECRETapplicationkey00000000000000000000";

pub(crate) const RULES: &str = "/api/v2/security_monitoring/rules";

/// Datadog, and a folder `own` of content: one file of each kind, and one more rule.
pub(crate) struct Organisation(pub(crate) World);

impl Organisation {
    pub(crate) fn new() -> Self {
        Self::of(FakeDatadog::builder())
    }

    pub(crate) fn of(datadog: FakeDatadogBuilder) -> Self {
        let datadog = datadog.application_key(APPLICATION_KEY);
        let mut world = World::of(FakeEvents::builder(), datadog);
        world.set("APPLICATION_KEY", APPLICATION_KEY);
        // No account is needed.
        world.config = format!(
            "[datadog]\napi_url = \"{}\"\napi_key = \"env:DATADOG_KEY\"\napp_key = \"env:APPLICATION_KEY\"\n",
            world.datadog.url()
        );
        let organisation = Self(world);
        organisation.write("rules/own-rule.json", &rule("Own"));
        organisation.write("rules/other-rule.json", &rule("Other"));
        let monitor = json!({
            "name": "Own monitor",
            "type": "log alert",
            "query": "logs(\"source:op-dd\").index(\"*\").rollup(\"count\").last(\"15m\") < 1",
            "message": "It is silent.",
            "options": {"thresholds": {"critical": 1}},
        });
        organisation.write("monitors/own-monitor.json", &monitor);
        let board = json!({
            "title": "Own board",
            "layout_type": "ordered",
            "widgets": [{"definition": {"type": "note", "content": "Hello"}}],
        });
        organisation.write("dashboards/own-board.json", &board);
        let pipeline = json!({
            "name": "Own pipeline",
            "is_enabled": true,
            "filter": {"query": "source:own"},
            "processors": [],
        });
        organisation.write("pipelines/own-pipeline.json", &pipeline);
        organisation
    }

    pub(crate) fn write(&self, file: &str, json: &Value) {
        let path = self.0.path("own").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{json:#}\n")).unwrap();
    }

    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.0.path("own").join(file)).unwrap();
    }

    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.0.path("own").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Where in a file the value of this member begins, as editors name it.
    pub(crate) fn place(&self, file: &str, member: &str) -> String {
        let name = format!("\"{member}\": ");
        let all = fs::read_to_string(self.0.path("own").join(file)).unwrap();
        let (line, column) = all
            .lines()
            .enumerate()
            .find_map(|(at, line)| Some((at + 1, line.find(&name)? + name.len() + 1)))
            .unwrap();
        format!("own/{file}:{line}:{column}")
    }

    /// Runs `op-dd content` with the folder. No key is ever shown.
    pub(crate) fn content(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["content", "--dir", "own"];
        all.extend(arguments);
        all.extend(["--config", "op-dd.toml"]);
        self.0.checked(Run::of(self.0.command(&all)))
    }

    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let run = self.content(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run}");
        run.stdout
    }

    /// Everything that is in Datadog, by id.
    pub(crate) fn all(&self) -> BTreeMap<String, Value> {
        let datadog = &self.0.datadog;
        let mut all = datadog.dashboards();
        all.extend(datadog.rules());
        all.extend(datadog.monitors());
        all.extend(datadog.pipelines());
        all
    }

    /// The object of this name or title.
    pub(crate) fn named(&self, name: &str) -> (String, Value) {
        let all = self.all();
        let mut named = all
            .into_iter()
            .filter(|(_, object)| object["name"] == name || object["title"] == name);
        named.next().unwrap()
    }

    /// What changed something in Datadog, since so many requests.
    pub(crate) fn changes(&self, since: usize) -> Vec<String> {
        let requests = self.0.datadog.requests();
        let changes = requests[since..]
            .iter()
            .filter(|request| request.method != Method::GET);
        changes
            .map(|request| format!("{} {}", request.method, request.uri.path()))
            .filter(|call| !call.ends_with("/validation") && !call.ends_with("/validate"))
            .collect()
    }

    pub(crate) fn so_far(&self) -> usize {
        self.0.datadog.requests().len()
    }

    /// What a person does in Datadog by hand.
    pub(crate) fn by_hand(&self, method: &str, path: &str, body: &Value) {
        let host = self
            .0
            .datadog
            .url()
            .strip_prefix("http://")
            .unwrap()
            .to_owned();
        let body = body.to_string();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ndd-api-key: {KEY}\r\n\
             dd-application-key: {APPLICATION_KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

pub(crate) fn rule(name: &str) -> Value {
    json!({
        "name": name,
        "type": "log_detection",
        "isEnabled": true,
        "message": "Look at it.",
        "tags": ["source:1password"],
        "queries": [{
            "query": "source:1password @evt.name:x",
            "aggregation": "count",
            "groupByFields": ["@usr.email"],
        }],
        "cases": [{"status": "high", "condition": "a > 0"}],
        "options": {
            "detectionMethod": "threshold",
            "evaluationWindow": 300,
            "keepAlive": 3600,
            "maxSignalDuration": 86400,
        },
    })
}
