use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// The nine sites with the short names that Datadog's documentation gives them
/// (<https://docs.datadoghq.com/getting_started/site/>).
const SITES: [(&str, Site); 9] = [
    ("us1", Site::US1),
    ("us3", Site::US3),
    ("us5", Site::US5),
    ("eu1", Site::EU1),
    ("ap1", Site::AP1),
    ("ap2", Site::AP2),
    ("uk1", Site::UK1),
    ("us1-fed", Site::US1_FED),
    ("us2-fed", Site::US2_FED),
];

/// Where the intake is; the intake's own path comes after the base of a full URL.
const INTAKE_PATH: &str = "api/v2/logs";

/// Where Datadog is: one of its sites, or the URL of something that stands in for it.
///
/// An API key belongs to one site, and another site refuses it.
///
/// ```
/// use datadog_logs::Site;
///
/// let site: Site = "datadoghq.eu".parse()?; // what one has in `DD_SITE`
/// assert_eq!(site, Site::EU1);
/// assert_eq!(site.intake_url().as_str(), "https://http-intake.logs.datadoghq.eu/api/v2/logs");
/// assert_eq!(site.api_url().as_str(), "https://api.datadoghq.eu/");
///
/// let proxy = Site::parse("https://proxy.example.com/datadog")?;
/// assert_eq!(proxy.intake_url().as_str(), "https://proxy.example.com/datadog/api/v2/logs");
/// assert_eq!(proxy.api_url().as_str(), "https://proxy.example.com/datadog/");
/// # Ok::<_, datadog_logs::SiteError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site(Address);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Address {
    /// One of the nine.
    Known(&'static str),
    /// Any other site.
    Domain {
        domain: String,
        intake: Url,
        api: Url,
    },
    /// One base for both, which ends with a slash.
    Base(Url),
}

impl Site {
    /// `datadoghq.com`
    pub const US1: Self = Self(Address::Known("datadoghq.com"));
    /// `us3.datadoghq.com`
    pub const US3: Self = Self(Address::Known("us3.datadoghq.com"));
    /// `us5.datadoghq.com`
    pub const US5: Self = Self(Address::Known("us5.datadoghq.com"));
    /// `datadoghq.eu`
    pub const EU1: Self = Self(Address::Known("datadoghq.eu"));
    /// `ap1.datadoghq.com`
    pub const AP1: Self = Self(Address::Known("ap1.datadoghq.com"));
    /// `ap2.datadoghq.com`
    pub const AP2: Self = Self(Address::Known("ap2.datadoghq.com"));
    /// `uk1.datadoghq.com`
    pub const UK1: Self = Self(Address::Known("uk1.datadoghq.com"));
    /// `ddog-gov.com`
    pub const US1_FED: Self = Self(Address::Known("ddog-gov.com"));
    /// `us2.ddog-gov.com`
    pub const US2_FED: Self = Self(Address::Known("us2.ddog-gov.com"));

    /// Reads a site's domain (`us5.datadoghq.com`, or one that isn't among the nine), the short
    /// name of one of the nine (`us5`), or a full URL.
    ///
    /// A full URL serves for the intake and for the API, for tests and proxies: it is the base that
    /// `api/v2/logs` and `api/v1/validate` come after. The address of an intake, which ends with
    /// `/api/v2/logs`, is understood as well. A host of one of the nine sites means that site, also
    /// the one that a person sees in the browser (`app.datadoghq.eu`).
    ///
    /// # Errors
    ///
    /// [`SiteError`] if the text is none of these, if a URL isn't `https` (plain `http` is for
    /// loopback hosts only, since it would show the key to everybody on the way), or if it has
    /// credentials, a query or a fragment in it.
    pub fn parse(text: &str) -> Result<Self, SiteError> {
        let text = text.trim();
        if text.contains("://") {
            let url = base(text)?;
            let known = url.host_str().and_then(host_of_known);
            return Ok(known.unwrap_or(Self(Address::Base(url))));
        }
        let domain = text.to_ascii_lowercase();
        if let Some(site) = host_of_known(&domain) {
            return Ok(site);
        }
        for (name, site) in SITES {
            if domain == name || site.0.is_known(&domain) {
                return Ok(site);
            }
        }
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !domain.contains('.') || !domain.split('.').all(label) {
            return Err(SiteError::Domain);
        }
        let intake = intake_of(&domain).map_err(|_| SiteError::Domain)?;
        let api = api_of(&domain).map_err(|_| SiteError::Domain)?;
        Ok(Self(Address::Domain {
            domain,
            intake,
            api,
        }))
    }

