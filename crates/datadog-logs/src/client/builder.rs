use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Uri};
use thiserror::Error;

use super::Client;
use super::key::{Key, Reread};
use crate::intake::host_of;
use crate::site::below;
use crate::{ApiKey, Compression, Intake, Site, Transport};
#[cfg(feature = "reqwest")]
use crate::{ReqwestTransport, ReqwestTransportBuilder};

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Makes a [`Client`]; from [`Client::builder`].
#[must_use]
pub struct ClientBuilder {
    key: ApiKey,
    reread: Option<Reread>,
    site: Site,
    compression: Compression,
    user_agent: String,
    timeout: Duration,
    #[cfg(feature = "reqwest")]
    http: ReqwestTransportBuilder,
    retry_for: Duration,
    transport: Option<Arc<dyn Transport>>,
}

impl ClientBuilder {
    pub(super) fn new(key: ApiKey) -> Self {
        Self {
            key,
            reread: None,
            site: Site::default(),
            compression: Compression::default(),
            user_agent: USER_AGENT.into(),
            timeout: Duration::from_secs(30),
            #[cfg(feature = "reqwest")]
            http: ReqwestTransport::builder(),
            retry_for: Duration::from_secs(300),
            transport: None,
        }
    }

    /// Sets where to send to. Default: [`Site::US1`].
    pub fn site(mut self, site: Site) -> Self {
        self.site = site;
        self
    }

    /// Sets what bodies are compressed with at first. Default: [`Compression::Gzip`].
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets the `User-Agent`. Default: name and version of this crate.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets how long one request may take as a whole, from the name lookup to the end of the
    /// answer. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long making a connection may take, for the transport that the client makes by
    /// itself. Default: 10 seconds.
    #[cfg(feature = "reqwest")]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.http = self.http.connect_timeout(timeout);
        self
    }

    /// Adds certificate authorities to trust besides the system's, in PEM, one or more: such as that of
    /// a proxy that looks into TLS. For the transport that the client makes by itself.
    #[cfg(feature = "reqwest")]
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.http = self.http.ca_certificates(pem);
        self
    }

    /// Sets the HTTP proxy to make connections through, for the transport that the client makes by
    /// itself; see [`ReqwestTransportBuilder::proxy`].
    #[cfg(feature = "reqwest")]
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        self.http = self.http.proxy(url);
        self
    }

    /// Sets how much time [`Client::submit`] may spend until it begins its last try. Default: 5
    /// minutes.
    pub fn retry_for(mut self, time: Duration) -> Self {
        self.retry_for = time;
        self
    }

    /// Sets how to read the key again after it was refused (401 or 403). It is called before the
    /// next attempt, so that a key that was exchanged where it is kept needs no restart.
    pub fn reread_key<F, R, E>(mut self, read: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<ApiKey, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.reread = Some(Box::new(move || {
            let reading = read();
            Box::pin(async { reading.await.map_err(Into::into) })
        }));
        self
    }

    /// Sets what carries the requests. Default with the feature `reqwest`: a
    /// [`ReqwestTransport`](crate::ReqwestTransport).
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sends through a reqwest client of one's own; see
    /// [`ReqwestTransport::from_client`](crate::ReqwestTransport::from_client) for what it must be
    /// like.
    #[cfg(feature = "reqwest")]
    pub fn http_client(self, client: reqwest::Client) -> Self {
        self.transport(Arc::new(ReqwestTransport::from_client(client)))
    }

    /// Makes the client. It sends nothing yet.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the HTTP client can't be set up (where the system has no certificates, for
    /// instance, or those to add, or the proxy's address, are none), if there is no transport, or if the site's URL or the user
    /// agent can't stand in a request.
    ///
    /// # Panics
    ///
    /// With the feature `rustls-no-provider` and without `rustls`, reqwest panics if the program
    /// has not installed a TLS provider before.
    pub fn build(self) -> Result<Client, BuildError> {
        let intake = Intake::new(&self.site, self.compression);
        let api = self.site.api_url();
        let uri = |url: &str| Uri::try_from(url).map_err(|error| BuildError::Site(error.into()));
        #[cfg(feature = "reqwest")]
        let own = || default_transport(self.http, &intake);
        #[cfg(not(feature = "reqwest"))]
        let own = || Err(BuildError::NoTransport);
        let transport = self.transport.map_or_else(own, Ok)?;
        Ok(Client {
            post_to: uri(intake.url().as_str())?,
            validate_at: uri(below(&api, "api/v1/validate").as_str())?,
            api_host: host_of(&api),
            key: Key::new(&self.key, self.reread).map_err(|_| BuildError::Header("API key"))?,
            user_agent: HeaderValue::try_from(self.user_agent)
                .map_err(|_| BuildError::Header("user agent"))?,
            timeout: self.timeout,
            retry_for: self.retry_for,
            intake,
            transport,
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("site", &self.site)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "reqwest")]
fn default_transport(
    http: ReqwestTransportBuilder,
    intake: &Intake,
) -> Result<Arc<dyn Transport>, BuildError> {
    let has_tls = cfg!(any(feature = "rustls", feature = "rustls-no-provider"));
    if intake.url().scheme() == "https" && !has_tls {
        return Err(BuildError::NoTls);
    }
    Ok(Arc::new(http.build()?))
}

/// Why there is no client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The HTTP client can't be set up.
    #[error(
        "HTTPS can't be set up: install the system's CA certificates (package ca-certificates), or name \
         a file of them in SSL_CERT_FILE"
    )]
    Http(#[source] Box<dyn Error + Send + Sync>),
    /// What is to be trusted is no certificate.
    #[error("the CA certificates cannot be used: they must be in PEM, -----BEGIN CERTIFICATE-----")]
    CaCertificates(#[source] Box<dyn Error + Send + Sync>),
    /// What is to be the proxy is no URL for HTTP.
    #[error("the proxy's address is none: write a URL, such as http://proxy.example:3128")]
    Proxy,
    /// None was given, and the feature `reqwest` is off.
    #[error("no transport was given, and none was compiled in")]
    NoTransport,
    /// The site is spoken to over https, and the features `rustls` and `rustls-no-provider` are off.
    #[error("https needs the feature `rustls`, or a transport of your own")]
    NoTls,
    /// The site's URL is none for HTTP.
    #[error("the site's URL cannot stand in an HTTP request")]
    Site(#[source] Box<dyn Error + Send + Sync>),
    /// What is named can't be sent as a header.
    #[error("the {0} cannot stand in an HTTP header")]
    Header(&'static str),
}
