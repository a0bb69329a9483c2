use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use op_dd_fakes::{Clock, FakeDatadog, FakeEvents, Feed};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

/// Noon of 1 May 2026, the present of these tests.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_636_800)
}

/// A clock and the hand that moves it.
pub(crate) fn clock() -> (Clock, Arc<Mutex<SystemTime>>) {
    let hand = Arc::new(Mutex::new(noon()));
    let clock = Clock::new({
        let hand = Arc::clone(&hand);
        move || *hand.lock().unwrap()
    });
    (clock, hand)
}

pub(crate) fn event(number: usize, timestamp: &str) -> String {
    format!(r#"{{"uuid":"{number}","timestamp":"{timestamp}"}}"#)
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn cursor(&self) -> String {
        self.json()["cursor"].as_str().unwrap().to_owned()
    }

    pub(crate) fn has_more(&self) -> bool {
        self.json()["has_more"].as_bool().unwrap()
    }

    pub(crate) fn uuids(&self) -> Vec<String> {
        let page = self.json();
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["uuid"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response: Response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer {
        status,
        headers,
        body: response.text().await?,
    })
}

/// Asks a feed, with the first token of the fake.
pub(crate) async fn ask(
    fake: &FakeEvents,
    feed: Feed,
    body: impl Into<String>,
) -> reqwest::Result<Answer> {
    let request = client()
        .post(format!("{}{}", fake.url(), feed.path()))
        .bearer_auth(fake.token())
        .header("content-type", "application/json");
    send(request.body(body.into())).await
}

/// Asks a feed for what follows.
pub(crate) async fn ask_after(fake: &FakeEvents, feed: Feed, cursor: &str) -> Answer {
    ask(fake, feed, format!(r#"{{"cursor":"{cursor}"}}"#))
        .await
        .unwrap()
}

/// A request to the intake, with the first key of the fake and without a body.
pub(crate) fn intake(fake: &FakeDatadog) -> RequestBuilder {
    client()
        .post(format!("{}/api/v2/logs", fake.url()))
        .header("dd-api-key", fake.api_key())
        .header("content-type", "application/json")
}

/// Sends logs as they are.
pub(crate) async fn submit(fake: &FakeDatadog, body: impl Into<String>) -> reqwest::Result<Answer> {
    send(intake(fake).body(body.into())).await
}

/// A request to the management API, with both keys of the fake and without a body.
pub(crate) fn manage(fake: &FakeDatadog, method: &str, target: &str) -> RequestBuilder {
    client()
        .request(method.parse().unwrap(), format!("{}{target}", fake.url()))
        .header("dd-api-key", fake.api_key())
        .header("dd-application-key", fake.application_key())
        .header("content-type", "application/json")
}

/// Asks the management API, without a body if that is null.
pub(crate) async fn ask_for(
    fake: &FakeDatadog,
    method: &str,
    target: &str,
    body: &Value,
) -> Answer {
    let request = manage(fake, method, target);
    let request = match body {
        Value::Null => request,
        body => request.body(body.to_string()),
    };
    send(request).await.unwrap()
}

/// Sets or takes away what is at a place.
pub(crate) fn set(value: &mut Value, place: &str, to: Option<Value>) {
    let (holder, name) = place.rsplit_once('/').unwrap();
    let holder = value.pointer_mut(holder).unwrap();
    match (holder, to) {
        (Value::Array(items), Some(to)) => items[name.parse::<usize>().unwrap()] = to,
        (Value::Object(members), Some(to)) => drop(members.insert(name.to_owned(), to)),
        (Value::Object(members), None) => assert!(members.remove(name).is_some(), "{place}"),
        (other, _) => panic!("{place}: {other}"),
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}
