use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::FaultKind;
use crate::clock::Clock;
use crate::error::Error;
use crate::traffic::Traffic;

mod ending;

pub(crate) use ending::Ending;

/// No body that a fake could want is larger; it is what a test may cost in memory, not a limit of the real services.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// The latest instant that an HTTP date can express, in seconds: the end of the year 9999.
const LAST_HTTP_DATE: u64 = 253_402_300_799;

/// What one fake answers.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Whether the traffic log keeps request bodies.
    const KEEPS_BODIES: bool;

    fn answer(&self, request: Request<Bytes>) -> impl Future<Output = Reply> + Send;

    fn clock(&self) -> &Clock;

    fn traffic(&self) -> &Traffic;
}

/// An answer, or none.
#[derive(Debug)]
pub(crate) enum Reply {
    /// An answer, on whose way this fault happens.
    Send(Response<Bytes>, FaultKind),
    /// No answer.
    End(Ending),
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::with_type(status, "application/json", body)
    }

    pub(crate) fn html(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::with_type(status, "text/html; charset=utf-8", body)
    }

    /// A success with this body.
    pub(crate) fn value(body: &Value) -> Self {
        Self::json(StatusCode::OK, body.to_string())
    }

    /// A success without a body.
    pub(crate) fn empty() -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self::Send(response, FaultKind::Ok)
    }

    pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::with_type(status, "text/plain; charset=utf-8", body)
    }

    /// What a script adds to a refusal: where a redirect points to, which is nowhere, and after how long the client
    /// should come again, in whole seconds.
    pub(crate) fn scripted(mut self, code: StatusCode, retry_after: Option<Duration>) -> Self {
        if let Self::Send(response, _) = &mut self {
            if code.is_redirection() {
                response
                    .headers_mut()
                    .insert(LOCATION, HeaderValue::from_static("/redirected"));
            }
            if let Some(wait) = retry_after {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
        }
        self
    }

    /// What a fault makes of the answer to work that is done.
    pub(crate) fn spoilt(self, fault: FaultKind) -> Self {
        match (self, fault) {
            (Self::Send(..), FaultKind::Lost) => Self::End(Ending::Close),
            (Self::Send(response, _), fault) => Self::Send(response, fault),
            (end @ Self::End(_), _) => end,
        }
    }

    fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self::Send(response, FaultKind::Ok)
    }
}

/// A listening socket and everything that hangs on it. Dropped, it closes the socket and its connections soon after.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<Infallible>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(
        listen: SocketAddr,
        service: Arc<impl Answer>,
    ) -> Result<Self, Error> {
        let refused = |source| Error::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (stop, stopped) = oneshot::channel();
        let accepting = tokio::spawn(accept(listener, service, stopped));
        Ok(Self {
            address,
            stop,
            accepting,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the socket and its connections, and returns when no request is being answered any more.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        // An error would be a panic of the loop, which the fake has survived.
        let _ = self.accepting.await;
    }
}

/// Takes connections until the other end of `stopped` is gone.
async fn accept(
    listener: TcpListener,
    service: Arc<impl Answer>,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&service)));
                }
                // Out of descriptors, most likely: one will be given back.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, service: Arc<impl Answer>) {
    // A small answer should not wait for the client's acknowledgement; where it can't be set, it does.
    let _ = stream.set_nodelay(true);
    let answering = service_fn(|request| Box::pin(respond(request, Arc::clone(&service))));
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), answering);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    // Any other error is a client that went away.
    if let Some(ending) = ended.err().and_then(|error| Ending::behind(&error)) {
        let stream = connection.into_parts().io.into_inner();
        ending.happen(stream).await;
    }
}

/// Answers one request. An error makes hyper give up the connection.
async fn respond<A: Answer>(
    request: Request<Incoming>,
    service: Arc<A>,
) -> Result<Response<Full<Bytes>>, Ending> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(|_| Ending::Close)?;
    let request = Request::from_parts(head, body.to_bytes());
    let path = request.uri().path().to_owned();

    let ticket = service
        .traffic()
        .arrived(&request, service.clock().now(), A::KEEPS_BODIES);
    match service.answer(request).await {
        Reply::End(ending) => Err(ending),
        Reply::Send(mut response, fault) => {
            response
                .headers_mut()
                .insert(DATE, http_date(service.clock().now()));
            service.traffic().answered(ticket, &path, response.status());
            match Ending::of(&response, fault) {
                Some(ending) => Err(ending),
                None => Ok(response.map(Full::new)),
            }
        }
    }
}

fn http_date(now: SystemTime) -> HeaderValue {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let since = since.min(Duration::from_secs(LAST_HTTP_DATE));
    let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since);
    HeaderValue::try_from(date).unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_instant_has_a_date() {
        assert_eq!(
            http_date(SystemTime::UNIX_EPOCH),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
        assert_eq!(
            http_date(SystemTime::UNIX_EPOCH - Duration::from_secs(1)),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_HTTP_DATE + 1);
        assert_eq!(http_date(late), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
