use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a server answers.
pub(super) trait Answer: Send + Sync + 'static {
    /// The answer; none closes the connection.
    fn answer(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Option<Response<Bytes>>> + Send;
}

/// Listens on a port of this machine until the runtime ends; gives the address.
pub(super) async fn serve(service: Arc<impl Answer>) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = Arc::clone(&service);
            let serve = service_fn(move |request| answer(Arc::clone(&service), request));
            // A connection that breaks is the client's.
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
        }
    });
    Ok(address.to_string())
}

async fn answer(
    service: Arc<impl Answer>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let broken = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(broken)?.to_bytes();
    let answer = service.answer(Request::from_parts(head, body)).await;
    let answer = answer.ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok(answer.map(Full::new))
}

/// An answer, dated by this machine's clock as all are.
pub(super) fn answered(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    answer
}
