use http::StatusCode;
use serde_json::json;

use crate::server::Reply;

/// Why a call is refused, in one of the three forms that Datadog has for it.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// `{"errors":["…"]}`.
    Plain(StatusCode, Vec<String>),
    /// `{"error":{"code":"InvalidArgument","message":"…","details":[…]}}`.
    Invalid(StatusCode, &'static str, Vec<Detail>),
    /// A page of HTML, by something in front of the API.
    Page,
}

/// One thing that is wrong with an object.
#[derive(Debug)]
pub(crate) struct Detail {
    pub(crate) message: String,
    /// The member that it is wrong with.
    pub(crate) target: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self::Plain(status, vec![error.into()])
    }

    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    pub(crate) fn not_found(error: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    pub(crate) fn lacks_permission() -> Self {
        let errors = ["Forbidden", "Failed permission authorization checks"];
        Self::Plain(StatusCode::FORBIDDEN, errors.map(str::to_owned).to_vec())
    }

    pub(crate) fn into_reply(self) -> Reply {
        match self {
            Self::Plain(status, errors) => {
                Reply::json(status, json!({ "errors": errors }).to_string())
            }
            Self::Invalid(status, message, details) => {
                let details: Vec<_> = details.into_iter().map(Detail::into_json).collect();
                let error =
                    json!({ "code": "InvalidArgument", "message": message, "details": details });
                Reply::json(status, json!({ "error": error }).to_string())
            }
            Self::Page => Reply::html(
                StatusCode::NOT_FOUND,
                "<html><head><title>404 Not Found</title></head><body>404 Not Found</body></html>",
            ),
        }
    }
}

impl Detail {
    pub(crate) fn new(message: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            target: target.into(),
        }
    }

    fn into_json(self) -> serde_json::Value {
        json!({ "code": "InvalidArgument", "message": self.message, "target": self.target })
    }
}
