//! What the error of a store means.

use std::error::Error as _;
use std::io;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use crate::{SendError, SendErrorKind};

/// Where clouds hand out credentials to their own machines. That it isn't there means that this is none.
const METADATA: [&str; 3] = [
    "//169.254.169.254",
    "//169.254.170.2",
    "//metadata.google.internal",
];

/// Says what happened, with no more of the store's answer than its code: the rest may repeat signed
/// headers, which have a session's token in them.
pub(super) fn failure(name: String, error: &Error) -> SendError {
    let text = error.to_string();
    let (status, code) = (status(&text), code(&text));
    let transport = transport(error);
    let kind = match (error, status) {
        _ if METADATA.iter().any(|address| text.contains(address)) => {
            SendErrorKind::Storage(io::ErrorKind::PermissionDenied)
        }
        (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, _) => {
            SendErrorKind::Unauthorized
        }
        // What S3 says of keys and tokens by another status.
        (_, Some(400)) if matches!(code, Some("ExpiredToken" | "InvalidToken")) => {
            SendErrorKind::Unauthorized
        }
        (Error::NotFound { .. }, _) => SendErrorKind::Storage(io::ErrorKind::NotFound),
        (_, Some(status)) => SendErrorKind::of_status(status),
        _ => transport.map_or(SendErrorKind::Storage(io::ErrorKind::Other), of_transport),
    };
    let mut failure = SendError::new(kind).with_host(name).of_store();
    if let Some(status) = status {
        failure = failure.with_status(status);
    }
    match (code, transport) {
        (Some(code), _) => failure.with_source(code.to_owned()),
        (None, Some(error)) => failure.with_source(bottom(error)),
        (None, None) => failure,
    }
}

/// Whether an object isn't there, and the bucket is.
pub(super) fn is_absent(error: &Error) -> bool {
    let text = error.to_string();
    matches!(error, Error::NotFound { .. })
        && !matches!(code(&text), Some("NoSuchBucket" | "ContainerNotFound"))
}

/// Whether the credentials are known, and are not for this.
pub(super) fn forbids(error: &Error) -> bool {
    let text = error.to_string();
    let known = ["AccessDenied", "AuthorizationPermissionMismatch"];
    matches!(error, Error::PermissionDenied { .. })
        && code(&text).is_some_and(|code| known.contains(&code))
}

/// What went wrong on the way, if it did.
fn transport(error: &Error) -> Option<&HttpError> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        cause = error.source();
    }
    None
}

fn of_transport(error: &HttpError) -> SendErrorKind {
    match error.kind() {
        HttpErrorKind::Connect if bottom(error).contains("certificate") => {
            SendErrorKind::Certificate
        }
        HttpErrorKind::Connect => SendErrorKind::Connect,
        HttpErrorKind::Timeout => SendErrorKind::Timeout,
        _ => SendErrorKind::Network,
    }
}

fn bottom(error: &HttpError) -> String {
    let mut bottom: &dyn std::error::Error = error;
    while let Some(cause) = bottom.source() {
        bottom = cause;
    }
    bottom.to_string()
}

/// The status of an answer. The error that has it can't be named outside its crate, so its text is read;
/// were that another one, less would be said.
fn status(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// What the answer calls the fault, in the XML that all the stores speak.
fn code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_word = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then_some(code)
}

#[cfg(test)]
mod tests {
    use object_store::client::HttpErrorKind;

    use super::*;

    const STORE: &str = "S3";

    fn answered(status: u16, body: &str) -> Error {
        let path = "op-dd/dt=20260102".to_owned();
        let source = format!(
            "Error performing PUT https://s3.example.com/logs in 1ms - \
             Server returned non-2xx status code: {status} Reason: {body}"
        )
        .into();
        match status {
            401 => Error::Unauthenticated { path, source },
            403 => Error::PermissionDenied { path, source },
            404 => Error::NotFound { path, source },
            _ => Error::Generic {
                store: STORE,
                source,
            },
        }
    }

    fn broken(kind: HttpErrorKind, cause: &str) -> Error {
        Error::Generic {
            store: STORE,
            source: Box::new(HttpError::new_boxed(kind, cause.into())),
        }
    }

    #[test]
    fn says_what_where_and_what_to_do_and_nothing_that_is_secret() {
        let signed = "<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT\n\
                      x-amz-security-token:SECRET</CanonicalRequest></Error>";
        let unreachable = Error::Generic {
            store: STORE,
            source:
                "Error performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error"
                    .into(),
        };
        for (error, says, source) in [
            (
                answered(403, signed),
                "the archive s3://logs refuses the credentials (status 403): check those of the store in this \
                 program's environment, and that they may write there",
                Some("SignatureDoesNotMatch"),
            ),
            (
                answered(400, "<Code>ExpiredToken</Code>"),
                "the archive s3://logs refuses the credentials (status 400): check those",
                Some("ExpiredToken"),
            ),
            (
                answered(401, ""),
                "the archive s3://logs refuses the credentials (status 401): check those",
                None,
            ),
            (
                answered(404, "<Code>NoSuchBucket</Code>"),
                "the archive s3://logs is not there (status 404): check the name, region and endpoint of the \
                 bucket; try again later",
                Some("NoSuchBucket"),
            ),
            (
                answered(503, "<Code>SlowDown</Code>"),
                "the archive s3://logs failed (status 503); try again later",
                Some("SlowDown"),
            ),
            (
                answered(301, "<Code>not a SECRET word</Code>"),
                "the archive s3://logs does not take the request (status 301): check the name, region and",
                None,
            ),
            (
                unreachable,
                "the archive s3://logs can't be written, since there are no credentials for it: give the",
                None,
            ),
            (
                broken(HttpErrorKind::Connect, "refused"),
                "the archive s3://logs cannot be reached: check the store's address and region, and DNS",
                Some("refused"),
            ),
            (
                broken(HttpErrorKind::Connect, "invalid peer certificate"),
                "the archive s3://logs shows a certificate that is not trusted: if it is of a proxy",
                Some("invalid peer certificate"),
            ),
            (
                broken(HttpErrorKind::Timeout, "elapsed"),
                "the archive s3://logs took too long; try again later",
                Some("elapsed"),
            ),
            (
                broken(HttpErrorKind::Interrupted, "reset"),
                "the archive s3://logs did not answer before the connection broke off; try again later",
                Some("reset"),
            ),
        ] {
            let failure = failure("the archive s3://logs".to_owned(), &error);
            let text = failure.to_string();
            assert!(text.starts_with(says), "{text}");
            let cause = failure.source().map(ToString::to_string);
            assert_eq!(cause.as_deref(), source, "{text}");
            assert!(!format!("{failure:?}").contains("SECRET"), "{failure:?}");
        }
    }

    #[test]
    fn an_object_that_is_not_there_is_not_a_bucket_that_is_not_there() {
        assert!(is_absent(&answered(404, "<Code>NoSuchKey</Code>")));
        assert!(is_absent(&answered(404, "")));
        assert!(!is_absent(&answered(404, "<Code>NoSuchBucket</Code>")));
        assert!(forbids(&answered(403, "<Code>AccessDenied</Code>")));
        assert!(!forbids(&answered(403, "<Code>InvalidAccessKeyId</Code>")));
    }
}
