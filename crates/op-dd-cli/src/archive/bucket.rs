use std::fmt;
use std::str::FromStr;

use object_store::path::Path;
use serde::{Deserialize, Serialize};
use url::Url;

const FORM: &str = "write a bucket as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX: \
                    credentials and all else are named in the environment";

/// The address of a bucket of an object store, with a prefix in it; without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Bucket(Url);

impl Bucket {
    pub(super) fn url(&self) -> &Url {
        &self.0
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
