use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Feed, identifier};

/// The claims of an Events API token, and the means to mint one.
///
/// The result has the shape of the real thing, a JWS in compact form that names ES256, and no more than the shape: the
/// signature is 64 bytes that nobody's key has made. Clients read the claims without checking the signature, so does
/// this crate, and no real service would accept it.
///
/// ```
/// use op_dd_fakes::{Feed, TokenClaims};
///
/// let token = TokenClaims::default().features([Feed::AuditEvents.name()]).mint();
/// assert!(token.starts_with("eyJ"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    audience: String,
    features: Vec<String>,
    account: String,
    subject: String,
    issued_at: SystemTime,
    expires_at: Option<SystemTime>,
}

impl Default for TokenClaims {
    /// All three feeds of an account at `events.1password.com`, issued on 1 January 2026, never expiring.
    fn default() -> Self {
        Self {
            audience: "events.1password.com".to_owned(),
            features: Feed::ALL.map(|feed| feed.name().to_owned()).to_vec(),
            account: identifier::upper(digest(b"account")),
            subject: identifier::upper(digest(b"integration")),
            issued_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600),
            expires_at: None,
        }
    }
}

impl TokenClaims {
    /// The host that the token is for, without a scheme: the only element of `aud`.
    #[must_use]
    pub fn audience(mut self, host: impl Into<String>) -> Self {
        self.audience = host.into();
        self
    }

    /// The features, `1password.com/fts`: names of feeds, or whatever a test wants.
    #[must_use]
    pub fn features<T: Into<String>>(mut self, features: impl IntoIterator<Item = T>) -> Self {
        self.features = features.into_iter().map(Into::into).collect();
        self
    }

    /// The UUID of the account, `1password.com/auuid`.
    #[must_use]
    pub fn account(mut self, uuid: impl Into<String>) -> Self {
        self.account = uuid.into();
        self
    }

    /// The UUID of the integration, `sub`. Two tokens that differ in nothing else differ in this.
    #[must_use]
    pub fn subject(mut self, uuid: impl Into<String>) -> Self {
        self.subject = uuid.into();
        self
    }

    /// When it was issued, `iat`, in whole seconds.
    #[must_use]
    pub fn issued_at(mut self, instant: SystemTime) -> Self {
        self.issued_at = instant;
        self
    }

    /// When it expires, `exp`, in whole seconds; without this it never does. The fake doesn't enforce it: revoke the
    /// token instead.
    #[must_use]
    pub fn expires_at(mut self, instant: SystemTime) -> Self {
        self.expires_at = Some(instant);
        self
    }

    pub(crate) fn account_uuid(&self) -> &str {
        &self.account
    }

    pub(crate) fn subject_uuid(&self) -> &str {
        &self.subject
    }

    /// The token. The same claims always give the same one.
    pub fn mint(&self) -> String {
        let header =
            json!({ "alg": "ES256", "kid": identifier::lower(digest(b"key")), "typ": "JWT" });
        let mut claims = json!({
            "1password.com/auuid": self.account,
            "1password.com/fts": self.features,
            "aud": [self.audience],
            "iat": epoch_seconds(self.issued_at),
            "iss": "com.1password.b5",
            "sub": self.subject,
        });
        claims["jti"] = identifier::lower(digest(claims.to_string().as_bytes())).into();
        if let Some(instant) = self.expires_at {
            claims["exp"] = epoch_seconds(instant).into();
        }
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let first = Sha256::digest(&signed);
        let second = Sha256::digest(first);
        let signature = [first.as_slice(), second.as_slice()].concat();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of any JWT; nothing if it is none.
    pub(crate) fn read(token: &str) -> Option<Value> {
        let claims = token.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

/// Enough bits of a hash for an identifier.
fn digest(text: &[u8]) -> u128 {
    Sha256::digest(text)
        .iter()
        .take(16)
        .fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

fn epoch_seconds(instant: SystemTime) -> u64 {
    instant
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_shape_and_the_claims() {
        let token = TokenClaims::default()
            .audience("events.1password.eu")
            .features(["auditevents"])
            .expires_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
            .mint();
        let parts: Vec<_> = token
            .split('.')
            .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
            .collect();
        let [header, claims, signature] = parts.as_slice() else {
            panic!("three parts, not {}", parts.len());
        };
        let header: Value = serde_json::from_slice(header).unwrap();
        assert_eq!(header["alg"], "ES256");
        let claims: Value = serde_json::from_slice(claims).unwrap();
        assert_eq!(claims["aud"], json!(["events.1password.eu"]));
        assert_eq!(claims["1password.com/fts"], json!(["auditevents"]));
        assert_eq!(claims["exp"], 1_800_000_000);
        assert_eq!(claims["jti"].as_str().map(str::len), Some(26));
        assert_eq!(signature.len(), 64);
        assert_eq!(TokenClaims::read(&token), Some(claims));
    }

    #[test]
    fn never_expires_unless_told() {
        let claims = TokenClaims::read(&TokenClaims::default().mint()).unwrap();
        assert_eq!(claims.get("exp"), None);
        assert_eq!(TokenClaims::read("not a token"), None);
    }
}
