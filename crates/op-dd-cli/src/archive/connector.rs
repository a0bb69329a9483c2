use std::time::Duration;

use async_trait::async_trait;
use datadog_logs::{ReqwestTransport, Transport as _, TransportErrorKind};
use http::Request;
use http::header::{HeaderValue, USER_AGENT};
use http::uri::Scheme;
use http_body_util::BodyExt as _;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest,
    HttpResponse, HttpService,
};
use object_store::{ClientOptions, Result};
use tokio::time;

use crate::assembly;

/// What object stores are spoken to through: the same transport as Datadog's, with its proxy, certificate
/// authorities and time limits, and without redirects.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    transport: ReqwestTransport,
    timeout: Duration,
}

#[derive(Debug)]
struct Connection {
    connector: Connector,
    /// Whether it may go without TLS, as to a machine's own metadata.
    plain: bool,
}

impl Connector {
    pub(crate) fn new(transport: ReqwestTransport, timeout: Duration) -> Self {
        Self { transport, timeout }
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let allowed = options.get_config_value(&ClientConfigKey::AllowHttp);
        let allowed = allowed.unwrap_or_default().to_ascii_lowercase();
        Ok(HttpClient::new(Connection {
            connector: self.clone(),
            plain: ["1", "true", "on", "yes", "y"].contains(&&*allowed),
        }))
    }
}

#[async_trait]
impl HttpService for Connection {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if !self.plain && request.uri().scheme() == Some(&Scheme::HTTP) {
            let text = "plain http is allowed by AWS_ALLOW_HTTP, GOOGLE_ALLOW_HTTP or AZURE_ALLOW_HTTP only";
            return Err(HttpError::new_boxed(HttpErrorKind::Connect, text.into()));
        }
        let (mut head, body) = request.into_parts();
        let user_agent = HeaderValue::from_static(assembly::USER_AGENT);
        head.headers.insert(USER_AGENT, user_agent);
        let body = body.collect().await?.to_bytes();
        let Connector { transport, timeout } = &self.connector;
        let answer = transport.send(Request::from_parts(head, body));
        match time::timeout(*timeout, answer).await {
            Ok(Ok(answer)) => Ok(answer.map(Into::into)),
            Ok(Err(error)) => Err(HttpError::new(kind(error.kind()), error)),
            Err(elapsed) => Err(HttpError::new(HttpErrorKind::Timeout, elapsed)),
        }
    }
}

fn kind(kind: TransportErrorKind) -> HttpErrorKind {
    match kind {
        TransportErrorKind::Connect | TransportErrorKind::Certificate => HttpErrorKind::Connect,
        TransportErrorKind::Timeout => HttpErrorKind::Timeout,
        _ => HttpErrorKind::Interrupted,
    }
}
