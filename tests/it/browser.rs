//! A real browser without a window, driven by its driver: plain JSON over HTTP (`WebDriver`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says by panicking what is wrong, and aloud what it skipped"
)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What a closed network asks for: the browser shall look for nothing by itself.
const ARGUMENTS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The browser, and its driver. Dropped, both end.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Child,
    address: String,
    session: Option<String>,
    profile: TempDir,
}

impl Browser {
    /// Starts it; none, if there is none on this machine, which is said aloud.
    pub(crate) fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let (true, Ok(mut driver)) = (is_there("chromium"), command.spawn()) else {
            eprintln!("SKIPPED: there is no chromium or no chromedriver on this machine");
            return None;
        };
        // It says where it listens, and goes on to say nothing of interest.
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let mut ports = lines.map_while(Result::ok).filter_map(|line| {
            let (_, port) = line.trim_end_matches('.').rsplit_once(" on port ")?;
            port.parse::<u16>().ok().filter(|port| *port != 0)
        });
        let port = ports.next().unwrap();
        let mut browser = Self {
            runtime: Runtime::new().unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
            driver,
            address: format!("http://127.0.0.1:{port}"),
            session: None,
            profile: TempDir::new().unwrap(),
        };
        let profile = format!("--user-data-dir={}", browser.profile.path().display());
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([profile.as_str()]).collect();
        let session = browser.post(
            "session",
            &json!({"capabilities": {"alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": arguments},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }}}),
        );
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        // It begins with a page of its own, which asks for a lot.
        browser.ask("url", &json!({"url": "about:blank"}));
        browser.log("browser");
        browser.log("performance");
        Some(browser)
    }

    /// Opens a file, and waits until it is there.
    pub(crate) fn open(&self, file: &Path) {
        self.ask("url", &json!({"url": format!("file://{}", file.display())}));
    }

    /// What the body of a function gives.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Makes the page as wide as this.
    pub(crate) fn resize(&self, width: u32) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", &size);
    }

    /// `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.command(
            "Emulation.setEmulatedMedia",
            &json!({"features": [feature]}),
        );
    }

    /// The entries of a log since it was last asked for: `browser` is what is in the console, `performance`
    /// what goes over the network.
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.ask("se/log", &json!({"type": kind}));
        entries.as_array().unwrap().clone()
    }

    fn command(&self, name: &str, parameters: &Value) {
        self.ask(
            "goog/cdp/execute",
            &json!({"cmd": name, "params": parameters}),
        );
    }

    fn ask(&self, what: &str, body: &Value) -> Value {
        let session = self.session.as_deref().unwrap();
        self.post(&format!("session/{session}/{what}"), body)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.request(Method::POST, path, body).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["value"].get("error").is_none(), "{path}: {answer}");
        answer["value"].clone()
    }

    fn request(&self, method: Method, path: &str, body: &Value) -> reqwest::Result<String> {
        let request = self
            .client
            .request(method, format!("{}/{path}", self.address));
        let request = request.body(body.to_string());
        self.runtime
            .block_on(async { request.send().await?.text().await })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser, and is ended itself. Errors say that they have ended already.
        if let Some(session) = self.session.take() {
            let _ = self.request(Method::DELETE, &format!("session/{session}"), &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
