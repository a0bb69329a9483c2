use super::SearchError;
use super::lexer::{self, Glyph, Kind, Token};
use super::pattern::Pattern;
use super::query::{Bound, Condition, Field, Network, Node, Term};
use crate::Reserved;

/// Deeper than any query that a person writes, and no danger to the stack.
const DEPTH: usize = 64;

pub(super) fn parse(text: &str) -> Result<Node, SearchError> {
    let mut parser = Parser {
        tokens: lexer::tokens(text)?,
        next: 0,
        end: text.len(),
        depth: 0,
    };
    if parser.tokens.is_empty() {
        return Ok(Node::All);
    }
    let node = parser.any(None)?;
    match parser.peek() {
        None => Ok(node),
        Some(token) => Err(SearchError::new(
            token.at,
            "a parenthesis is closed that was never opened",
        )),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    /// Alternatives. Within the parentheses of `key:(…)`, bare values are the key's.
    fn any(&mut self, field: Option<&Field>) -> Result<Node, SearchError> {
        let mut nodes = vec![self.all(field)?];
        while self.take(&Kind::Or) {
            nodes.push(self.all(field)?);
        }
        Ok(single(nodes, Node::Or))
    }

    fn all(&mut self, field: Option<&Field>) -> Result<Node, SearchError> {
        let mut nodes = vec![self.one(field)?];
        loop {
            let explicit = self.take(&Kind::And);
            match self.peek().map(|token| &token.kind) {
                None | Some(Kind::Close | Kind::Or) if !explicit => break,
                _ => nodes.push(self.one(field)?),
            }
        }
        Ok(single(nodes, Node::And))
    }

    fn one(&mut self, field: Option<&Field>) -> Result<Node, SearchError> {
        let Some(token) = self.tokens.get(self.next).cloned() else {
            return Err(SearchError::new(self.end, "something is missing here"));
        };
        self.next += 1;
        let at = token.at;
        match token.kind {
            Kind::Not => {
                let node = self.deeper(at, |parser| parser.one(field))?;
                Ok(Node::Not(Box::new(node)))
            }
            Kind::Open => self.group(at, field),
            Kind::Key(key) => self.keyed(at, &key),
            Kind::Cidr(arguments) => cidr(at, &arguments),
            Kind::And | Kind::Or => Err(SearchError::new(at, "an operator with nothing before it")),
            Kind::Close => Err(SearchError::new(
                at,
                "nothing stands before this parenthesis",
            )),
            value => {
                let field = field.cloned().unwrap_or(Field::Text);
                Ok(Node::Term(condition(at, at, field, value)?))
            }
        }
    }

    fn group(&mut self, at: usize, field: Option<&Field>) -> Result<Node, SearchError> {
        let node = self.deeper(at, |parser| parser.any(field))?;
        if self.take(&Kind::Close) {
            Ok(node)
        } else {
            Err(SearchError::new(at, "a parenthesis isn't closed"))
        }
    }

    fn keyed(&mut self, at: usize, key: &str) -> Result<Node, SearchError> {
        if let "_exists_" | "_missing_" = key {
            return self.existence(at, key);
        }
        let field = named(key);
        let Some(token) = self.tokens.get(self.next).cloned() else {
            return Err(SearchError::new(at, "a field without a value"));
        };
        self.next += 1;
        match token.kind {
            Kind::Open => self.group(token.at, Some(&field)),
            Kind::Key(_) | Kind::Not | Kind::And | Kind::Or | Kind::Close | Kind::Cidr(_) => {
                Err(SearchError::new(at, "a field without a value"))
            }
            value => Ok(Node::Term(condition(at, token.at, field, value)?)),
        }
    }

    /// `_exists_:@x` and `_missing_:@x`.
    fn existence(&mut self, at: usize, key: &str) -> Result<Node, SearchError> {
        let name = match self.tokens.get(self.next).map(|token| &token.kind) {
            Some(Kind::Word(glyphs)) if !is_signed(glyphs) => {
                glyphs.iter().map(Glyph::plain).collect::<String>()
            }
            Some(Kind::Quoted(name)) => name.clone(),
            _ => return Err(SearchError::new(at, format!("`{key}` of which field?"))),
        };
        self.next += 1;
        let term = Node::Term(Term::new(at, named(&name), Condition::Exists));
        Ok(match key {
            "_missing_" => Node::Not(Box::new(term)),
            _ => term,
        })
    }

    fn deeper(
        &mut self,
        at: usize,
        parse: impl FnOnce(&mut Self) -> Result<Node, SearchError>,
    ) -> Result<Node, SearchError> {
        self.depth += 1;
        if self.depth > DEPTH {
            let problem = format!("more than {DEPTH} parentheses and negations within another");
            return Err(SearchError::new(at, problem));
        }
        let node = parse(self);
        self.depth -= 1;
        node
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let there = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(there);
        there
    }
}

fn is_signed(glyphs: &[Glyph]) -> bool {
    matches!(glyphs, [Glyph::Char('-' | '!'), ..])
}

fn single(mut nodes: Vec<Node>, several: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            several(nodes)
        }
        None => Node::All,
    }
}

