use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};

use super::Rejection;

/// The documented 5 MB in the strict reading: decimal, and of the body as it is after decompression.
pub(crate) const MAX_BODY: usize = 5_000_000;

/// The body in plain text.
///
/// `deflate` is a zlib stream, as RFC 9110 has it and as Datadog's own client sends it.
pub(crate) fn decode(
    request: &Request<Bytes>,
    zstd_refusal: Option<StatusCode>,
) -> Result<Bytes, Rejection> {
    check_type(request.headers())?;
    let body = request.body();
    let encoding = match request.headers().get(CONTENT_ENCODING) {
        Some(encoding) => encoding
            .to_str()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
        None => "identity".to_owned(),
    };
    match encoding.as_str() {
        "identity" if body.len() <= MAX_BODY => Ok(body.clone()),
        "identity" => Err(TOO_LARGE),
        "gzip" => inflate(MultiGzDecoder::new(&body[..])),
        "deflate" => inflate(ZlibDecoder::new(&body[..])),
        "zstd" => match zstd_refusal {
            Some(status) => Err(Rejection {
                status,
                detail: "Content-Encoding zstd is not supported",
            }),
            None => zstd::stream::read::Decoder::new(&body[..])
                .map_err(broken)
                .and_then(inflate),
        },
        _ => Err(Rejection {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            detail: "Content-Encoding is unknown",
        }),
    }
}

const TOO_LARGE: Rejection = Rejection {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    detail: "Request too large",
};

/// 400, not 415: a client may well take the latter for a verdict on its compression. The real intake knows plain text
/// too, but whoever means to send JSON and doesn't say so has made a mistake.
fn check_type(headers: &HeaderMap) -> Result<(), Rejection> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Rejection {
            status: StatusCode::BAD_REQUEST,
            detail: "Content-Type must be application/json",
        })
    }
}

/// Reads one byte more than is allowed at most: a small body that unpacks to terabytes is none to fear.
fn inflate(reader: impl Read) -> Result<Bytes, Rejection> {
    let mut plain = Vec::new();
    reader
        .take(MAX_BODY as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(broken)?;
    if plain.len() > MAX_BODY {
        Err(TOO_LARGE)
    } else {
        Ok(plain.into())
    }
}

fn broken(_: io::Error) -> Rejection {
    Rejection {
        status: StatusCode::BAD_REQUEST,
        detail: "Content-Encoding and body disagree",
    }
}
