/// The JSON text without the white space between its tokens.
///
/// Nothing is parsed and written anew, so a number keeps its digits, a text its escapes and an object its order. The
/// input must be JSON.
pub(crate) fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    // Where the part begins that is still to be copied. Only ASCII is looked for, so every cut is between characters.
    let mut from = 0;
    for (place, byte) in json.bytes().enumerate() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte == b'"' {
            in_text = true;
        } else if byte.is_ascii_whitespace() {
            compact.push_str(&json[from..place]);
            from = place + 1;
        }
    }
    compact.push_str(&json[from..]);
    compact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_out_white_space_and_nothing_else() {
        let spaced = "{ \"b\" :\t[1.0,\r\n 1e400 , -0.10],\n\"a \\\" b\": \"x  \\\\\" , \"b\":\"\u{e9} \\u00e9\" }";
        let expected = r#"{"b":[1.0,1e400,-0.10],"a \" b":"x  \\","b":"é \u00e9"}"#;
        assert_eq!(compact(spaced), expected);
        assert_eq!(compact(expected), expected);
    }
}
