use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};

use crate::server::Reply;

/// What the management API is to answer to the next request of one sort, instead of doing what it asks for.
///
/// ```
/// use std::time::Duration;
/// use http::{Method, StatusCode};
/// use op_dd_fakes::Refusal;
///
/// let body = r#"{"errors":["Invalid rule configuration"]}"#;
/// let one = Refusal::new(Method::POST, "/api/v2/security_monitoring/rules", StatusCode::BAD_REQUEST, body)
///     .containing("mfa-disabled")
///     .times(3);
/// let wait = Refusal::rate_limit(Method::GET, "/api/v1/dashboard", Duration::from_secs(2));
/// ```
#[derive(Debug, Clone)]
#[must_use = "it refuses nothing before it is given to a fake"]
pub struct Refusal {
    method: Method,
    path: String,
    containing: String,
    times: u64,
    status: StatusCode,
    body: String,
    /// Seconds until the limit is lifted.
    reset: Option<u64>,
}

impl Refusal {
    /// A refusal of the next request with this method and this very path, the query left aside.
    pub fn new(
        method: Method,
        path: impl Into<String>,
        status: StatusCode,
        body: impl Into<String>,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            containing: String::new(),
            times: 1,
            status,
            body: body.into(),
            reset: None,
        }
    }

    /// A 429 with Datadog's `X-RateLimit-…` headers, of which `X-RateLimit-Reset` says after how many seconds the
    /// client may come again.
    pub fn rate_limit(method: Method, path: impl Into<String>, reset: Duration) -> Self {
        let body = r#"{"errors":["Too many requests"]}"#;
        let mut refusal = Self::new(method, path, StatusCode::TOO_MANY_REQUESTS, body);
        refusal.reset = Some(reset.as_secs() + u64::from(reset.subsec_nanos() > 0));
        refusal
    }

    /// Only for a request whose body has this text in it, by which one object among many is meant.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.containing = text.into();
        self
    }

    /// For so many requests; 1 without this call.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// The answer of the first of these that is meant for the request, if there is one.
    pub(crate) fn take(refusals: &mut Vec<Self>, request: &Request<Bytes>) -> Option<Reply> {
        refusals.retain(|refusal| refusal.times > 0);
        let refusal = refusals
            .iter_mut()
            .find(|refusal| refusal.is_meant_for(request))?;
        refusal.times -= 1;
        Some(refusal.reply())
    }

    fn is_meant_for(&self, request: &Request<Bytes>) -> bool {
        let body = String::from_utf8_lossy(request.body());
        request.method() == self.method
            && request.uri().path() == self.path
            && body.contains(&self.containing)
    }

    fn reply(&self) -> Reply {
        let mut reply = Reply::json(self.status, self.body.clone());
        if let Some(reset) = self.reset
            && let Reply::Send(response, _) = &mut reply
        {
            let headers = response.headers_mut();
            headers.insert("x-ratelimit-limit", HeaderValue::from_static("100"));
            headers.insert("x-ratelimit-period", HeaderValue::from_static("60"));
            headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
            headers.insert("x-ratelimit-reset", reset.into());
        }
        reply
    }
}
