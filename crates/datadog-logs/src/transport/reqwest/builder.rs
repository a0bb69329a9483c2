use std::error::Error;
use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use super::ReqwestTransport;
use crate::BuildError;

/// Shorter than any common server's keep-alive, so that a connection is not taken up just as the
/// server closes it.
const POOL_IDLE: Duration = Duration::from_secs(15);

const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// Makes a [`ReqwestTransport`]; from [`ReqwestTransport::builder`].
#[must_use]
pub struct ReqwestTransportBuilder {
    connect_timeout: Duration,
    ca_certificates: Vec<u8>,
    proxy: Option<String>,
}

impl ReqwestTransportBuilder {
    pub(super) fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            ca_certificates: Vec::new(),
            proxy: None,
        }
    }

    /// Sets how long making a connection may take, the proxy's part included. Default: 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Adds certificate authorities to trust besides the system's, in PEM, one or more: such as that of
    /// a proxy that looks into TLS.
    pub fn ca_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.ca_certificates.extend_from_slice(pem.as_ref());
        self.ca_certificates.push(b'\n');
        self
    }

    /// Sets the HTTP proxy to make connections through, such as `http://proxy.example:3128`; a user
    /// name and password may stand before the host, percent-encoded. Default: the proxies that the
    /// environment names in `HTTPS_PROXY` and `NO_PROXY`. Servers by plain `http`, which are on a
    /// loopback host, are spoken to without any.
    pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
        self.proxy = Some(url.as_ref().to_owned());
        self
    }

    /// Makes the transport. It connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the proxy's address is none, if the CA certificates are none, or if the HTTP
    /// client can't be set up.
    ///
    /// # Panics
    ///
    /// With the feature `rustls-no-provider` and without `rustls`, reqwest panics if the program
    /// has not installed a TLS provider before.
    pub fn build(self) -> Result<ReqwestTransport, BuildError> {
        let mut https = self.client();
        if let Some(url) = &self.proxy {
            https = https.proxy(proxy(url)?);
        }
        let https = if self.ca_certificates.is_empty() {
            let client = https.build();
            client.map_err(|error| BuildError::Http(error.without_url().into()))?
        } else {
            trusting(https, &self.ca_certificates).map_err(BuildError::CaCertificates)?
        };
        let plain = trusting_none(self.client()).no_proxy().build();
        let plain = plain.map_err(|error| BuildError::Http(error.without_url().into()))?;
        Ok(ReqwestTransport { https, plain })
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

/// For what is spoken to by https.
fn proxy(url: &str) -> Result<reqwest::Proxy, BuildError> {
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let url = Url::parse(url).ok().filter(is_http);
    url.and_then(|url| reqwest::Proxy::https(url).ok())
        .ok_or(BuildError::Proxy)
}

/// Without TLS there is nothing to trust.
#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn trusting(
    client: reqwest::ClientBuilder,
    _: &[u8],
) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    Ok(client.build()?)
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn trusting(
    client: reqwest::ClientBuilder,
    pem: &[u8],
) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
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
