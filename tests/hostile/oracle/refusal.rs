use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use onepassword_events::{
    AccessToken, Client, Cursor, EventSource as _, Feed, Pacer, Position, Retry, Transport,
    TransportError,
};

const SIGNATURE: &str = "S3CR3T-S1GNATURE-0F-TH3-T0K3N";

/// Whatever 1Password, or what stands before it, answers to a request, it makes a page or one line of
/// error, short, on one line, and without a piece of the token.
///
/// The input's first line is a status, the second a header's value, the rest a body.
///
/// # Panics
///
/// If that doesn't hold.
pub fn refusal(answer: &[u8]) {
    let mut parts = answer.splitn(3, |&byte| byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let status = str::from_utf8(next())
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let header = HeaderValue::from_bytes(next()).ok();
    let body = Bytes::copy_from_slice(next());
    let mut response = Response::new(body);
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_REQUEST);
    for name in ["retry-after", "date"] {
        if let Some(value) = &header {
            response.headers_mut().insert(name, value.clone());
        }
    }

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(check(response));
}

async fn check(response: Response<Bytes>) {
    let status = response.status().as_u16();
    let claims = URL_SAFE_NO_PAD.encode(r#"{"1password.com/fts":["auditevents"]}"#);
    let token = AccessToken::new(format!("eyJhbGciOiJFUzI1NiJ9.{claims}.{SIGNATURE}")).unwrap();
    let client = Client::builder(token)
        .region(onepassword_events::Region::Europe)
        .pacer(Pacer::new(1_000.0, 1_000))
        .transport(Says(Mutex::new(response)))
        .build()
        .unwrap();
    let position = Position::After(Cursor::new("here").unwrap());
    let Err(error) = client.page(Feed::AuditEvents, &position).await else {
        assert_eq!(status, 200);
        return;
    };
    let text = error.to_string();
    // A message of 200 characters, of 4 bytes at the most.
    assert!(
        text.len() < 1_200 && !text.contains(char::is_control),
        "{text:?}"
    );
    let shown = format!("{text} {error:?}");
    for piece in SIGNATURE.as_bytes().windows(16) {
        assert!(!shown.contains(str::from_utf8(piece).unwrap()), "{shown}");
    }
    if status != 200 {
        assert_eq!(error.status(), Some(status));
    }
    if let Retry::After(wait) = error.retry() {
        assert!(wait <= Retry::LONGEST);
    }
}

struct Says(Mutex<Response<Bytes>>);

#[async_trait]
impl Transport for Says {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Ok(self.0.lock().unwrap().clone())
    }
}
