use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use super::{Telemetry, exposition};
use crate::exit::Failure;

/// Where figures and health are asked for. It listens, and nobody is answered yet.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, Failure> {
        TcpListener::bind(address).await.map(Self).map_err(|error| {
            Failure::configuration(format!(
                "listen of [telemetry]: {address} can't be had ({error}): \
                 choose another address, or stop what listens there"
            ))
        })
    }

    /// Answers whoever asks, for as long as the future is polled.
    pub(crate) async fn serve(self, telemetry: Telemetry) {
        if let Ok(address) = self.0.local_addr() {
            tracing::info!("figures at http://{address}/metrics, health at /healthz and /readyz");
        }
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
        if let Err(error) = axum::serve(self.0, pages).await {
            tracing::error!(%error, "nobody is answered any more who asks for figures or health");
        }
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
