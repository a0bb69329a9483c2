use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::events::service::Service;
use crate::fault::FaultQueue;
use crate::server::Server;
use crate::{Clock, Counts, Error, Event, Exchange, Fault, Feed, Side, TokenClaims};

mod cursor;
mod grant;
mod limiter;
mod log;
mod page;
mod query;
mod recording;
mod service;
mod source;

pub use limiter::RateLimits;
pub use service::ErrorStyle;

/// A fake of the 1Password Events API, version 2, on a socket of this machine.
///
/// It answers `GET /api/v2/auth/introspect` and `POST /api/v2/{signinattempts,itemusages,auditevents}`. Dropped, it
/// stops soon after; [`stop`](Self::stop) waits for that.
#[derive(Debug)]
pub struct FakeEvents {
    url: String,
    token: String,
    service: Arc<Service>,
    server: Server,
}

/// Sets up a [`FakeEvents`].
#[derive(Debug)]
#[must_use = "nothing listens before `start`"]
pub struct FakeEventsBuilder {
    listen: SocketAddr,
    clock: Clock,
    account: String,
    tokens: Vec<(String, Vec<Feed>)>,
    events: Vec<Event>,
    pages: Option<PathBuf>,
    faults: Vec<Fault>,
    error_style: ErrorStyle,
    rate_limits: Option<RateLimits>,
    token_expires_at: Option<SystemTime>,
}

impl FakeEvents {
    /// A fake that is empty, accepts one minted token and listens on a free port of 127.0.0.1.
    pub fn builder() -> FakeEventsBuilder {
        FakeEventsBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::default(),
            account: TokenClaims::default().account_uuid().to_owned(),
            tokens: Vec::new(),
            events: Vec::new(),
            pages: None,
            faults: Vec::new(),
            error_style: ErrorStyle::default(),
            rate_limits: None,
            token_expires_at: None,
        }
    }

    /// Where it listens: `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens, as an address.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The first token that it was given, or the one that it minted because it was given none.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Appends an event, whose root attribute `timestamp` says when it happened. A time before that of events already
    /// inserted makes it a late one: a cursor still meets it, a window of time that has passed doesn't.
    ///
    /// # Errors
    ///
    /// As [`Event::new`] and [`insert_all`](Self::insert_all).
    pub fn insert(&self, feed: Feed, json: impl Into<String>) -> Result<(), Error> {
        self.insert_all([Event::new(feed, json)?])
    }

    /// Appends events in the order given.
    ///
    /// # Errors
    ///
    /// [`Error::PagesOnly`] if the fake serves recorded pages.
    pub fn insert_all(&self, events: impl IntoIterator<Item = Event>) -> Result<(), Error> {
        self.service.insert(events)
    }

    /// Appends to the faults that wait; those of the other side are passed over, so that both fakes can be given one
    /// script.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.service.faults().extend(faults);
    }

    /// For how many requests faults are left.
    pub fn faults_left(&self) -> u64 {
        self.service.faults().left()
    }

    /// Accepts a token from now on, for these feeds only; a token that was accepted before changes its feeds.
    pub fn accept(&self, token: impl Into<String>, features: impl IntoIterator<Item = Feed>) {
        self.service
            .grants()
            .accept(token.into(), features.into_iter().collect());
    }

    /// Answers a token with 401 from now on.
    pub fn revoke(&self, token: &str) {
        self.service.grants().revoke(token);
    }

    /// The newest requests, at most 10,000, in the order of their arrival.
    pub fn requests(&self) -> Vec<Exchange> {
        self.service.exchanges()
    }

    /// How many requests there were, by path and status.
    pub fn counts(&self) -> Counts {
        self.service.counts()
    }

    /// Closes the socket and all connections. When this returns, no request is being answered any more.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl FakeEventsBuilder {
    /// The address to listen on; port 0, the default, takes a free one. The fake is plain HTTP: keep it on loopback.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// What the fake takes for the present; by default the computer's clock.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// The UUID of the account. It is in the introspection (unless the token's own claims name another) and in the
    /// checksum of the cursors, so that a cursor of one account is refused by another.
    pub fn account(mut self, uuid: impl Into<String>) -> Self {
        self.account = uuid.into();
        self
    }

    /// Accepts this token for these feeds. Without any such call one token is minted, for all three.
    pub fn accept(
        mut self,
        token: impl Into<String>,
        features: impl IntoIterator<Item = Feed>,
    ) -> Self {
        self.tokens
            .push((token.into(), features.into_iter().collect()));
        self
    }

    /// When the token expires that is minted for want of another; without this it never does.
    pub fn token_expires_at(mut self, instant: SystemTime) -> Self {
        self.token_expires_at = Some(instant);
        self
    }

    /// The events that are there from the start, in the order of their insertion.
    pub fn events(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.events.extend(events);
        self
    }

    /// Serves recorded pages instead of events: `folder/<feed>/*.json`, each the body of one answer, given out byte
    /// for byte in the order of the file names.
    ///
    /// A reset, whatever it asks for, gets the first page; the cursor that page *k* ends with gets page *k* + 1, and
    /// that of the last page an empty one. A feed without a folder has no events.
    pub fn pages(mut self, folder: impl Into<PathBuf>) -> Self {
        self.pages = Some(folder.into());
        self
    }

    /// The first faults; those of the other side are passed over, so that both fakes can be given one script.
    pub fn script(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// How refusals are worded; by default as the live service was seen to.
    pub fn error_style(mut self, style: ErrorStyle) -> Self {
        self.error_style = style;
        self
    }

    /// Answers 429 to whoever asks more often than this. By default nothing is limited.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(limits);
        self
    }

    /// Starts to listen. The fake lives on the Tokio runtime of this call.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] if the address can't be had; [`Error::ReadPage`] and [`Error::BadPage`] for a folder of
    /// pages; [`Error::PagesOnly`] if there are both pages and events.
    pub async fn start(mut self) -> Result<FakeEvents, Error> {
        if self.tokens.is_empty() {
            let mut claims = TokenClaims::default().account(&self.account);
            if let Some(instant) = self.token_expires_at {
                claims = claims.expires_at(instant);
            }
            self.tokens.push((claims.mint(), Feed::ALL.to_vec()));
        }
        let token = self.tokens[0].0.clone();

        let service = Service::new(
            self.clock,
            self.account,
            self.pages.as_deref(),
            FaultQueue::new(Side::Events, self.faults),
            self.error_style,
            self.rate_limits,
        )?;
        for (token, features) in self.tokens {
            service.grants().accept(token, features);
        }
        if !self.events.is_empty() {
            service.insert(self.events)?;
        }

        let service = Arc::new(service);
        let server = Server::start(self.listen, Arc::clone(&service)).await?;
        let url = format!("http://{}", server.address());
        Ok(FakeEvents {
            url,
            token,
            service,
            server,
        })
    }
}
