//! One short sentence for a person who reads a list of logs.

use std::borrow::Cow;

use onepassword_events::Feed;

use super::Facts;
use super::attributes::who;
use super::look::{Look, Person, text};

/// The most characters of it: a name may be as long as an event, which holds it anyway.
const LONGEST: usize = 1_000;

pub(super) fn write(feed: Feed, look: &Look<'_>, facts: &Facts) -> String {
    let (id, person) = who(feed, look);
    let who = name(person).or_else(|| id.and_then(text));
    let who = who.as_deref().unwrap_or("somebody");
    let mut sentence = match feed {
        Feed::SignInAttempts => sign_in(who, look, facts),
        Feed::ItemUsages => item_usage(who, look),
        _ => audit(who, look, facts),
    };
    if let Some((end, _)) = sentence.char_indices().nth(LONGEST) {
        sentence.truncate(end);
        sentence.push('…');
    }
    sentence
}

fn sign_in(who: &str, look: &Look<'_>, facts: &Facts) -> String {
    let category = look.category.and_then(text);
    let mut sentence = match category.as_deref() {
        _ if facts.failed => {
            let kind = look.kind.and_then(text);
            let kind = kind.as_deref().unwrap_or("no reason given");
            format!("{who} failed to sign in ({kind})")
        }
        Some(category) if category.contains("success") => format!("{who} signed in"),
        Some(category) => format!("{who} tried to sign in ({category})"),
        None => format!("{who} tried to sign in"),
    };
    if let Some(app) = look.client.app_name.and_then(text) {
        sentence.push_str(" with ");
        sentence.push_str(&app);
    }
    let place = [look.location.city, look.location.country, look.country];
    if let Some(place) = place.into_iter().flatten().find_map(text) {
        sentence.push_str(" from ");
        sentence.push_str(&place);
    }
    sentence
}

fn item_usage(who: &str, look: &Look<'_>) -> String {
    let action = look.action.and_then(text);
    let did = match action.as_deref() {
        Some("enter-item-edit-mode") => "opened an item to edit it",
        Some("export") => "exported an item",
        Some("fill") => "filled in an item",
        Some("reveal") => "revealed an item",
        Some("secure-copy") => "copied from an item",
        Some("select-sso-provider") => "signed in elsewhere with an item",
        Some("server-create") => "created an item",
        Some("server-fetch") => "read an item from the server",
        Some("server-update") => "changed an item",
        Some("share") => "shared an item",
        Some("other") | None => "used an item",
        Some(action) => return format!("{who} did {action} to an item"),
    };
    format!("{who} {did}")
}

fn audit(who: &str, look: &Look<'_>, facts: &Facts) -> String {
    let action = look.action.and_then(text);
    let action = action.as_deref().unwrap_or("something");
    let object = look.object_type.and_then(text);
    let object = object.as_deref().map_or("something", thing);
    if facts.self_grant {
        let what = if object == "access to a vault" {
            object
        } else {
            "a part in a group"
        };
        return format!("{who} gave themselves {what} ({action})");
    }
    let mut sentence = match verb(action) {
        Some(verb) => format!("{who} {verb} {object}"),
        None => format!("{who} did {action} to {object}"),
    };
    if let Some(whose) = name(&look.object_details).or_else(|| name(&look.aux_details)) {
        sentence.push_str(" (");
        sentence.push_str(&whose);
        sentence.push(')');
    }
    sentence
}

fn name<'a>(person: &Person<'a>) -> Option<Cow<'a, str>> {
    [person.name, person.email]
        .into_iter()
        .flatten()
        .find_map(text)
}

/// What 1Password's abbreviation of an action means, where its name or documentation leaves no doubt.
fn verb(action: &str) -> Option<&'static str> {
    Some(match action {
        "activate" => "activated",
        "beginr" => "began the recovery of",
        "cancelr" => "cancelled the recovery of",
        "completr" => "completed the recovery of",
        "convert" => "converted",
        "create" => "created",
        "delete" => "deleted",
        "disblmfa" => "turned off two-factor authentication of",
        "enblmfa" => "turned on two-factor authentication of",
        "updatmfa" => "changed two-factor authentication of",
        "disblsso" => "turned off",
        "enblsso" => "turned on",
        "expire" => "let expire",
        "export" => "exported",
        "grant" => "granted",
        "hide" => "hid",
        "join" => "added",
        "leave" => "removed",
        "purge" => "purged",
        "reactive" => "reactivated",
        "replace" => "replaced",
        "revoke" => "revoked",
        "role" => "changed the role of",
        "share" => "shared",
        "suspend" => "suspended",
        "trename" => "renamed",
        "trevoke" => "revoked",
        "tverify" => "verified",
        "unhide" => "unhid",
        "unlink" => "unlinked",
        "update" | "updatea" => "changed",
        "updatfw" => "changed the firewall rules of",
        "verify" => "verified",
        "view" => "viewed",
        _ => return None,
    })
}

/// What 1Password's abbreviation of a sort of object means.
fn thing(object: &str) -> &str {
    match object {
        "account" => "the account",
        "cred" => "a passkey",
        "device" => "a device",
        "file" => "a file",
        "gm" => "a group's member",
        "group" => "a group",
        "gva" => "a group's access to a vault",
        "invite" => "an invitation",
        "item" => "an item",
        "itemhist" => "an item's history",
        "items" => "items",
        "report" => "a report",
        "sa" => "a service account",
        "satoken" => "a service account's token",
        "sso" => "single sign-on",
        "template" => "a template",
        "user" => "a user",
        "uva" => "access to a vault",
        "vault" => "a vault",
        other => other,
    }
}
