//! Secrets that can be told from everything else, and the search for them in any form.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Secrets, each in pieces: one of this many bytes gives it away.
pub(crate) struct Secrets {
    /// By length, what must not be found: pieces in every form.
    pieces: BTreeMap<usize, HashSet<Vec<u8>>>,
    /// For any three bytes, whether a piece begins with them: a quick look, since texts are long.
    begins: Vec<bool>,
}

const PIECE: usize = 12;

/// In every secret of these tests, and nowhere else.
pub(crate) const MARK: &str = "SECRET";

impl Secrets {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::unmarked(secrets);
        all.add(MARK.as_bytes());
        all
    }

    /// Where other secrets, with the same mark, may be.
    pub(crate) fn unmarked<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self {
            pieces: BTreeMap::new(),
            begins: vec![false; 1 << 24],
        };
        for secret in secrets {
            let parts: Vec<_> = secret.split('.').collect();
            match parts[..] {
                // The header is the same in all tokens, and says what they are.
                [header, claims, signature] if header.starts_with("eyJ") => {
                    all.add(header.as_bytes());
                    all.add_pieces(claims);
                    all.add_pieces(signature);
                }
                _ => all.add_pieces(secret),
            }
        }
        all
    }

    fn add_pieces(&mut self, secret: &str) {
        let secret = secret.as_bytes();
        if secret.len() <= PIECE {
            self.add(secret);
        }
        for piece in secret.windows(PIECE) {
            self.add(piece);
        }
    }

    /// As it is, and as it may be written down.
    fn add(&mut self, piece: &[u8]) {
        let escaped =
            |write: fn(u8) -> String| piece.iter().copied().map(write).collect::<String>();
        let mut forms = vec![
            piece.to_vec(),
            escaped(|byte| format!("{byte:02x}")).into(),
            escaped(|byte| format!("{byte:02X}")).into(),
            escaped(|byte| format!("%{byte:02x}")).into(),
            escaped(|byte| format!("%{byte:02X}")).into(),
        ];
        // Wherever it stands in what is encoded, it or a neighbour begins a group of three bytes.
        if piece.len().is_multiple_of(3) {
            forms.push(STANDARD_NO_PAD.encode(piece).into());
            forms.push(URL_SAFE_NO_PAD.encode(piece).into());
        }
        for form in forms {
            self.begins[begin(&form)] = true;
            self.pieces.entry(form.len()).or_default().insert(form);
        }
    }

    /// The first that is found, to be shown.
    pub(crate) fn found_in(&self, text: &[u8]) -> Option<String> {
        let likely = text.windows(3).enumerate();
        let piece = likely
            .filter(|(_, bytes)| self.begins[begin(bytes)])
            .find_map(|(at, _)| self.piece_at(&text[at..]))?;
        Some(String::from_utf8_lossy(piece).into_owned())
    }

    /// The piece that a text begins with.
    fn piece_at<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        self.pieces.iter().find_map(|(length, pieces)| {
            let begin = text.get(..*length)?;
            pieces.contains(begin).then_some(begin)
        })
    }

    #[track_caller]
    pub(crate) fn are_not_in(&self, what: &str, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        if let Some(piece) = self.found_in(text) {
            let text = String::from_utf8_lossy(text);
            let line = text.lines().find(|line| line.contains(&piece));
            panic!("{piece} is in {what}: {}", line.unwrap_or(&text));
        }
    }
}

/// The first three bytes as a number.
fn begin(text: &[u8]) -> usize {
    text.iter()
        .take(3)
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

#[test]
fn a_secret_is_found_in_any_form() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJ1dWlkIjoiQUJDREVGR0hJSiJ9.c2lnbmF0dXJlU0VDUkVU";
    let key = "SECRETdatadogkey00000000000000000";
    let secrets = Secrets::new([token, key]);
    let standard = |text: &str| STANDARD_NO_PAD.encode(text);
    for text in [
        token.to_owned(),
        format!("Bearer {token}"),
        token[30..42].to_owned(),
        token[token.len() - 12..].to_owned(),
        key[6..18].to_owned(),
        standard(key),
        standard(&format!("-{key}-")),
        standard(&format!("--{token}")),
        URL_SAFE_NO_PAD.encode(format!("api_key={key}")),
        key.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        key.bytes().map(|byte| format!("{byte:02x}")).collect(),
        "a SECRET".to_owned(),
    ] {
        assert!(secrets.found_in(text.as_bytes()).is_some(), "{text}");
    }
    for text in ["", "eyJhbGciOiJub25lIn0", "datadogkey", &token[30..41]] {
        assert_eq!(secrets.found_in(text.as_bytes()), None, "{text}");
    }
}
