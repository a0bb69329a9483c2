/// The alphabet of 1Password's identifiers: base 32 without padding, five bits a character.
const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The length of every identifier seen in the API. They are not UUIDs in the sense of RFC 9562, whatever the fields
/// are called.
const LENGTH: usize = 26;

/// An identifier of an event, user, session or account: 26 upper-case characters, made of all 128 bits, so that two
/// different values never share one.
pub(crate) fn upper(bits: u128) -> String {
    (0..LENGTH)
        .map(|place| char::from(UPPER[((bits >> (place * 5)) & 31) as usize]))
        .collect()
}

/// An identifier of a vault, item, device or group: the same in lower case.
pub(crate) fn lower(bits: u128) -> String {
    upper(bits).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_26_characters_and_uses_every_bit() {
        assert_eq!(upper(0), "A".repeat(26));
        assert_ne!(upper(1 << 127), upper(0));
        assert_eq!(lower(u128::MAX).len(), 26);
    }
}
