use std::borrow::Cow;

use onepassword_events::Event;
use serde_json::value::RawValue;

use super::address;
use super::fields::{Field, Meant};
use super::key::HashKey;
use crate::mapping::{Members, decoded};

/// What is done to a field.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) field: Field,
    pub(super) action: Action,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Drop,
    Hash(HashKey),
    Truncate,
}

impl Rule {
    /// The strictest first.
    pub(super) fn order(&self) -> u8 {
        match self.action {
            Action::Drop => 0,
            Action::Hash(_) => 1,
            Action::Truncate => 2,
        }
    }

    fn is_below(&self, path: &str) -> bool {
        let rest = self.field.path.strip_prefix(path);
        rest.is_some_and(|rest| rest.starts_with('.'))
    }

    fn drops_all(&self) -> bool {
        matches!(self.action, Action::Drop) && self.field.meant == Meant::All
    }
}

/// An event without what isn't to leave. None if its parts can't be told from one another, which happens
/// to no text that is JSON.
pub(super) fn event(event: &Event, rules: &[Rule]) -> Option<Event> {
    let mut rewriting = Rewriting {
        rules,
        about_user: is_about_user(event.json())?,
        out: Vec::with_capacity(event.raw().len()),
    };
    rewriting.object("", event.json(), &[], 0)?;
    Event::new(event.feed(), rewriting.out).ok()
}

/// Whether what an audit event is about may be a user: it isn't if it is known to be something else. Several
/// answers count as yes if one does.
fn is_about_user(json: &str) -> Option<bool> {
    let Members(members) = serde_json::from_str(json).ok()?;
    let mut is_known = false;
    for (key, value) in members {
        match decoded(key).as_ref() {
            "object_type" if THINGS.contains(&decoded(value).as_ref()) => is_known = true,
            "object_details" if value.get() == "null" => {}
            "object_type" | "object_details" => return Some(true),
            _ => {}
        }
    }
    Some(!is_known)
}

/// What audit events may be about that is no person.
const THINGS: [&str; 25] = [
    "account", "card", "cred", "device", "dlgdsess", "file", "gm", "group", "gva", "item",
    "itemhist", "items", "mngdacc", "pm", "report", "sa", "satoken", "slackapp", "sso", "ssotkn",
    "sub", "template", "uva", "vault", "vaultkey",
];

/// No event goes so deep. What does is not looked through, but dropped.
const DEEPEST: usize = 32;

struct Rewriting<'a> {
    /// The strictest first.
    rules: &'a [Rule],
    about_user: bool,
    out: Vec<u8>,
}

impl<'a> Rewriting<'a> {
    /// Writes what is left of an object. `above` are the rules of what it is in.
    fn object(&mut self, path: &str, json: &str, above: &[&'a Rule], depth: usize) -> Option<()> {
        let Members(members) = serde_json::from_str(json).ok()?;
        self.out.push(b'{');
        let start = self.out.len();
        for (key, value) in members {
            let before = self.out.len();
            self.separate(start);
            self.out.extend_from_slice(key.get().as_bytes());
            self.out.push(b':');
            let name = decoded(key);
            let path: Cow<'_, str> = match path {
                "" => name,
                path => format!("{path}.{name}").into(),
            };
            let own = self.rules.iter().filter(|rule| rule.field.path == path);
            let mut rules: Vec<_> = own.chain(above.iter().copied()).collect();
            rules.sort_by_key(|rule| rule.order());
            if self.value(&path, value, &rules, depth).is_none() {
                self.out.truncate(before);
            }
        }
        self.out.push(b'}');
        Some(())
    }

    /// Writes what is left of a value; nothing, if nothing is. The path leads through lists.
    fn value(
        &mut self,
        path: &str,
        value: &RawValue,
        rules: &[&'a Rule],
        depth: usize,
    ) -> Option<()> {
        if rules.first().is_some_and(|rule| rule.drops_all()) {
            return None;
        }
        let json = value.get();
        if rules.is_empty() && !self.rules.iter().any(|rule| rule.is_below(path)) {
            self.out.extend_from_slice(json.as_bytes());
            return Some(());
        }
        match json.as_bytes() {
            [b'{' | b'[', ..] if depth == DEEPEST => None,
            [b'{', ..] => self.object(path, json, rules, depth + 1),
            [b'[', ..] => self.list(path, json, rules, depth + 1),
            _ => self.single(value, rules),
        }
    }

    fn list(&mut self, path: &str, json: &str, rules: &[&'a Rule], depth: usize) -> Option<()> {
        let values: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        self.out.push(b'[');
        let start = self.out.len();
        for value in values {
            let before = self.out.len();
            self.separate(start);
            if self.value(path, value, rules, depth).is_none() {
                self.out.truncate(before);
            }
        }
        self.out.push(b']');
        Some(())
    }

    /// A text, a number, `true`, `false` or `null`.
    fn single(&mut self, value: &RawValue, rules: &[&Rule]) -> Option<()> {
        let json = value.get();
        let text = decoded(value);
        let is_text = json.starts_with('"');
        let rule = rules.iter().find(|rule| match rule.field.meant {
            Meant::All => true,
            Meant::Users => self.about_user,
            // What is spelled so that nobody can read it may be anything.
            Meant::Emails => is_text && (text.contains('@') || text.contains('\\')),
            Meant::Addresses => is_text && (address::is_in(&text) || text.contains('\\')),
        });
        let nothing = matches!(json, "null" | "\"\"");
        match rule.map(|rule| &rule.action) {
            None => self.out.extend_from_slice(json.as_bytes()),
            Some(Action::Drop) => return None,
            Some(_) if nothing => self.out.extend_from_slice(json.as_bytes()),
            Some(Action::Hash(key)) => self.quote(&key.hash(&text)),
            Some(Action::Truncate) => {
                let address = address::parse(&text)?;
                self.quote(&address::truncate(address).to_string());
            }
        }
        Some(())
    }

    /// Neither a hash nor an address has anything in it to be escaped.
    fn quote(&mut self, text: &str) {
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    fn separate(&mut self, start: usize) {
        if self.out.len() > start {
            self.out.push(b',');
        }
    }
}
