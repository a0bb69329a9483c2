use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::{Telemetry, exposition};

/// How often an address is tried again that can't be had.
const AGAIN: Duration = Duration::from_secs(60);

/// Answers whoever asks at this address, for as long as the future is polled. While it can't be had, as
/// when the process before still has it, the work goes on without.
pub(crate) async fn serve(address: SocketAddr, telemetry: Telemetry) -> Infallible {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Arc::clone(&telemetry.0)));
    let pages = Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::new(registry))
        .route("/healthz", get(async || "alive\n"))
        .merge(
            Router::new()
                .route("/readyz", get(ready))
                .with_state(telemetry),
        );
    let mut said = None;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                said = None;
                if let Ok(address) = listener.local_addr() {
                    tracing::info!(
                        "figures at http://{address}/metrics, health at /healthz and /readyz"
                    );
                }
                if let Err(error) = axum::serve(listener, pages.clone()).await {
                    tracing::error!(%error, "nobody is answered for now who asks for figures or health");
                }
            }
            Err(error) if said == Some(error.kind()) => {}
            Err(error) => {
                said = Some(error.kind());
                tracing::error!(
                    "listen of [telemetry]: {address} can't be had ({error}): choose another address, or stop \
                     what listens there; events are carried without figures and health, and it is tried again \
                     every minute"
                );
            }
        }
        sleep(AGAIN).await;
    }
}

async fn metrics(State(registry): State<Arc<Registry>>) -> Response {
    let mut text = String::new();
    match encode_registry(&mut text, &registry) {
        Ok(()) => ([(CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(telemetry): State<Telemetry>) -> Response {
    let verdict = telemetry.readiness(|readiness| readiness.verdict(Instant::now()));
    let status = if verdict.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::to_string(&verdict).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
