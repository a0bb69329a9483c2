use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Bucket;
use crate::exit::Failure;

/// Where an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Place {
    Bucket(Bucket),
    Folder(PathBuf),
}

impl Place {
    /// The same, wherever this process is started.
    pub(crate) fn absolute(&self) -> Result<Self, Failure> {
        let Self::Folder(folder) = self else {
            return Ok(self.clone());
        };
        let absolute = std::path::absolute(folder);
        absolute.map(Self::Folder).map_err(|error| {
            Failure::configuration(format!("the archive {self} is no path: {error}"))
        })
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            text.parse().map(Self::Bucket)
        } else {
            Ok(Self::Folder(text.into()))
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(bucket) => bucket.fmt(f),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket_and_is_kept_as_its_text() {
        for (text, is_bucket) in [
            ("archive", false),
            ("/var/lib/archive", false),
            ("s3:/archive", false),
            ("s3://logs", true),
            ("s3://logs/op-dd/eu", true),
            ("gs://logs/", true),
            ("az://container/op-dd", true),
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(matches!(place, Place::Bucket(_)), is_bucket, "{text}");
            assert_eq!(place.to_string(), text);
            let json = serde_json::to_string(&place).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Place>(&json).unwrap(), place);
        }
        for text in [
            "s3://",
            "s3:///logs",
            "s3://key:SECRET@logs/op-dd",
            "s3://logs:80/op-dd",
            "s3://logs/op-dd?versionId=1",
            "s3://logs//op-dd",
            "https://logs.s3.amazonaws.com",
            "file:///var/lib/archive",
        ] {
            let fault = text.parse::<Place>().unwrap_err();
            assert!(fault.contains("s3://BUCKET/PREFIX"), "{text}: {fault}");
        }
    }
}
