//! The key, and what the intake answers, are shown nowhere.

use std::error::Error;
use std::fmt::Write;

use bytes::Bytes;
use datadog_logs::{ApiKey, LogSink, TransportErrorKind};
use http::Response;

use crate::entries;
use crate::transport::{FakeIntake, broken};

const KEY: &str = "sesame-0123456789abcdef";
const ECHO: &str = "the payload, echoed";

fn everything(error: &impl Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    text
}

#[tokio::test(start_paused = true)]
async fn neither_key_nor_answer_is_shown() {
    let key = ApiKey::new(format!("{KEY}\n")).unwrap();
    let mut shown = vec![format!("{key} {key:?}")];
    for status in [200, 301, 401, 403, 408, 415, 429, 500] {
        let intake = FakeIntake::new(move |_| {
            Ok(Response::builder()
                .status(status)
                .body(Bytes::from(format!("{ECHO} {KEY}")))
                .unwrap())
        });
        let builder = datadog_logs::Client::builder(key.clone()).transport(intake);
        shown.push(format!("{builder:?}"));
        let client = builder.build().unwrap();
        shown.push(format!("{client:?} {client:#?}"));
        shown.push(everything(&client.send(&entries(1)).await.unwrap_err()));
        shown.push(everything(&client.submit(&entries(1)).await.unwrap_err()));
        shown.push(everything(&client.validate().await.unwrap_err()));
    }
    let intake = FakeIntake::new(|_| broken(TransportErrorKind::Connect));
    let client = datadog_logs::Client::builder(key)
        .transport(intake.clone())
        .build()
        .unwrap();
    shown.push(everything(&client.send(&entries(1)).await.unwrap_err()));
    shown.push(format!("{:?}", intake.requests()));

    for text in shown {
        assert!(!text.contains("sesame") && !text.contains(ECHO), "{text}");
    }
}
