use std::collections::BTreeSet;
use std::io::Read as _;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use datadog_logs::{
    Answer, ApiKey, Batch, Client, Compression, Delivery, Intake, LogEntry, LogSink as _,
    RefusalReason, Retry, SendError, Site, Transport, TransportError,
};
use http::{HeaderValue, Request, Response, StatusCode};
use serde_json::Value;

/// Enough for the eleventh that is refused, and few enough to be quick.
const MOST_ENTRIES: usize = 16;

/// Whatever the intake answers, a delivery comes to its end, and says of every entry once whether it
/// was accepted or refused: accepted by a 202 alone, refused by a refusal of it alone.
///
/// The input's first line is a number of entries and a compression, each further one an answer:
/// status, `Retry-After` and `Date`, with `;` between. Behind the fortieth, everything is accepted.
///
/// # Panics
///
/// If that doesn't hold.
pub fn answer(script: &[u8]) {
    let text = String::from_utf8_lossy(script);
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let (count, compression) = head.split_once(' ').unwrap_or((head, "none"));
    let count = count.parse::<usize>().unwrap_or(1).min(MOST_ENTRIES);
    let compression = compression.parse().unwrap_or(Compression::None);
    let entries: Vec<_> = (0..count)
        .map(|n| LogEntry::new(format!("entry {n}")))
        .collect();

    let answers: Vec<_> = lines.take(40).map(parse).collect();
    deliver(&entries, compression, &answers);

    let mut script = script.splitn(4, |&byte| byte == b'\n').skip(1);
    let mut next = || script.next().unwrap_or_default();
    speak(&entries, next(), next(), next());
}

fn parse(line: &str) -> Answer<'_> {
    let mut parts = line.splitn(3, ';');
    let status = parts.next().and_then(|status| status.trim().parse().ok());
    Answer::new(status.unwrap_or(202))
        .with_retry_after(parts.next())
        .with_date(parts.next())
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pending,
    /// Refused, for all that can be seen, when it was sent alone.
    Refusable,
    Accepted,
}

fn deliver(entries: &[LogEntry], compression: Compression, answers: &[Answer<'_>]) {
    let site: Site = "datadoghq.eu".parse().unwrap();
    let intake = Intake::new(&site, compression);
    let mut delivery = intake.deliver(entries);
    let mut fates = vec![Fate::Pending; entries.len()];
    let mut answers = answers.iter();
    let mut requests = 0;
    while let Some(batch) = delivery.next_batch().unwrap() {
        requests += 1;
        // Each answer costs a request; each entry may be the only one of its batch.
        assert!(requests <= answers.len() + 3 * entries.len() + requests.min(answers.len() + 500));
        check_batch(&batch, entries, &fates);
        let accept = Answer::new(202);
        let answer = answers.next().unwrap_or(&accept);
        let result = delivery.answered(answer);
        settle(&mut fates, &batch.entries, answer.status);
        if let Err(error) = result {
            check_error(&error, &fates, answer);
        }
    }
    check_end(delivery, &fates);
}

fn check_batch(batch: &Batch, entries: &[LogEntry], fates: &[Fate]) {
    let Range { start, end } = batch.entries.clone();
    assert!(start < end && end <= entries.len() && end - start <= 1_000);
    assert!(batch.bytes <= 5_000_000);
    // Strictly in order, and nothing that was accepted again.
    assert!(fates[..start].iter().all(|fate| *fate != Fate::Pending));
    assert!(fates[start..].iter().all(|fate| *fate != Fate::Accepted));
    let text = unpack(batch);
    assert_eq!(text.len(), batch.bytes);
    let logs: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let messages: Vec<_> = logs
        .iter()
        .map(|log| log["message"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = entries[start..end].iter().map(LogEntry::message).collect();
    assert_eq!(messages, expected);
}

fn unpack(batch: &Batch) -> Vec<u8> {
    match batch.compression {
        Compression::None => batch.body.to_vec(),
        Compression::Gzip => {
            let mut text = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&batch.body[..]);
            decoder.read_to_end(&mut text).unwrap();
            text
        }
        _ => zstd::decode_all(&batch.body[..]).unwrap(),
    }
}

fn settle(fates: &mut [Fate], entries: &Range<usize>, status: u16) {
    match status {
        202 => fates[entries.clone()].fill(Fate::Accepted),
        400 | 413 if entries.len() == 1 => fates[entries.start] = Fate::Refusable,
        _ => {}
    }
}

fn check_error(error: &SendError, fates: &[Fate], answer: &Answer<'_>) {
    let accepted = (0..fates.len()).filter(|&entry| fates[entry] == Fate::Accepted);
    assert_eq!(error.accepted(), accepted.collect::<Vec<_>>());
    for refused in error.refused() {
        assert_eq!(fates[refused.index], Fate::Refusable);
    }
    assert_eq!(error.status(), Some(answer.status));
    check_said(error);
}

fn check_said(error: &SendError) {
    if let Retry::After(wait) = error.retry() {
        assert!(!wait.is_zero() && wait <= Retry::LONGEST);
    }
    let text = error.to_string();
    assert!(
        text.len() < 300 && !text.contains(char::is_control),
        "{text:?}"
    );
}

fn check_end(delivery: Delivery<'_>, fates: &[Fate]) {
    let receipt = delivery.into_receipt();
    let refused: BTreeSet<_> = receipt
        .refused
        .iter()
        .map(|refused| refused.index)
        .collect();
    assert_eq!(refused.len(), receipt.refused.len());
    for refused in &receipt.refused {
        match refused.reason {
            RefusalReason::Rejected { status } => assert_eq!(status, 400),
            RefusalReason::TooLarge { bytes } => assert!(bytes < 100),
            _ => panic!("{refused:?}"),
        }
    }
    for (entry, fate) in fates.iter().enumerate() {
        assert_eq!(
            refused.contains(&entry),
            *fate == Fate::Refusable,
            "{entry}"
        );
        assert_eq!(
            !refused.contains(&entry),
            *fate == Fate::Accepted,
            "{entry}"
        );
    }
    assert_eq!(receipt.accepted + refused.len(), fates.len());
}

/// An intake that says the same to everything.
struct Says(Mutex<(StatusCode, Option<HeaderValue>, Bytes)>);

#[async_trait]
impl Transport for Says {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (status, header, body) = self.0.lock().unwrap().clone();
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        for name in ["retry-after", "date", "content-encoding"] {
            if let Some(value) = &header {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    }
}

/// The same through the client, with headers and a body of any bytes, none of which it repeats.
fn speak(entries: &[LogEntry], status: &[u8], header: &[u8], body: &[u8]) {
    let status = str::from_utf8(status)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::ACCEPTED);
    let header = HeaderValue::from_bytes(header).ok();
    let says = Says(Mutex::new((status, header, Bytes::copy_from_slice(body))));
    let client = Client::builder(ApiKey::new("key").unwrap())
        .transport(Arc::new(says))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        match client.send(entries).await {
            Ok(receipt) => assert_eq!(receipt.accepted + receipt.refused.len(), entries.len()),
            Err(error) => check_said(&error),
        }
        if let Err(error) = client.validate().await {
            check_said(&error);
        }
    });
}
