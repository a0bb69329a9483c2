use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use super::{Client, Inner, Reread, RetryPolicy, Rotation};
use crate::{AccessToken, Endpoint, Error, ErrorKind, Pacer, Region, Transport};
#[cfg(feature = "reqwest")]
use crate::{ReqwestTransport, ReqwestTransportBuilder};

/// Settings of a [`Client`].
#[must_use]
pub struct ClientBuilder {
    token: AccessToken,
    region: Option<Region>,
    url: Option<Url>,
    transport: Option<Arc<dyn Transport>>,
    reread: Option<Reread>,
    pacer: Option<Pacer>,
    user_agent: String,
    timeout: Duration,
    #[cfg(feature = "reqwest")]
    http: ReqwestTransportBuilder,
    retries: RetryPolicy,
}

impl ClientBuilder {
    pub(super) fn new(token: AccessToken) -> Self {
        Self {
            token,
            region: None,
            url: None,
            transport: None,
            reread: None,
            pacer: None,
            user_agent: concat!("onepassword-events/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: Client::TIMEOUT,
            #[cfg(feature = "reqwest")]
            http: ReqwestTransport::builder(),
            retries: RetryPolicy::default(),
        }
    }

    /// Where the account is hosted. The token knows; this is for tokens issued before mid-2021, and
    /// to be told if the token is another account's than you think.
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// Sends the token to this server, whatever the token says. HTTPS, unless it is this machine.
    pub fn url(mut self, url: Url) -> Self {
        self.url = Some(url);
        self
    }

    /// Speaks HTTP through a transport of your own.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Speaks HTTP through a `reqwest` client of your own. It must not follow redirects.
    #[cfg(feature = "reqwest")]
    pub fn http_client(self, client: reqwest::Client) -> Self {
        self.transport(ReqwestTransport::from_client(client))
    }

    /// Reads the token again, before the next attempt, whenever the server has refused it: so a
    /// token that was rotated is taken up without a restart. Reading may take as long as an attempt;
    /// if it takes longer, or fails, the attempt is made with the old token.
    pub fn reread_token<F, R, E>(mut self, read: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<AccessToken, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.reread = Some(Box::new(move || {
            let reading = read();
            Box::pin(async { reading.await.map_err(Into::into) })
        }));
        self
    }

    /// Takes permits from this pacer: 1Password counts requests by account, so clients of the same
    /// account should share one.
    pub fn pacer(mut self, pacer: Pacer) -> Self {
        self.pacer = Some(pacer);
        self
    }

    /// Names your program to 1Password.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The time that one attempt may take, from its start to the answer's last byte.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The time that making a connection may take. A transport of your own has its own.
    #[cfg(feature = "reqwest")]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.http = self.http.connect_timeout(timeout);
        self
    }

    /// Certificate authorities to trust besides the system's, in PEM, one or more: such as that of a
    /// proxy that looks into TLS. A transport of your own has its own.
    #[cfg(feature = "reqwest")]
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.http = self.http.ca_certificates(pem);
        self
    }

    /// The HTTP proxy to make connections through; see [`ReqwestTransportBuilder::proxy`]. A transport
    /// of your own has its own.
    #[cfg(feature = "reqwest")]
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        self.http = self.http.proxy(url);
        self
    }

    /// How often, and after what waits, to try again.
    pub fn retries(mut self, retries: RetryPolicy) -> Self {
        self.retries = retries;
        self
    }

    /// The client. No request is made yet.
    ///
    /// # Errors
    ///
    /// See [`Endpoint::resolve`]; [`ErrorKind::Config`] also if HTTPS can't be set up, if the CA
    /// certificates or the proxy's address are none, if there is no transport, or if the user agent
    /// can't stand in a header.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = Endpoint::resolve(&self.token, self.region, self.url.as_ref())?;
        let user_agent = HeaderValue::try_from(self.user_agent).map_err(|error| {
            Error::new(ErrorKind::Config, "the user agent must be plain text").with_source(error)
        })?;
        #[cfg(feature = "reqwest")]
        let own = || default_transport(self.http, &endpoint);
        #[cfg(not(feature = "reqwest"))]
        let own = || {
            Err(Error::new(
                ErrorKind::Config,
                "no transport: give one, or turn on the feature `reqwest`",
            ))
        };
        let transport = self.transport.map_or_else(own, Ok)?;
        Ok(Client(Arc::new(Inner {
            transport,
            endpoint,
            token: Arc::new(Rotation::new(self.token, self.reread)),
            pacer: self.pacer.unwrap_or_default(),
            user_agent,
            timeout: self.timeout,
            retries: self.retries,
        })))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("token", &self.token)
            .field("region", &self.region)
            .field("url", &self.url.as_ref().map(|url| url.host_str()))
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "reqwest")]
fn default_transport(
    http: ReqwestTransportBuilder,
    endpoint: &Endpoint,
) -> Result<Arc<dyn Transport>, Error> {
    let has_tls = cfg!(any(feature = "rustls", feature = "rustls-no-provider"));
    if endpoint.url().scheme() == "https" && !has_tls {
        return Err(Error::new(
            ErrorKind::Config,
            "https needs the feature `rustls`, or a transport of your own",
        ));
    }
    Ok(Arc::new(http.build()?))
}