    /// The address that logs are posted to: `https://http-intake.logs.<site>/api/v2/logs`.
    #[must_use]
    pub fn intake_url(&self) -> Url {
        match &self.0 {
            Address::Known(domain) => valid(intake_of(domain)),
            Address::Domain { intake, .. } => intake.clone(),
            Address::Base(base) => below(base, INTAKE_PATH),
        }
    }

    /// The base of the management API, with a slash at its end: `https://api.<site>/`.
    #[must_use]
    pub fn api_url(&self) -> Url {
        match &self.0 {
            Address::Known(domain) => valid(api_of(domain)),
            Address::Domain { api, .. } => api.clone(),
            Address::Base(base) => base.clone(),
        }
    }

    /// Whether it is a domain that is none of the nine: a site that is newer than this crate, or a slip of the
    /// pen, by which the keys go to whoever has that domain.
    ///
    /// ```
    /// use datadog_logs::Site;
    ///
    /// assert!(Site::parse("datadoghq.con")?.is_unknown_domain());
    /// assert!(!Site::EU1.is_unknown_domain());
    /// # Ok::<_, datadog_logs::SiteError>(())
    /// ```
    #[must_use]
    pub fn is_unknown_domain(&self) -> bool {
        matches!(self.0, Address::Domain { .. })
    }
}

impl Address {
    fn is_known(&self, domain: &str) -> bool {
        matches!(self, Self::Known(known) if *known == domain)
    }
}

impl Default for Site {
    /// US1, which Datadog's own clients take when nothing is said.
    fn default() -> Self {
        Self::US1
    }
}

impl FromStr for Site {
    type Err = SiteError;

    fn from_str(text: &str) -> Result<Self, SiteError> {
        Self::parse(text)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Address::Known(domain) => f.write_str(domain),
            Address::Domain { domain, .. } => f.write_str(domain),
            Address::Base(base) => f.write_str(base.as_str()),
        }
    }
}

/// Why a text names no place to send logs to. It never shows the text, which may have credentials
/// in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SiteError {
    /// Neither one of the nine, nor a domain, nor a URL.
    #[error(
        "the site is neither a domain such as datadoghq.com, us5.datadoghq.com or datadoghq.eu nor a \
         full URL"
    )]
    Domain,
    /// It looks like a URL, but can't be read as one with a host.
    #[error("the site's URL cannot be read")]
    Url,
    /// Plain `http` to a host that isn't loopback, or another scheme.
    #[error("the site's URL must begin with https:// (plain http is for loopback hosts only)")]
    Insecure,
    /// A user name or a password in the URL.
    #[error("the site's URL must not have credentials in it")]
    Credentials,
    /// A query or a fragment, which nothing could come after.
    #[error("the site's URL must have neither a query nor a fragment")]
    Query,
}

/// The site that one of Datadog's own hosts belongs to.
fn host_of_known(host: &str) -> Option<Site> {
    let domain = ["app.", "api.", "http-intake.logs."]
        .iter()
        .find_map(|prefix| host.strip_prefix(prefix))?;
    let (_, site) = SITES
        .into_iter()
        .find(|(_, site)| site.0.is_known(domain))?;
    Some(site)
}

fn base(text: &str) -> Result<Url, SiteError> {
    let mut url = Url::parse(text).map_err(|_| SiteError::Url)?;
    let loopback = match url.host().ok_or(SiteError::Url)? {
        Host::Domain(domain) => domain == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
        return Err(SiteError::Insecure);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SiteError::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(SiteError::Query);
    }
    let path = url.path().trim_end_matches('/');
    let path = path
        .strip_suffix(INTAKE_PATH)
        .filter(|before| before.ends_with('/'))
        .unwrap_or(path)
        .trim_end_matches('/');
    let path = format!("{path}/");
    url.set_path(&path);
    Ok(url)
}

pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

fn intake_of(domain: &str) -> Result<Url, url::ParseError> {
    Url::parse(&format!("https://http-intake.logs.{domain}/{INTAKE_PATH}"))
}

fn api_of(domain: &str) -> Result<Url, url::ParseError> {
    Url::parse(&format!("https://api.{domain}/"))
}

