use std::fmt;
use std::str::FromStr;

use url::Url;

/// The address of a proxy, which may have a user name and a password in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy(Url);

impl Proxy {
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Proxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser's own error is no help, and must not show what it has read.
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Self(url)),
            _ => Err(
                "a proxy's address begins with http:// or https://, such as http://proxy.example.com:3128",
            ),
        }
    }
}

/// Without user name and password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0;
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        write!(f, "{scheme}://{host}")?;
        url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}
