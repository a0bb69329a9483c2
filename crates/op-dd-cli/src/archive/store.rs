//! The object store that a bucket is in.

use std::sync::Arc;

use datadog_logs::{Archive, SendError, SendErrorKind};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, RetryConfig};

use super::{Bucket, Connector};

impl Bucket {
    /// Sets the store up as the environment says, as the store's own tools do. It connects to nothing yet.
    pub(crate) fn open(&self, connector: &Connector) -> Result<Archive, SendError> {
        let store = self.store(connector).map_err(|error| {
            SendError::new(SendErrorKind::Storage(std::io::ErrorKind::InvalidInput))
                .of_store()
                .with_host(format!("the archive {self}"))
                .with_source(without_values(&error.to_string()))
        })?;
        let prefix = Path::from_url_path(self.url().path()).unwrap_or_default();
        Ok(Archive::in_store(store, prefix, self.to_string()))
    }

    fn store(&self, connector: &Connector) -> object_store::Result<Arc<dyn ObjectStore>> {
        let name = self.url().host_str().unwrap_or_default();
        // The bridge repeats what fails, and says so.
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let connector = connector.clone();
        Ok(match self.url().scheme() {
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
