//! What is a query, and mostly isn't the one that was meant.

use std::net::IpAddr;

use super::report::{Report, Spot};
use super::written::Written;
use crate::search::{Field, Query, Term};

pub(super) fn check<'p>(report: &mut Report<'_>, spot: impl Fn(usize) -> Spot<'p>, query: &Query) {
    let text = query.text();
    for (at, problem) in operators(text) {
        report.notice(spot(at), problem);
    }
    let mut before: Option<(Field, Written<'_>)> = None;
    for term in query.terms() {
        let written = Written::of(term, text);
        let slip = value(term, &written).or_else(|| {
            let (field, value) = before.as_ref()?;
            unquoted(field, value, term, &written, text)
        });
        if let Some(problem) = slip {
            report.notice(spot(written.at), problem);
        }
        before = Some((term.field().clone(), written));
    }
}

/// `&&` and `||`, which Datadog's documentation doesn't have.
fn operators(query: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut at, mut is_quoted) = (0, false);
    for word in query.split_inclusive(char::is_whitespace) {
        let meant = match word.trim_end() {
            "&&" => Some("AND"),
            "||" => Some("OR"),
            _ => None,
        };
        if let Some(meant) = meant.filter(|_| !is_quoted) {
            let problem = "Datadog's documentation knows AND, OR and -: write";
            found.push((at, format!("{problem} {meant}")));
        }
        let quotes = word.matches('"').count() - word.matches("\\\"").count();
        is_quoted ^= quotes % 2 == 1;
        at += word.len();
    }
    found
}

/// What is odd about a value by itself.
fn value(term: &Term, written: &Written<'_>) -> Option<String> {
    let text = written.text;
    let is_address = |bound: &&str| bound.parse::<IpAddr>().is_ok();
    if term.bounds().iter().any(is_address) {
        return Some(network(term, "192.0.2.0/24"));
    }
    if !term.is_text() || written.is_quoted {
        return None;
    }
    let is_network = || {
        let (address, length) = text.split_once('/')?;
        address.parse::<IpAddr>().ok()?;
        length.parse::<u8>().ok()
    };
    let is_free = *term.field() == Field::Text;
    if !written.has_field && ["and", "or", "not"].contains(&text.to_lowercase().as_str()) {
        let operator = text.to_uppercase();
        Some(format!(
            "`{text}` is a text to look for here: the operator is {operator}"
        ))
    } else if text.starts_with('\'') {
        Some("this looks for the mark ' itself: a text is put between \" and \"".to_owned())
    } else if is_network().is_some() {
        Some(network(term, text))
    } else if text.len() > 2 && text.starts_with('/') && text.ends_with('/') {
        Some("Datadog knows no regular expressions: the wildcards are * and ?".to_owned())
    } else if text.starts_with('=') || is_free && text.contains('=') {
        Some("`=` is part of the text here: a field and its value are joined by a colon".to_owned())
    } else {
        None
    }
}

fn network(term: &Term, network: &str) -> String {
    let field = match term.field() {
        Field::Attribute(path) => path,
        _ => "network.client.ip",
    };
    format!("addresses are compared as texts here: write CIDR(@{field}, {network})")
}

/// `@client.app_name:1Password for Mac`: free text right behind a value.
fn unquoted(
    field: &Field,
    value: &Written<'_>,
    term: &Term,
    written: &Written<'_>,
    query: &str,
) -> Option<String> {
    let Field::Attribute(path) = field else {
        return None;
    };
    let between = query.get(value.end()..written.at)?;
    let is_value = value.has_field && !value.is_quoted && !value.is_open();
    let is_behind = is_value && between.trim().is_empty();
    let is_word = *term.field() == Field::Text && !written.is_quoted && !written.is_open();
    (is_behind && is_word).then(|| {
        let (value, text) = (value.text, written.text);
        format!("`{text}` is looked for in the message: are quotes missing, @{path}:\"{value} {text}…\"?")
    })
}
