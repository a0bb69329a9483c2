use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onepassword_events::{AccessToken, ErrorKind};

/// Stands for what must not be shown; no text has it by chance.
const SECRET: &str = "S3CR3T-S1GNATURE";

/// Any text is a token or is refused, and neither shows more of it than its claims: as it stands, and
/// as the claims of a token.
///
/// # Panics
///
/// If that doesn't hold.
pub fn token(text: &[u8]) {
    check(&String::from_utf8_lossy(text));
    check(&format!("eyJ.{}.{SECRET}", URL_SAFE_NO_PAD.encode(text)));
    check(&format!("{SECRET}.{}", String::from_utf8_lossy(text)));
}

fn check(text: &str) {
    let shown = match AccessToken::new(text) {
        Ok(token) => {
            assert_eq!(token.expose_secret(), text.trim());
            let claims = token.claims();
            assert_ne!(claims.host(), Some(""));
            assert_ne!(claims.account_uuid(), Some(""));
            for feed in claims.feeds() {
                assert!(claims.features().iter().any(|known| known == feed.as_str()));
            }
            format!("{token:?}")
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Token);
            assert!(error.to_string().len() < 300, "{error}");
            format!("{error} {error:?}")
        }
    };
    // Somebody may have written it into the claims himself.
    let signature = text.trim().rsplit('.').next().unwrap_or_default();
    let decoded = payload(text);
    if signature.len() >= SECRET.len() && !decoded.contains(signature) {
        assert!(!shown.contains(signature), "{shown}");
    }
}

fn payload(text: &str) -> String {
    let payload = text.split('.').nth(1).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    String::from_utf8_lossy(&decoded).into_owned()
}