#[expect(
    clippy::expect_used,
    reason = "only for the nine domains above, and a test goes through them all"
)]
fn valid(url: Result<Url, url::ParseError>) -> Url {
    url.expect("a known domain makes a URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nine_sites() {
        for (domain, site) in [
            ("datadoghq.com", Site::US1),
            ("us3.datadoghq.com", Site::US3),
            ("us5.datadoghq.com", Site::US5),
            ("datadoghq.eu", Site::EU1),
            ("ap1.datadoghq.com", Site::AP1),
            ("ap2.datadoghq.com", Site::AP2),
            ("uk1.datadoghq.com", Site::UK1),
            ("ddog-gov.com", Site::US1_FED),
            ("us2.ddog-gov.com", Site::US2_FED),
        ] {
            assert_eq!(Site::parse(domain).unwrap(), site);
            assert_eq!(site.to_string(), domain);
            assert_eq!(
                site.intake_url().as_str(),
                format!("https://http-intake.logs.{domain}/api/v2/logs")
            );
            assert_eq!(site.api_url().as_str(), format!("https://api.{domain}/"));
        }
        for (name, site) in SITES {
            assert_eq!(Site::parse(name).unwrap(), site);
            assert_eq!(Site::parse(&name.to_uppercase()).unwrap(), site);
        }
    }

    #[test]
    fn any_other_site() {
        let site = Site::parse(" MX1.Datadoghq.com\n").unwrap();
        assert_eq!(site.to_string(), "mx1.datadoghq.com");
        assert_eq!(site.api_url().as_str(), "https://api.mx1.datadoghq.com/");
        assert_eq!(
            site.intake_url().as_str(),
            "https://http-intake.logs.mx1.datadoghq.com/api/v2/logs"
        );
    }

    #[test]
    fn a_host_of_a_site_is_that_site() {
        for text in [
            "app.datadoghq.eu",
            "https://app.datadoghq.eu/logs",
            "api.datadoghq.eu",
            "http-intake.logs.datadoghq.eu",
            "https://http-intake.logs.datadoghq.eu/api/v2/logs",
        ] {
            assert_eq!(Site::parse(text).unwrap(), Site::EU1, "{text}");
        }
        assert!(matches!(Site::parse("app.example.com"), Ok(site) if site != Site::EU1));
    }

    #[test]
    fn a_full_url_is_the_base_of_both() {
        fn check(text: &str, intake: &str, api: &str) {
            let site = Site::parse(text).unwrap();
            assert_eq!(site.intake_url().as_str(), intake, "{text}");
            assert_eq!(site.api_url().as_str(), api, "{text}");
        }
        let loopback = "http://127.0.0.1:8080/";
        let intake = "http://127.0.0.1:8080/api/v2/logs";
        check("http://127.0.0.1:8080", intake, loopback);
        check("http://127.0.0.1:8080/api/v2/logs", intake, loopback);
        check("http://127.0.0.1:8080/api/v2/logs/", intake, loopback);
        check(
            "http://[::1]:1",
            "http://[::1]:1/api/v2/logs",
            "http://[::1]:1/",
        );
        check(
            "http://localhost",
            "http://localhost/api/v2/logs",
            "http://localhost/",
        );
        check(
            "https://proxy.example.com/a/b",
            "https://proxy.example.com/a/b/api/v2/logs",
            "https://proxy.example.com/a/b/",
        );
    }

    #[test]
    fn what_is_refused() {
        for (text, error) in [
            ("", SiteError::Domain),
            ("datadoghq", SiteError::Domain),
            ("datadoghq.eu/path", SiteError::Domain),
            ("data dog.eu", SiteError::Domain),
            ("user@datadoghq.eu", SiteError::Domain),
            (".datadoghq.eu", SiteError::Domain),
            ("https://", SiteError::Url),
            ("http://proxy.example.com", SiteError::Insecure),
            ("http://127.0.0.1.example.com", SiteError::Insecure),
            ("http://localhost.example.com", SiteError::Insecure),
            ("http://a.localhost", SiteError::Insecure),
            ("ftp://127.0.0.1", SiteError::Insecure),
            (
                "https://me:secret@proxy.example.com",
                SiteError::Credentials,
            ),
            ("https://me@proxy.example.com", SiteError::Credentials),
            ("https://proxy.example.com/?a=b", SiteError::Query),
            ("https://proxy.example.com/#a", SiteError::Query),
        ] {
            assert_eq!(Site::parse(text), Err(error), "{text}");
        }
    }
}
