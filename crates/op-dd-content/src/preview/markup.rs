use std::fmt::{self, Write as _};

/// A text in HTML: whatever is in it, it stays a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(' ')?,
                // Neither seen nor allowed in HTML; the latter write what follows from right to left.
                c if c.is_control()
                    || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') =>
                {
                    f.write_char('\u{FFFD}')?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A name, address or the like, which is best broken behind its marks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a>(pub(super) &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['.', '_', '@', '/', ':']) {
            let is_whole = part.len() == self.0.len();
            write!(f, "{}{}", Text(part), if is_whole { "" } else { "<wbr>" })?;
        }
        Ok(())
    }
}

/// A text in which what stands between backquotes is code, as our own sentences have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sentence<'a>(pub(super) &'a str);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.split('`').enumerate() {
            if place % 2 == 1 {
                write!(f, "<code>{}</code>", Text(part))?;
            } else {
                write!(f, "{}", Text(part))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_html_means_something_by_gets_through() {
        let text = "<img src=x onerror='alert(1)'>&\"\u{0}\u{202E}\nü";
        let expected = "&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;&quot;\u{FFFD}\u{FFFD} ü";
        assert_eq!(Text(text).to_string(), expected);
    }

    #[test]
    fn a_name_can_be_broken_behind_its_marks() {
        assert_eq!(
            Name("a@b.example").to_string(),
            "a@<wbr>b.<wbr>example<wbr>"
        );
        assert_eq!(Name("<plain>").to_string(), "&lt;plain&gt;");
    }

    #[test]
    fn code_in_a_sentence_is_escaped_too() {
        let sentence = Sentence("no log matches `a:<b>` & more");
        assert_eq!(
            sentence.to_string(),
            "no log matches <code>a:&lt;b&gt;</code> &amp; more"
        );
    }
}
