use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{Error, ErrorKind, Feed};

/// A bearer token of the Events API.
///
/// It is a signed JSON web token whose claims say which server it is for and which feeds it may
/// read. The claims are read without checking the signature, as 1Password's own clients do: only
/// the server can check it.
///
/// It never prints: `Debug` shows the claims alone, there is no `Display`, and the text is wiped
/// from memory when the token is dropped.
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    claims: Claims,
}

/// What a token says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    host: Option<String>,
    features: Vec<String>,
    account_uuid: Option<String>,
    issued_at: Option<SystemTime>,
    expires_at: Option<SystemTime>,
}

/// The audience of tokens issued before mid-2021, which is no server's name.
const NO_HOST: &str = "com.1password.streamingservice";

impl AccessToken {
    /// Reads a token. White space around it is taken off: a file's last line often has some.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Token`] if it isn't a token of this kind. The error doesn't show it.
    pub fn new(token: impl Into<SecretString>) -> Result<Self, Error> {
        let secret: SecretString = token.into();
        let text = secret.expose_secret().trim();
        let claims = Claims::read(text)?;
        let secret = SecretString::from(text);
        Ok(Self { secret, claims })
    }

    /// What the token says of itself.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The token's text, to put into a request. Take care that nothing prints it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl Claims {
    /// The host name of the server that the token is for; none in tokens issued before mid-2021.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The token's features as they stand there, those that are no feed among them.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The feeds that the token may read. They are fixed at issue: for more, issue a new token.
    #[must_use]
    pub fn feeds(&self) -> Vec<Feed> {
        Feed::ALL
            .into_iter()
            .filter(|feed| self.features.iter().any(|feature| feature == feed.as_str()))
            .collect()
    }

    /// The 1Password account that the token was issued in.
    #[must_use]
    pub fn account_uuid(&self) -> Option<&str> {
        self.account_uuid.as_deref()
    }

    /// When the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.issued_at
    }

    /// When the token ends; none if it never does.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    fn read(token: &str) -> Result<Self, Error> {
        let refuse = |fault: &str| {
            Error::new(
                ErrorKind::Token,
                format!(
                    "this is no token of the Events API ({fault}): copy it whole from the \
                     integration's page in 1Password; it begins with eyJ"
                ),
            )
        };
        if token.is_empty() {
            return Err(refuse("it is empty"));
        }
        if token.starts_with("ops_") {
            return Err(refuse("it is a service account's token"));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refuse(
                "it holds white space or characters that no token has",
            ));
        }
        let parts: Vec<_> = token.split('.').collect();
        let [_, payload, _] = parts[..] else {
            return Err(refuse("it is not made of three parts with dots between"));
        };
        let payload = URL_SAFE_NO_PAD
            .decode(payload.trim_end_matches('='))
            .map_err(|_| refuse("its second part is not base64"))?;
        // A list would be taken for the claims in order.
        let object = payload.starts_with(b"{").then_some(payload.as_slice());
        let wire: Option<Wire> = object.and_then(|claims| serde_json::from_slice(claims).ok());
        wire.map(Self::from)
            .ok_or_else(|| refuse("its second part holds no claims"))
    }
}

impl FromStr for AccessToken {
    type Err = Error;

    fn from_str(token: &str) -> Result<Self, Self::Err> {
        Self::new(token)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// The claims as they are written.
#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    aud: OneOrMany,
    #[serde(default, rename = "1password.com/fts")]
    features: Option<Vec<String>>,
    #[serde(default, rename = "1password.com/auuid")]
    account_uuid: Option<String>,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    exp: Option<f64>,
}

/// RFC 7519 lets a single audience stand alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl From<Wire> for Claims {
    fn from(wire: Wire) -> Self {
        let audience = match wire.aud {
            OneOrMany::One(audience) => Some(audience),
            OneOrMany::Many(audiences) => audiences.into_iter().next(),
        };
        Self {
            host: audience.filter(|audience| audience != NO_HOST && !audience.is_empty()),
            features: wire.features.unwrap_or_default(),
            account_uuid: wire.account_uuid.filter(|uuid| !uuid.is_empty()),
            issued_at: wire.iat.and_then(time),
            expires_at: wire.exp.and_then(time),
        }
    }
}

fn time(seconds: f64) -> Option<SystemTime> {
    let since_epoch = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn token(claims: &Value) -> AccessToken {
        AccessToken::new(text(claims)).unwrap()
    }

    fn text(claims: &Value) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("{header}.{payload}.SIGNATURE")
    }

    #[test]
    fn claims_are_read() {
        let token = token(&json!({
            "aud": ["events.1password.eu"], "iss": "com.1password.b5",
            "1password.com/auuid": "ACCOUNT", "1password.com/fts": ["itemusages", "vaultaccess"],
            "iat": 1_700_000_000, "exp": 1_700_000_060.5,
        }));
        let claims = token.claims();
        assert_eq!(claims.host(), Some("events.1password.eu"));
        assert_eq!(claims.features(), ["itemusages", "vaultaccess"]);
        assert_eq!(claims.feeds(), [Feed::ItemUsages]);
        assert_eq!(claims.account_uuid(), Some("ACCOUNT"));
        let issued = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(claims.issued_at(), Some(issued));
        assert_eq!(
            claims.expires_at(),
            Some(issued + Duration::from_millis(60_500))
        );
    }

    #[test]
    fn a_token_may_say_little() {
        for claims in [
            json!({}),
            json!({ "aud": ["com.1password.streamingservice"] }),
            json!({ "aud": [], "1password.com/fts": null, "iat": -1.0 }),
        ] {
            let token = token(&claims);
            assert_eq!(token.claims().host(), None, "{claims}");
            assert_eq!(token.claims().expires_at(), None);
            assert!(token.claims().feeds().is_empty());
        }
        let single = token(&json!({ "aud": "events.1password.ca" }));
        assert_eq!(single.claims().host(), Some("events.1password.ca"));
    }

    #[test]
    fn white_space_around_it_is_taken_off() {
        let text = text(&json!({}));
        let token = AccessToken::new(format!(" {text}\r\n")).unwrap();
        assert_eq!(token.secret.expose_secret(), text);
    }

    #[test]
    fn garbage_is_refused_and_never_shown() {
        for garbage in [
            "",
            "  \n",
            "ops_SECRET",
            "SECRET",
            "a.SECRET.c",
            "a.b.c.SECRET",
            "eyJ.U0VDUkVU.SECRET",
            "eyJ.W10.SECRET",
            "SEC\nRET.e30.SECRET",
            "eyJ.e30.SECRET\u{e9}",
        ] {
            let error = AccessToken::new(garbage).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Token);
            assert!(
                !format!("{error} {error:?}").contains("SECRET"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_token_does_not_print() {
        let token = token(&json!({ "aud": ["events.1password.com"] }));
        let debug = format!("{token:?}");
        assert!(debug.contains("events.1password.com"));
        assert!(
            !debug.contains("SIGNATURE") && !debug.contains("eyJ"),
            "{debug}"
        );
    }
}
