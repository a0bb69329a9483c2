use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use super::{Client, Inner, Reread, RetryPolicy, Rotation};
use crate::{AccessToken, Endpoint, Error, ErrorKind, Pacer, Region, Transport};

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
    connect_timeout: Duration,
    ca_certificates: Vec<u8>,
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
            connect_timeout: Client::CONNECT_TIMEOUT,
            ca_certificates: Vec::new(),
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
        self.transport(crate::ReqwestTransport::from_client(client))
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
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Certificate authorities to trust besides the system's, in PEM, one or more: such as that of a
    /// proxy that looks into TLS. A transport of your own has its own.
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.ca_certificates.extend_from_slice(pem.as_ref());
        self.ca_certificates.push(b'\n');
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
    /// certificates are none, if there is no transport, or if the user agent can't stand in a header.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = Endpoint::resolve(&self.token, self.region, self.url.as_ref())?;
        let user_agent = HeaderValue::try_from(self.user_agent).map_err(|error| {
            Error::new(ErrorKind::Config, "the user agent must be plain text").with_source(error)
        })?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                let https_only = endpoint.url().scheme() == "https";
                default_transport(self.connect_timeout, https_only, &self.ca_certificates)?
            }
        };
        Ok(Client(Arc::new(Inner {
            transport,
            endpoint,
            token: Rotation::new(self.token, self.reread),
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
    connect_timeout: Duration,
    https_only: bool,
    ca_certificates: &[u8],
) -> Result<Arc<dyn Transport>, Error> {
    if https_only && !cfg!(any(feature = "rustls", feature = "rustls-no-provider")) {
        return Err(Error::new(
            ErrorKind::Config,
            "https needs the feature `rustls`, or a transport of your own",
        ));
    }
    let transport = crate::ReqwestTransport::build(connect_timeout, https_only, ca_certificates)?;
    Ok(Arc::new(transport))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport(_: Duration, _: bool, _: &[u8]) -> Result<Arc<dyn Transport>, Error> {
    Err(Error::new(
        ErrorKind::Config,
        "no transport: give one, or turn on the feature `reqwest`",
    ))
}
