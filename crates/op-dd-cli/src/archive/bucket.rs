use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use datadog_logs::{Archive, SendError, SendErrorKind};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, RetryConfig};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Connector;

const FORM: &str = "write a bucket as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX: \
                    credentials and all else are named in the environment";

/// The address of a bucket of an object store, with a prefix in it; without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Bucket(Url);

impl Bucket {
    /// Sets the store up as the environment says, as the store's own tools do. It connects to nothing yet.
    pub(crate) fn open(&self, connector: &Connector) -> Result<Archive, SendError> {
        let store = self.store(connector).map_err(|error| {
            SendError::new(SendErrorKind::Storage(std::io::ErrorKind::InvalidInput))
                .of_store()
                .with_host(format!("the archive {self}"))
                .with_source(without_values(&error.to_string()))
        })?;
        let prefix = Path::from_url_path(self.0.path()).unwrap_or_default();
        Ok(Archive::in_store(store, prefix, self.to_string()))
    }

    fn store(&self, connector: &Connector) -> object_store::Result<Arc<dyn ObjectStore>> {
        let name = self.0.host_str().unwrap_or_default();
        // The bridge repeats what fails, and says so.
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let connector = connector.clone();
        Ok(match self.0.scheme() {
            "gs" => Arc::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_bucket_name(name)
                    .with_retry(retry)
                    .with_http_connector(connector)
                    .build()?,
            ),
            "az" => Arc::new(
                MicrosoftAzureBuilder::from_env()
                    .with_container_name(name)
                    .with_retry(retry)
                    .with_http_connector(connector)
                    .build()?,
            ),
            _ => Arc::new(
                AmazonS3Builder::from_env()
                    .with_bucket_name(name)
                    .with_retry(retry)
                    .with_http_connector(connector)
                    .build()?,
            ),
        })
    }
}

impl FromStr for Bucket {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser's own error is no help, and must not show what it has read.
        let url = Url::parse(text).map_err(|_| FORM)?;
        let is_bucket = matches!(url.scheme(), "s3" | "gs" | "az")
            && url.host_str().is_some_and(|name| !name.is_empty())
            && url.authority() == url.host_str().unwrap_or_default()
            && url.query().is_none()
            && url.fragment().is_none()
            && Path::from_url_path(url.path()).is_ok();
        is_bucket.then_some(Self(url)).ok_or(FORM)
    }
}

impl TryFrom<String> for Bucket {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Bucket> for String {
    fn from(bucket: Bucket) -> Self {
        bucket.to_string()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text without what stands between its quotes: a setting that can't be read may be a secret in the
/// wrong place.
fn without_values(text: &str) -> String {
    let parts = text.split('"').enumerate();
    let parts = parts.map(|(index, part)| if index % 2 == 0 { part } else { "…" });
    parts.collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_quotes_is_not_shown() {
        let text = r#"failed to parse "SECRET" as boolean"#;
        assert_eq!(without_values(text), r#"failed to parse "…" as boolean"#);
        assert_eq!(without_values(r#"cut off "SECRET"#), r#"cut off "…"#);
    }
}
