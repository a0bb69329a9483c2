use std::fmt;

use url::{Host, Url};

use crate::{AccessToken, Error, ErrorKind, Region};

/// The address of an Events API that a token may be sent to.
///
/// The token itself names its server, but nobody has checked its signature: whoever can plant a
/// token could have it sent anywhere. So the name inside chooses among 1Password's own servers only;
/// any other address must be given by the person who runs the program.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Decides where a token goes: to `url` if there is one, else to the server that the token and
    /// `region` agree on.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Config`] if `region` contradicts the token, or `url` is not usable: not HTTPS
    ///   (plain HTTP is for this machine only), or with a user name, a query or a fragment.
    /// - [`ErrorKind::Token`] if the token names a server that isn't 1Password's, or none (as those
    ///   issued before mid-2021) and no region says which.
    pub fn resolve(
        token: &AccessToken,
        region: Option<Region>,
        url: Option<&Url>,
    ) -> Result<Self, Error> {
        let host = token.claims().host();
        let issued_for = host.and_then(Region::from_host);
        if let (Some(region), Some(issued_for)) = (region, issued_for)
            && region != issued_for
        {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the region is `{region}` but the token was issued for `{issued_for}` ({}): \
                     take the region out, or use a token of the other account",
                    issued_for.host()
                ),
            ));
        }
        if let Some(url) = url {
            return Self::from_url(url);
        }
        let region = match (host, issued_for, region) {
            (_, Some(issued_for), _) => issued_for,
            (Some(host), None, _) => {
                return Err(Error::new(
                    ErrorKind::Token,
                    format!(
                        "the token names the server {host:?}, which is not one of 1Password's: \
                         if that is right, set the url yourself"
                    ),
                ));
            }
            (None, None, Some(region)) => region,
            (None, None, None) => {
                return Err(Error::new(
                    ErrorKind::Token,
                    "the token names no server, as those issued before mid-2021: \
                     set the region, or issue a new token",
                ));
            }
        };
        let url = format!("https://{}/", region.host());
        Url::parse(&url)
            .map(Self)
            .map_err(|error| Error::new(ErrorKind::Config, "no address").with_source(error))
    }

    /// The host's name, or its address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address, ending in a slash.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    fn from_url(url: &Url) -> Result<Self, Error> {
        let refuse = |fault: &str| {
            Err(Error::new(
                ErrorKind::Config,
                format!("the Events API's url {fault}, such as https://events.1password.com"),
            ))
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "must not hold a user name or password: write the server's address alone",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("must not hold a query or a fragment: write the server's address alone");
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url) => {}
            "http" => {
                return refuse("must be https, since a token is sent there: write an address");
            }
            _ => return refuse("must be https: write an address"),
        }
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    #[cfg(feature = "client")]
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tests::token;

    fn resolve(
        host: Option<&str>,
        region: Option<Region>,
        url: Option<&str>,
    ) -> Result<String, String> {
        let claims = match host {
            Some(host) => serde_json::json!({ "aud": [host] }),
            None => serde_json::json!({ "aud": ["com.1password.streamingservice"] }),
        };
        let url = url.map(|url| Url::parse(url).unwrap());
        Endpoint::resolve(&token(&claims), region, url.as_ref())
            .map(|endpoint| endpoint.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_goes_to_its_own_server() {
        let ent = "https://events.ent.1password.com/";
        assert_eq!(
            resolve(Some("events.ent.1password.com"), None, None).unwrap(),
            ent
        );
        assert_eq!(
            resolve(
                Some("events.ent.1password.com"),
                Some(Region::Enterprise),
                None
            )
            .unwrap(),
            ent
        );
        assert_eq!(resolve(None, Some(Region::Enterprise), None).unwrap(), ent);
    }

    #[test]
    fn a_token_goes_nowhere_else() {
        for (host, region, words) in [
            (
                Some("events.1password.com"),
                Some(Region::Europe),
                "issued for `us`",
            ),
            (
                Some("events.1password.com.evil.example"),
                None,
                "not one of 1Password's",
            ),
            (
                Some("evil.example"),
                Some(Region::Us),
                "not one of 1Password's",
            ),
            (None, None, "set the region"),
        ] {
            let error = resolve(host, region, None).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_region_against_the_token_is_an_error_wherever_it_goes() {
        let url = Some("https://proxy.example");
        let eu = Some(Region::Europe);
        assert!(resolve(Some("events.1password.com"), eu, url).is_err());
        assert!(resolve(Some("events.1password.eu"), eu, url).is_ok());
        assert!(resolve(None, eu, url).is_ok());
    }

    #[test]
    fn any_other_server_must_be_named() {
        for (url, result) in [
            ("https://proxy.example", Ok("https://proxy.example/")),
            ("https://proxy.example/1p", Ok("https://proxy.example/1p/")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080/")),
            ("http://[::1]:8080/", Ok("http://[::1]:8080/")),
            ("http://localhost", Ok("http://localhost/")),
            ("http://proxy.example", Err("must be https, since")),
            ("http://127.0.0.1.evil.example", Err("must be https, since")),
            ("ftp://proxy.example", Err("must be https")),
            ("https://me:pw@proxy.example", Err("user name")),
            ("https://proxy.example/?a=b", Err("query")),
        ] {
            match (resolve(Some("evil.example"), None, Some(url)), result) {
                (Ok(endpoint), Ok(expected)) => assert_eq!(endpoint, expected),
                (Err(error), Err(words)) => {
                    assert!(error.contains(words) && !error.contains("pw@"), "{error}");
                }
                (got, expected) => panic!("{url}: {got:?}, not {expected:?}"),
            }
        }
    }
}
