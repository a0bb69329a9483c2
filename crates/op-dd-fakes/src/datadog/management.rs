use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::Value;

use self::call::Call;
use self::dashboards::Dashboards;
use self::identities::Identities;
use self::monitors::Monitors;
use self::pipelines::Pipelines;
use self::rules::Rules;
use super::index::Index;
use super::keys::{Key, Keys};
use crate::lock::lock;
use crate::server::Reply;

mod call;
mod dashboards;
mod error;
mod identities;
mod monitors;
mod object;
mod pipelines;
mod query;
mod refusal;
mod rules;
mod search;
mod shelf;

pub(crate) use error::ApiError;
pub use refusal::Refusal;

/// What shows the logs, as far as clients make it by API: dashboards, detection rules, monitors and pipelines; and the
/// search through the logs.
#[derive(Debug)]
pub(crate) struct Management(Mutex<State>);

#[derive(Debug)]
struct State {
    identities: Identities,
    refusals: Vec<Refusal>,
    dashboards: Dashboards,
    rules: Rules,
    monitors: Monitors,
    pipelines: Pipelines,
}

/// The kinds of objects, and the logs, each with a part of the API.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Dashboards,
    Rules,
    Monitors,
    Pipelines,
    Logs,
}

/// Where each part of the API begins.
const PARTS: [(&str, Kind); 5] = [
    ("/api/v1/dashboard", Kind::Dashboards),
    ("/api/v2/security_monitoring/rules", Kind::Rules),
    ("/api/v1/monitor", Kind::Monitors),
    ("/api/v1/logs/config", Kind::Pipelines),
    ("/api/v2/logs/events", Kind::Logs),
];

impl Default for Management {
    fn default() -> Self {
        let mut identities = Identities::default();
        Self(Mutex::new(State {
            rules: Rules::with_defaults(&mut identities),
            identities,
            refusals: Vec::new(),
            dashboards: Dashboards::default(),
            monitors: Monitors::default(),
            pipelines: Pipelines::default(),
        }))
    }
}

impl Management {
    pub(crate) fn answer(
        &self,
        request: &Request<Bytes>,
        keys: &Keys,
        index: &Index,
        now: SystemTime,
    ) -> Reply {
        let path = request.uri().path();
        let part = PARTS.iter().find_map(|(base, kind)| {
            let place = path.strip_prefix(base)?;
            let place = place
                .strip_prefix('/')
                .or_else(|| place.is_empty().then_some(""))?;
            Some((*kind, place))
        });
        let Some((kind, place)) = part else {
            return ApiError::not_found("Not found").into_reply();
        };
        let call = Call::new(request, place, now);
        let answer = authorise(request, kind, &call, keys)
            .and_then(|()| lock(&self.0).answer(request, kind, &call, index));
        answer.unwrap_or_else(ApiError::into_reply)
    }

    /// Refuses a request that is yet to come.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        lock(&self.0).refusals.push(refusal);
    }

    /// Installs the pipeline that Datadog brings for 1Password, if it isn't there.
    pub(crate) fn integrate_1password(&self) {
        let state = &mut *lock(&self.0);
        state.pipelines.integrate_1password(&mut state.identities);
    }

    pub(crate) fn dashboards(&self) -> BTreeMap<String, Value> {
        lock(&self.0).dashboards.kept()
    }

    pub(crate) fn rules(&self) -> BTreeMap<String, Value> {
        lock(&self.0).rules.kept()
    }

    pub(crate) fn monitors(&self) -> BTreeMap<String, Value> {
        lock(&self.0).monitors.kept()
    }

    pub(crate) fn pipelines(&self) -> BTreeMap<String, Value> {
        lock(&self.0).pipelines.kept()
    }
}

impl State {
    fn answer(
        &mut self,
        request: &Request<Bytes>,
        kind: Kind,
        call: &Call<'_>,
        index: &Index,
    ) -> Result<Reply, ApiError> {
        if let Some(reply) = Refusal::take(&mut self.refusals, request) {
            return Ok(reply);
        }
        let identities = &mut self.identities;
        match kind {
            Kind::Dashboards => self.dashboards.answer(call, identities),
            Kind::Rules => self.rules.answer(call, identities),
            Kind::Monitors => self.monitors.answer(call, identities),
            Kind::Pipelines => self.pipelines.answer(call, identities),
            Kind::Logs => search::answer(call, index),
        }
    }
}

impl Kind {
    /// The permission that a call needs, by the API's contract.
    fn permission(self, call: &Call<'_>) -> &'static str {
        let reads = call.method == Method::GET;
        match self {
            Self::Dashboards if reads => "dashboards_read",
            Self::Dashboards => "dashboards_write",
            Self::Rules if reads => "security_monitoring_rules_read",
            Self::Rules => "security_monitoring_rules_write",
            Self::Monitors if reads || call.place.ends_with("validate") => "monitors_read",
            Self::Monitors => "monitors_write",
            Self::Pipelines if reads => "logs_read_config",
            Self::Pipelines => "logs_write_pipelines",
            Self::Logs => "logs_read_data",
        }
    }
}

fn authorise(
    request: &Request<Bytes>,
    kind: Kind,
    call: &Call<'_>,
    keys: &Keys,
) -> Result<(), ApiError> {
    let forbidden = |error| Err(ApiError::new(StatusCode::FORBIDDEN, error));
    if keys.api(request.headers()) == Key::Missing {
        return forbidden("API key required");
    }
    if keys.api(request.headers()) != Key::Accepted
        || keys.application(request.headers()) != Key::Accepted
    {
        return forbidden("Forbidden");
    }
    if !keys.permit(kind.permission(call)) {
        return Err(ApiError::lacks_permission());
    }
    Ok(())
}
