//! From a configuration to a client of the management API.

use datadog_logs::Site;
use op_dd_content::install::{ApiError, ApiErrorKind, BuildError, Client, Key, Keys, Permission};

use crate::config::{Config, Secret};
use crate::exit::{Exit, Failure};

const USER_AGENT: &str = concat!("op-dd/", env!("CARGO_PKG_VERSION"));

/// A client that speaks to where the configuration says.
pub(crate) fn client(config: &Config) -> Result<Client, Failure> {
    let datadog = config.datadog()?;
    let site = datadog.api_url.as_ref().or(datadog.site.as_ref());
    if datadog.url.is_some() && site.is_none() {
        return Err(Failure::configuration(
            "url of [datadog] says where logs go, and nothing where the management API is: set site, such as \
             site = \"datadoghq.eu\", or api_url under [datadog]",
        ));
    }
    let application = datadog.app_key.as_ref().ok_or_else(|| {
        Failure::configuration(
            "there is no application key: set app_key under [datadog], such as app_key = \"env:DD_APP_KEY\"",
        )
    })?;
    let keys = Keys {
        api: key(&datadog.api_key, "API")?,
        application: key(application, "application")?,
    };
    let url = site.map_or(Site::US1.api_url(), Site::api_url);
    let mut client = Client::builder(url, keys)
        .user_agent(USER_AGENT)
        .connect_timeout(config.http.connect_timeout)
        .timeout(config.http.timeout);
    if let Some(proxy) = &config.http.proxy {
        client = client.proxy(proxy.url());
    }
    if let Some(ca) = config.ca_certificates()? {
        client = client.ca_certificates(ca);
    }
    client.build().map_err(|error| match error {
        BuildError::CaCertificates(_) => {
            Failure::configuration(format!("ca_file of [tls]: {error}")).because(&error)
        }
        error => Failure::configuration(error.to_string()),
    })
}

fn key(secret: &Secret, which: &str) -> Result<Key, Failure> {
    let fault = |fault| Failure::new(Exit::ApiKey, format!("Datadog's {which} key: {fault}"));
    let text = secret.read().map_err(fault)?;
    Key::new(text).map_err(|error| fault(error.to_string()))
}

/// A call that failed ends the program.
pub(crate) fn failure(error: &ApiError) -> Failure {
    let (exit, remedy) = match error.kind() {
        ApiErrorKind::Key => (Exit::ApiKey, ": see api_key and site of [datadog]"),
        ApiErrorKind::Permission(_) => (Exit::ApiKey, ""),
        ApiErrorKind::Refused(_) => (Exit::Configuration, ""),
        ApiErrorKind::Certificate => (
            Exit::Unreachable,
            ", by ca_file of [tls] in the configuration",
        ),
        ApiErrorKind::Connect => (
            Exit::Unreachable,
            ": see site (DD_SITE) and api_url of [datadog]",
        ),
        _ => (Exit::Unreachable, ""),
    };
    Failure::new(exit, format!("{error}{remedy}")).because(error)
}

/// What an application key must be allowed, for a person who makes one.
pub(super) fn named(permissions: &[Permission]) -> String {
    let names: Vec<_> = permissions.iter().map(ToString::to_string).collect();
    names.join(", ")
}
