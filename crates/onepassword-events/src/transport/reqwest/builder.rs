use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use super::ReqwestTransport;
use crate::{Client, Error, ErrorKind};

/// Shorter than the usual load balancers keep a connection, so that none is taken up just as it is
/// closed.
const POOL_IDLE: Duration = Duration::from_secs(15);

const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// Settings of a [`ReqwestTransport`].
#[must_use]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    ca_certificates: Vec<u8>,
    proxy: Option<String>,
}

impl ReqwestTransportBuilder {
    pub(super) fn new() -> Self {
        Self {
            connect_timeout: Client::CONNECT_TIMEOUT,
            ca_certificates: Vec::new(),
            proxy: None,
        }
    }

    /// The time that making a connection may take, the proxy's part included. Default:
    /// [`Client::CONNECT_TIMEOUT`].
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Certificate authorities to trust besides the system's, in PEM, one or more: such as that of a
    /// proxy that looks into TLS.
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.ca_certificates.extend_from_slice(pem.as_ref());
        self.ca_certificates.push(b'\n');
        self
    }

    /// The HTTP proxy to make connections through, such as `http://proxy.example:3128`; a user name
    /// and password may stand before the host, percent-encoded. By default the proxies that the
    /// environment names in `HTTPS_PROXY` and `NO_PROXY`. Servers by plain HTTP, which are on this
    /// machine, are spoken to without any.
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        self.proxy = Some(url.as_ref().to_owned());
        self
    }

    /// The transport. It makes no connection yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the proxy's address is none, if the CA certificates are none, or if
    /// HTTPS can't be set up.
    ///
    /// # Panics
    ///
    /// With the feature `rustls-no-provider` and without `rustls`, reqwest panics if the program
    /// has not installed a TLS provider before.
    pub fn build(self) -> Result<ReqwestTransport, Error> {
        let mut https = self.client();
        if let Some(url) = &self.proxy {
            https = https.proxy(proxy(url)?);
        }
        let https = if self.ca_certificates.is_empty() {
            https.build().map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    "HTTPS can't be set up: install the system's CA certificates \
                     (package ca-certificates), or name a file of them in SSL_CERT_FILE",
                )
                .with_source(error.without_url())
            })?
        } else {
            trusting(https, &self.ca_certificates).map_err(|source| {
                Error::new(
                    ErrorKind::Config,
                    "the CA certificates can't be used: \
                     they must be in PEM, -----BEGIN CERTIFICATE-----",
                )
                .with_source(source)
            })?
        };
        let plain = trusting_none(self.client()).no_proxy().build();
        let plain = plain.map_err(|error| {
            Error::new(ErrorKind::Config, "HTTP can't be set up").with_source(error.without_url())
        })?;
        Ok(ReqwestTransport {
            https,
            plain,
            limit: ReqwestTransport::BODY_LIMIT,
        })
    }

    fn client(&self) -> reqwest::ClientBuilder {
        // Not `Client::new()`, which panics where the system has no certificates.
        reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .tcp_keepalive(TCP_KEEPALIVE)
    }
}

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The proxy's address may have a password in it.
        f.debug_struct("ReqwestTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

/// For what is spoken to by HTTPS. Says nothing of the text, in which there may be a password.
fn proxy(url: &str) -> Result<reqwest::Proxy, Error> {
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let url = Url::parse(url).ok().filter(is_http);
    url.and_then(|url| reqwest::Proxy::https(url).ok())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "the proxy's address is none: write a URL, such as http://proxy.example:3128",
            )
        })
}

/// Without TLS there is nothing to trust.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn trusting(
    client: reqwest::ClientBuilder,
    _: &[u8],
) -> Result<reqwest::Client, Box<dyn StdError + Send + Sync>> {
    Ok(client.build()?)
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn trusting(
    client: reqwest::ClientBuilder,
    pem: &[u8],
) -> Result<reqwest::Client, Box<dyn StdError + Send + Sync>> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem)?;
    if certificates.is_empty() {
        return Err("there is no certificate".into());
    }
    Ok(client.tls_certs_merge(certificates).build()?)
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn trusting_none(client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    client
}

/// Plain HTTP needs no certificates, and reading the system's takes time and memory.
#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn trusting_none(client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    client.tls_certs_only([])
}
