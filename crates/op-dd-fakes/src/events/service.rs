use std::path::Path;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use super::grant::{Grant, Grants};
use super::limiter::{Limiter, RateLimits};
use super::log::EventLog;
use super::page::Page;
use super::query::Query;
use super::recording::Recording;
use super::source::Source;
use crate::fault::FaultQueue;
use crate::server::{Answer, Ending, Reply};
use crate::traffic::Traffic;
use crate::{Clock, Counts, Error, Event, Exchange, FaultKind, Feed, TokenClaims};

const INTROSPECT: &str = "/api/v2/auth/introspect";

/// How a refusal is worded. Sources disagree about the real service, so a client has to understand all three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorStyle {
    /// `{"Error":{"Message":"Bad Request"}}`: in the older specifications, and seen from the live service.
    #[default]
    Nested,
    /// `{"status":400,"message":"Bad Request"}`: in the newer reference.
    Flat,
    /// `Bad Request` as plain text: what a proxy in between would say.
    Plain,
}

#[derive(Debug)]
pub(crate) struct Service {
    clock: Clock,
    account: String,
    source: Source,
    faults: FaultQueue,
    error_style: ErrorStyle,
    limiter: Option<Limiter>,
    grants: Grants,
    traffic: Traffic,
}

impl Service {
    pub(crate) fn new(
        clock: Clock,
        account: String,
        pages: Option<&Path>,
        faults: FaultQueue,
        error_style: ErrorStyle,
        rate_limits: Option<RateLimits>,
    ) -> Result<Self, Error> {
        let source = match pages {
            Some(folder) => Source::Recording(Recording::read(folder)?),
            None => Source::Log(EventLog::new(account.clone())),
        };
        let limiter = rate_limits.map(Limiter::new);
        let (grants, traffic) = (Grants::default(), Traffic::default());
        Ok(Self {
            clock,
            account,
            source,
            faults,
            error_style,
            limiter,
            grants,
            traffic,
        })
    }

    pub(crate) fn insert(&self, events: impl IntoIterator<Item = Event>) -> Result<(), Error> {
        match &self.source {
            Source::Log(log) => {
                log.insert(events);
                Ok(())
            }
            Source::Recording(_) => Err(Error::PagesOnly),
        }
    }

    pub(crate) fn faults(&self) -> &FaultQueue {
        &self.faults
    }

    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.traffic.exchanges()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.traffic.counts()
    }

    /// A page, or what the script has instead.
    async fn feed(&self, feed: Feed, request: &Request<Bytes>) -> Reply {
        let fault = self.faults.next();
        match fault {
            FaultKind::Status { code, retry_after } => {
                return self.refuse(code).scripted(code, retry_after);
            }
            FaultKind::Slow(delay) => tokio::time::sleep(delay).await,
            _ => {}
        }
        if let Some(ending) = Ending::instead(fault) {
            return Reply::End(ending);
        }

        let page = match self.read(feed, request, fault) {
            Ok(page) => page,
            Err(status) => return self.refuse(status),
        };
        let reply = match fault {
            FaultKind::Garbage => Reply::text(StatusCode::OK, "<html>this is not a page</html>"),
            FaultKind::NoCursor => Reply::json(StatusCode::OK, page.body_without_cursor()),
            FaultKind::EmptyCursor => Reply::json(StatusCode::OK, page.body_with_cursor("")),
            _ => Reply::json(StatusCode::OK, page.body()),
        };
        reply.spoilt(fault)
    }

    fn read(
        &self,
        feed: Feed,
        request: &Request<Bytes>,
        fault: FaultKind,
    ) -> Result<Page, StatusCode> {
        self.admit()?;
        let grant = self
            .grants
            .of(request.headers())
            .ok_or(StatusCode::UNAUTHORIZED)?;
        if !grant.features.contains(&feed) {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let query =
            Query::parse(request.body(), self.clock.now()).map_err(|_| StatusCode::BAD_REQUEST)?;
        let page = match fault {
            FaultKind::Empty => self.source.detour(feed, &query),
            _ => self.source.page(feed, &query),
        };
        page.ok_or(StatusCode::BAD_REQUEST)
    }

    fn introspect(&self, request: &Request<Bytes>) -> Result<Reply, StatusCode> {
        self.admit()?;
        let grant = self
            .grants
            .of(request.headers())
            .ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(Reply::json(StatusCode::OK, self.introspection(&grant)))
    }

    /// What the token says about itself, if it is a JWT; the features are those that the fake enforces.
    fn introspection(&self, grant: &Grant) -> String {
        let claims = TokenClaims::read(&grant.token).unwrap_or_default();
        let issued_at = claims["iat"]
            .as_i64()
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        let features: Vec<_> = grant.features.iter().map(|feed| feed.name()).collect();
        json!({
            "uuid": claims["sub"].as_str().unwrap_or(TokenClaims::default().subject_uuid()),
            "issued_at": issued_at.unwrap_or(Timestamp::UNIX_EPOCH).to_string(),
            "features": features,
            "account_uuid": claims["1password.com/auuid"].as_str().unwrap_or(&self.account),
        })
        .to_string()
    }

    fn admit(&self) -> Result<(), StatusCode> {
        match &self.limiter {
            Some(limiter) if !limiter.admits(self.clock.now()) => {
                Err(StatusCode::TOO_MANY_REQUESTS)
            }
            _ => Ok(()),
        }
    }

    fn refuse(&self, status: StatusCode) -> Reply {
        let message = status.canonical_reason().unwrap_or("Unknown");
        match self.error_style {
            ErrorStyle::Nested => Reply::json(
                status,
                json!({ "Error": { "Message": message } }).to_string(),
            ),
            ErrorStyle::Flat => {
                let body = json!({ "status": status.as_u16(), "message": message });
                Reply::json(status, body.to_string())
            }
            ErrorStyle::Plain => Reply::text(status, message),
        }
    }
}

impl Answer for Service {
    const KEEPS_BODIES: bool = true;

    async fn answer(&self, request: Request<Bytes>) -> Reply {
        let path = request.uri().path();
        let feed = Feed::ALL.into_iter().find(|feed| feed.path() == path);
        match (request.method(), feed) {
            (&Method::POST, Some(feed)) => self.feed(feed, &request).await,
            (&Method::GET, None) if path == INTROSPECT => self
                .introspect(&request)
                .unwrap_or_else(|status| self.refuse(status)),
            (_, feed) if feed.is_some() || path == INTROSPECT => {
                self.refuse(StatusCode::METHOD_NOT_ALLOWED)
            }
            // Word for word what the real host says to an unknown path, and what no style of errors changes.
            _ => Reply::text(StatusCode::NOT_FOUND, "404 page not found\n"),
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }
}