fn named(key: &str) -> Field {
    match key.strip_prefix('@') {
        Some(path) => Field::Attribute(path.to_owned()),
        None if key == "*" => Field::Anywhere,
        None => match Reserved::named(key) {
            Some(reserved) => Field::Reserved(reserved),
            None => Field::Tag(key.to_lowercase()),
        },
    }
}

/// `at` is where the term begins, `place` where its value does.
fn condition(at: usize, place: usize, field: Field, value: Kind) -> Result<Term, SearchError> {
    let value = match value {
        Kind::Word(glyphs) if glyphs == [Glyph::Any] => Condition::Exists,
        Kind::Word(glyphs) => Condition::Like(Pattern::new(glyphs)),
        Kind::Quoted(text) => {
            Condition::Like(Pattern::new(text.chars().map(Glyph::Char).collect()))
        }
        Kind::Compare {
            greater,
            inclusive,
            with,
        } => {
            number(place, &with)?;
            let limit = Bound {
                value: Some(with),
                inclusive,
            };
            let open = Bound {
                value: None,
                inclusive: true,
            };
            match greater {
                true => Condition::Range {
                    from: limit,
                    to: open,
                },
                false => Condition::Range {
                    from: open,
                    to: limit,
                },
            }
        }
        Kind::Range {
            from,
            from_inclusive,
            to,
            to_inclusive,
        } => Condition::Range {
            from: bound(from, from_inclusive),
            to: bound(to, to_inclusive),
        },
        _ => return Err(SearchError::new(place, "a value is missing here")),
    };
    if field == Field::Text && matches!(value, Condition::Range { .. }) {
        let problem = "a range or comparison of nothing: write @attribute: before it";
        return Err(SearchError::new(at, problem));
    }
    Ok(Term::new(at, field, value))
}

fn bound(value: String, inclusive: bool) -> Bound {
    Bound {
        value: (value != "*").then_some(value),
        inclusive,
    }
}

fn number(at: usize, text: &str) -> Result<f64, SearchError> {
    text.parse().map_err(|_| {
        SearchError::new(
            at,
            format!("`{text}` isn't a number: only numbers are compared"),
        )
    })
}

fn cidr(at: usize, arguments: &[String]) -> Result<Node, SearchError> {
    let [field, networks @ ..] = arguments else {
        return Err(SearchError::new(at, "CIDR of which attribute?"));
    };
    let Some(path) = field.strip_prefix('@').filter(|_| !networks.is_empty()) else {
        let problem = "write CIDR(@attribute, 192.0.2.0/24)";
        return Err(SearchError::new(at, problem));
    };
    let networks = networks.iter().map(|text| {
        network(text).ok_or_else(|| SearchError::new(at, format!("`{text}` isn't a network")))
    });
    let networks = Condition::Networks(networks.collect::<Result<_, _>>()?);
    let field = Field::Attribute(path.to_owned());
    Ok(Node::Term(Term::new(at, field, networks)))
}

fn network(text: &str) -> Option<Network> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address = address.parse::<std::net::IpAddr>().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        "" => longest,
        digits => digits.parse().ok().filter(|length| *length <= longest)?,
    };
    Some(Network { address, length })
}
