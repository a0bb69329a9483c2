use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use op_dd_fakes::FakeDatadog;
use reqwest::StatusCode;

use crate::wire::{intake, send, submit};

const BODY: &str = r#"[{"message":"one"},{"message":"two"}]"#;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 1).unwrap()
}

async fn encoded(fake: &FakeDatadog, encoding: &str, body: Vec<u8>) -> u16 {
    send(intake(fake).header("content-encoding", encoding).body(body))
        .await
        .unwrap()
        .status
}

#[tokio::test]
async fn takes_every_documented_encoding_and_zstd() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let plain = BODY.as_bytes();
    for (encoding, body) in [
        ("identity", plain.to_vec()),
        ("gzip", gzip(plain)),
        ("GZIP", gzip(plain)),
        ("deflate", deflate(plain)),
        ("zstd", zstd(plain)),
    ] {
        let before = fake.intake();
        let size = body.len() as u64;
        assert_eq!(encoded(&fake, encoding, body).await, 202, "{encoding}");
        let after = fake.intake();
        assert_eq!(after.logs - before.logs, 2, "{encoding}");
        assert_eq!(after.bytes_sent - before.bytes_sent, size, "{encoding}");
        assert_eq!(
            after.bytes_decoded - before.bytes_decoded,
            plain.len() as u64,
            "{encoding}"
        );
    }
}

#[tokio::test]
async fn refuses_what_is_encoded_otherwise() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for (encoding, body, expected) in [
        ("br", BODY.as_bytes().to_vec(), 415),
        ("gzip, gzip", gzip(BODY.as_bytes()), 415),
        ("gzip", BODY.as_bytes().to_vec(), 400),
        ("zstd", gzip(BODY.as_bytes()), 400),
        ("gzip", gzip(BODY.as_bytes())[..20].to_vec(), 400),
        ("identity", gzip(BODY.as_bytes()), 400),
    ] {
        assert_eq!(encoded(&fake, encoding, body).await, expected, "{encoding}");
    }
    assert_eq!(fake.intake(), op_dd_fakes::IntakeCounts::default());
}

#[tokio::test]
async fn zstd_can_be_refused() {
    for status in [StatusCode::UNSUPPORTED_MEDIA_TYPE, StatusCode::BAD_REQUEST] {
        let fake = FakeDatadog::builder()
            .refuse_zstd(status)
            .start()
            .await
            .unwrap();
        assert_eq!(
            encoded(&fake, "zstd", zstd(BODY.as_bytes())).await,
            status.as_u16()
        );
        assert_eq!(encoded(&fake, "gzip", gzip(BODY.as_bytes())).await, 202);
    }
}

#[tokio::test]
async fn the_type_must_be_said() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for (content_type, expected) in [
        ("application/json", 202),
        ("Application/JSON; charset=utf-8", 202),
        ("text/plain", 400),
    ] {
        let request = crate::wire::client()
            .post(format!("{}/api/v2/logs", fake.url()))
            .header("dd-api-key", fake.api_key())
            .header("content-type", content_type);
        assert_eq!(
            send(request.body(BODY)).await.unwrap().status,
            expected,
            "{content_type}"
        );
    }
}

/// One array, as long as is said, of one entry that is short enough by itself and others like it.
fn array_of_bytes(length: usize) -> String {
    let mut body = String::from("[");
    while length - body.len() > 900_000 {
        body.push_str(&format!(r#"{{"m":"{}"}},"#, "x".repeat(800_000)));
    }
    let rest = length - body.len() - r#"{"m":""}]"#.len();
    body.push_str(&format!(r#"{{"m":"{}"}}]"#, "x".repeat(rest)));
    assert_eq!(body.len(), length);
    body
}

#[tokio::test]
async fn five_million_bytes_and_no_more_however_packed() {
    let fake = FakeDatadog::builder()
        .in_memory(false)
        .start()
        .await
        .unwrap();
    let (most, more) = (array_of_bytes(5_000_000), array_of_bytes(5_000_001));
    for (encoding, pack) in [
        ("identity", (|body| body.to_vec()) as fn(&[u8]) -> Vec<u8>),
        ("gzip", gzip),
        ("deflate", deflate),
        ("zstd", zstd),
    ] {
        assert_eq!(
            encoded(&fake, encoding, pack(most.as_bytes())).await,
            202,
            "{encoding}"
        );
        assert_eq!(
            encoded(&fake, encoding, pack(more.as_bytes())).await,
            413,
            "{encoding}"
        );
    }
}

#[tokio::test]
async fn a_thousand_logs_and_no_more() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let of = |count| format!("[{}]", vec!["{}"; count].join(","));
    assert_eq!(submit(&fake, of(1000)).await.unwrap().status, 202);
    let answer = submit(&fake, of(1001)).await.unwrap();
    assert_eq!((answer.status, fake.intake().logs), (413, 1000));
    assert_eq!(answer.json()["errors"][0]["status"], "413");
}

#[tokio::test]
async fn a_log_that_is_too_long_is_cut_off() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    let of = |length: usize| format!(r#"{{"m":"{}"}}"#, "x".repeat(length - 8));
    assert_eq!(submit(&fake, of(1_000_000)).await.unwrap().status, 202);
    assert_eq!(submit(&fake, of(1_000_001)).await.unwrap().status, 202);
    assert_eq!((fake.intake().logs, fake.intake().truncated), (1, 1));
}

#[tokio::test]
async fn only_objects_are_logs() {
    let fake = FakeDatadog::builder().start().await.unwrap();
    for body in [
        "",
        "null",
        "1",
        r#""text""#,
        "[1]",
        r#"[{"a":1},null]"#,
        "[{}",
        "{}{}",
    ] {
        assert_eq!(submit(&fake, body).await.unwrap().status, 400, "{body}");
    }
    assert_eq!(submit(&fake, "[]").await.unwrap().status, 202);
    assert_eq!(fake.intake().logs, 0);
}

#[tokio::test]
async fn poison_refuses_the_whole_batch() {
    let fake = FakeDatadog::builder()
        .refuse_containing(r#""uuid":"BAD""#)
        .refuse_if(|entry| entry.len() > 100)
        .start()
        .await
        .unwrap();
    let long = format!(r#"[{{}},{{"m":"{}"}}]"#, "x".repeat(100));
    for body in [r#"[{"uuid":"GOOD"},{ "uuid" : "BAD" }]"#, long.as_str()] {
        let answer = submit(&fake, body).await.unwrap();
        assert_eq!(answer.status, 400);
        assert!(!answer.body.contains("BAD"), "no word on which it was");
    }
    assert_eq!(
        submit(&fake, r#"[{"uuid":"GOOD"}]"#).await.unwrap().status,
        202
    );
    assert_eq!(fake.intake().logs, 1);
}
