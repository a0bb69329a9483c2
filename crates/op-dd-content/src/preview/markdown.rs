//! A part of Markdown: headings, paragraphs, lists, bold, italics, code, and links as their text. Anything else is
//! shown as it is written.

use super::markup::Text;

/// Of a note.
pub(super) fn html(text: &str) -> String {
    let mut html = String::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        let line = line.trim();
        let (block, content) = Block::of(line);
        if open.is_some() && open != block {
            html += open.take().map_or("", Block::end);
        }
        match block {
            None => {}
            Some(Block::Heading(_)) => {
                html += &format!("<h4>{}</h4>", inline(content));
            }
            Some(block) => {
                if open.is_none() {
                    html += block.begin();
                } else if block == Block::Paragraph {
                    html.push(' ');
                }
                match block {
                    Block::Paragraph => html += &inline(content),
                    _ => html += &format!("<li>{}</li>", inline(content)),
                }
                open = Some(block);
            }
        }
    }
    html + open.map_or("", Block::end)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Heading(usize),
    Paragraph,
    Points,
    Numbers,
}

impl Block {
    fn of(line: &str) -> (Option<Self>, &str) {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if let (1..=6, Some(title)) = (level, line[level..].strip_prefix(' ')) {
            return (Some(Self::Heading(level)), title.trim());
        }
        let point = ["- ", "* ", "+ "]
            .iter()
            .find_map(|mark| line.strip_prefix(mark));
        if let Some(point) = point {
            return (Some(Self::Points), point);
        }
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        match line[digits..].strip_prefix(". ") {
            Some(point) if digits > 0 => (Some(Self::Numbers), point),
            _ if line.is_empty() => (None, ""),
            _ => (Some(Self::Paragraph), line),
        }
    }

    fn begin(self) -> &'static str {
        match self {
            Self::Heading(_) => "",
            Self::Paragraph => "<p>",
            Self::Points => "<ul>",
            Self::Numbers => "<ol>",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Heading(_) => "",
            Self::Paragraph => "</p>",
            Self::Points => "</ul>",
            Self::Numbers => "</ol>",
        }
    }
}

/// What is within a line.
fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '_', '`', '[', '!', '\\']) {
        html += &Text(&rest[..at]).to_string();
        // Within a word, an underline is one.
        let in_word = rest[..at].ends_with(|c: char| c.is_alphanumeric());
        rest = &rest[at..];
        let marked = match rest.as_bytes()[0] {
            b'*' => between(rest, "**", "strong").or_else(|| between(rest, "*", "em")),
            b'_' if !in_word => between(rest, "__", "strong").or_else(|| between(rest, "_", "em")),
            b'`' => code(rest),
            b'\\' => escaped(rest),
            b'[' | b'!' => link(rest),
            _ => None,
        };
        let (piece, length) = marked.unwrap_or_else(|| (rest[..1].to_owned(), 1));
        html += &piece;
        rest = &rest[length..];
    }
    html + &Text(rest).to_string()
}

/// A piece of HTML, and how long the text is that it stands for.
type Piece = Option<(String, usize)>;

fn between(text: &str, mark: &str, element: &str) -> Piece {
    let inner = text.strip_prefix(mark)?;
    let end = inner.find(mark).filter(|end| *end > 0)?;
    let inner = &inner[..end];
    if inner.starts_with(' ') || inner.ends_with(' ') {
        return None;
    }
    let html = format!("<{element}>{}</{element}>", inline(inner));
    Some((html, end + 2 * mark.len()))
}

fn code(text: &str) -> Piece {
    let inner = text.strip_prefix('`')?;
    let end = inner.find('`').filter(|end| *end > 0)?;
    Some((format!("<code>{}</code>", Text(&inner[..end])), end + 2))
}

/// The next character, if it is one that could mean something.
fn escaped(text: &str) -> Piece {
    let next = text[1..]
        .chars()
        .next()
        .filter(char::is_ascii_punctuation)?;
    Some((Text(next.encode_utf8(&mut [0; 4])).to_string(), 2))
}

/// A link or a picture: nothing here leads elsewhere, so its text is all that is shown.
fn link(text: &str) -> Piece {
    let begin = if text.starts_with('!') { 2 } else { 1 };
    let inner = text.strip_prefix('!').unwrap_or(text).strip_prefix('[')?;
    let end = inner.find("](")?;
    let close = inner[end..].find(')')?;
    if inner[..end].contains('[') {
        return None;
    }
    Some((inline(&inner[..end]), begin + end + close + 1))
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn the_part_that_is_understood() {
        for (text, expected) in [
            ("# Title", "<h4>Title</h4>"),
            ("one\ntwo\n\nthree", "<p>one two</p><p>three</p>"),
            (
                "- a\n- **b**\n\ntext",
                "<ul><li>a</li><li><strong>b</strong></li></ul><p>text</p>",
            ),
            ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
            (
                "*it* and _it_ and `co*d*e`",
                "<p><em>it</em> and <em>it</em> and <code>co*d*e</code></p>",
            ),
            (
                "**[Datadog](https://x.example)** ok",
                "<p><strong>Datadog</strong> ok</p>",
            ),
            ("![picture](a.png)!", "<p>picture!</p>"),
            (
                "snake_case_name 2 * 3 * 4",
                "<p>snake_case_name 2 * 3 * 4</p>",
            ),
            ("an **open end and `one", "<p>an **open end and `one</p>"),
            (r"\*plain\*", "<p>*plain*</p>"),
            ("#tag", "<p>#tag</p>"),
        ] {
            assert_eq!(html(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_is_escaped() {
        let hostile =
            "# <script>\n- **<b>** `<i>` [<a>](javascript:alert(1)) ![\"](x)\n<img src=x>";
        let html = html(hostile);
        for element in ["<script", "<b>", "<i>", "<a", "<img", "javascript"] {
            assert!(!html.contains(element), "{html}");
        }
        assert!(
            html.contains("&lt;script&gt;") && html.contains("&lt;a&gt;"),
            "{html}"
        );
    }
}
