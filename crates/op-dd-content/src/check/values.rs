//! The values that attributes are known to have.
//!
//! 1Password adds values without notice, so only what op-dd says itself is a closed set.

use super::logs::Logs;

/// What a heartbeat calls itself.
pub(super) const HEARTBEAT: &str = "heartbeat";

/// The values that an attribute has in logs of some kinds.
pub(super) struct Values {
    pub(super) known: Vec<&'static str>,
    /// Whether there are no others.
    pub(super) is_closed: bool,
}

impl Values {
    /// Those of an attribute, if they can be listed.
    pub(super) fn of(path: &str, logs: &[Logs]) -> Option<Self> {
        let closed = |known: Vec<&'static str>| Self {
            known,
            is_closed: true,
        };
        if path == "evt.type" {
            return Some(closed(
                Logs::ALL.into_iter().filter_map(Logs::kind).collect(),
            ));
        }
        if path == "onepassword.feed" {
            return Some(closed(FEEDS.to_vec()));
        }
        if path == "evt.name" && logs == [Logs::Heartbeats] {
            return Some(closed(vec![HEARTBEAT]));
        }
        let known: Vec<&'static str> = logs
            .iter()
            .flat_map(|logs| listed(path, *logs))
            .copied()
            .collect();
        (!known.is_empty()).then_some(Self {
            known,
            is_closed: false,
        })
    }
}

fn listed(path: &str, logs: Logs) -> &'static [&'static str] {
    match (path, logs) {
        ("evt.name" | "type", Logs::SignIns | Logs::LateSignIns) => SIGN_IN_TYPES,
        ("evt.outcome" | "category", Logs::SignIns | Logs::LateSignIns) => SIGN_IN_CATEGORIES,
        ("evt.name" | "action", Logs::Usages) => USAGE_ACTIONS,
        ("evt.name" | "action", Logs::Audits) => AUDIT_ACTIONS,
        ("object_type", Logs::Audits) => OBJECT_TYPES,
        ("evt.name", Logs::Heartbeats) => &[HEARTBEAT],
        _ => &[],
    }
}

/// What 1Password calls its feeds.
const FEEDS: &[&str] = &["signinattempts", "itemusages", "auditevents"];

/// How attempts to sign in end.
const SIGN_IN_CATEGORIES: &[&str] = &[
    "success",
    "credentials_failed",
    "mfa_failed",
    "sso_failed",
    "modern_version_failed",
    "firewall_failed",
    "firewall_reported_success",
];

/// What decides an attempt to sign in. One is spelled in two ways, by two editions of 1Password's description.
const SIGN_IN_TYPES: &[&str] = &[
    "credentials_ok",
    "mfa_ok",
    "federated",
    "password_secret_bad",
    "mfa_missing",
    "totp_disabled",
    "totp_bad",
    "totp_timeout",
    "u2f_disabled",
    "u2f_bad",
    "u2f_timeout",
    "u2f_timout",
    "duo_disabled",
    "duo_bad",
    "duo_timeout",
    "duo_native_bad",
    "service_account_sso_denied",
    "non_sso_user",
    "sso_user_mismatch",
    "platform_secret_disabled",
    "platform_secret_bad",
    "platform_secret_proxy",
    "code_disabled",
    "code_bad",
    "code_timeout",
    "ip_blocked",
    "continent_blocked",
    "country_blocked",
    "anonymous_blocked",
    "all_blocked",
    "modern_version_missing",
    "modern_version_old",
];

/// What is done with items.
const USAGE_ACTIONS: &[&str] = &[
    "enter-item-edit-mode",
    "export",
    "fill",
    "other",
    "reveal",
    "secure-copy",
    "select-sso-provider",
    "server-create",
    "server-fetch",
    "server-update",
    "share",
];

/// What audit events are about.
const AUDIT_ACTIONS: &[&str] = &[
    "activate", "addgsso", "begin", "beginr", "cancel", "cancelr", "changeks", "changela",
    "changemp", "changenm", "changesk", "chngasso", "chngdsso", "chngpsso", "complete", "completr",
    "convert", "create", "dealldev", "delete", "delgsso", "delshare", "deolddev", "detchild",
    "disblduo", "disblmfa", "disblsso", "dlgsess", "dvrfydmn", "enblduo", "enblmfa", "enblsso",
    "expire", "export", "grant", "hide", "join", "launchi", "leave", "musercom", "muserdec",
    "patch", "propose", "provsn", "prsndall", "purge", "rdmchild", "reactive", "reauth", "replace",
    "resendts", "revoke", "role", "sdvcsso", "sendpkg", "sendts", "share", "ssotknv", "suspend",
    "tdvcsso", "trename", "trevoke", "trvlaway", "trvlback", "tverify", "uisas", "unhide",
    "unknown", "unlink", "updatduo", "update", "updatea", "updatfw", "updatmfa", "upguest",
    "uvrfydmn", "verify", "view", "vrfydmn",
];

/// What audit events are done to.
const OBJECT_TYPES: &[&str] = &[
    "account", "card", "cred", "device", "dlgdsess", "ec", "famchild", "file", "gm", "group",
    "gva", "invite", "item", "itemhist", "items", "miguser", "mngdacc", "pm", "report", "sa",
    "satoken", "slackapp", "sso", "ssotkn", "sub", "template", "user", "uva", "vault", "vaultkey",
];
