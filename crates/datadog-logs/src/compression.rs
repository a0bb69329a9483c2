use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use flate2::write::GzEncoder;
use thiserror::Error;

/// Level 1 is a quarter faster and a third larger; level 3 a quarter slower and hardly smaller;
/// level 6, the usual one, takes twice the time for a tenth of the size. (Measured with zlib-rs on
/// a thousand JSON logs of 1 kB.)
const GZIP_LEVEL: flate2::Compression = flate2::Compression::new(2);

/// Smaller than gzip at any level already, and what is gained above is little.
#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 1;

const NAMES: &str = if cfg!(feature = "zstd") {
    "none, gzip, zstd"
} else {
    "none, gzip"
};

/// How a request's body is compressed. Datadog's limits count the bytes before compression.
///
/// Ordered by how likely an intake is to understand it, the likeliest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// As it is.
    None,
    /// gzip, level 2: in the public description of the intake
    /// (<https://docs.datadoghq.com/api/latest/logs/#send-logs>).
    #[default]
    Gzip,
    /// Zstandard, level 1: smaller than gzip in half the time. It isn't in the public description,
    /// but Datadog's own Agent and Lambda extension send it. A [`Client`](crate::Client) falls back
    /// to gzip where it is refused.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Compression {
    /// The value of the `Content-Encoding` header, if there has to be one.
    #[must_use]
    pub const fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            #[cfg(feature = "zstd")]
            Self::Zstd => Some("zstd"),
        }
    }

    /// Compresses `body`.
    ///
    /// # Errors
    ///
    /// If the compressor fails, for want of memory for instance.
    pub fn compress(self, body: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(body),
            Self::Gzip => {
                // Logs of one source shrink to about an eighth.
                let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), GZIP_LEVEL);
                encoder.write_all(&body)?;
                encoder.finish()
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => zstd::bulk::compress(&body, ZSTD_LEVEL),
        }
    }
}

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Self, CompressionError> {
        match text {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            #[cfg(feature = "zstd")]
            "zstd" => Ok(Self::Zstd),
            _ => Err(CompressionError(())),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.content_encoding().unwrap_or("none"))
    }
}

/// A text names no compression that was compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown compression: it is one of {NAMES}")]
pub struct CompressionError(());

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn names_are_read_back() {
        for name in ["none", "gzip"] {
            assert_eq!(name.parse::<Compression>().unwrap().to_string(), name);
        }
        assert_eq!(Compression::default(), Compression::Gzip);
        assert!("brotli".parse::<Compression>().is_err());
        assert_eq!(
            "zstd".parse::<Compression>().is_ok(),
            cfg!(feature = "zstd")
        );
    }

    #[test]
    fn gzip_is_read_back() {
        let text = b"[{\"message\":\"a\"}]".repeat(100);
        let packed = Compression::Gzip.compress(text.clone()).unwrap();
        assert!(packed.len() < text.len() / 8);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&*packed)
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, text);
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn zstd_is_read_back() {
        let text = b"[{\"message\":\"a\"}]".repeat(100);
        let packed = Compression::Zstd.compress(text.clone()).unwrap();
        assert_eq!(zstd::decode_all(&*packed).unwrap(), text);
    }
}
