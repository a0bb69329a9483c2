//! The attributes of the logs that files ask about.

/// An attribute that a query may name, and who puts it on a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its path, without the `@`, such as `usr.email`.
    pub path: &'static str,
    /// Who puts it on a log.
    pub origin: Origin,
    /// Why most collections of logs haven't got it, if that is so.
    pub rare: Option<&'static str>,
}

/// Who puts an attribute on a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// 1Password: it is in the JSON of these feeds' events.
    Event(&'static [&'static str]),
    /// op-dd adds it to these feeds' events.
    OpDd(&'static [&'static str]),
    /// op-dd's heartbeat has it, and no event.
    Heartbeat,
    /// Datadog adds it to logs.
    Datadog,
    /// Datadog's signals have it, and no log.
    Signal,
}

const SIGN_INS: &[&str] = &["signinattempts"];
const USAGES: &[&str] = &["itemusages"];
const AUDITS: &[&str] = &["auditevents"];
const WITH_CLIENT: &[&str] = &["signinattempts", "itemusages"];
const WITH_ACTION: &[&str] = &["itemusages", "auditevents"];
const EVERY: &[&str] = &["signinattempts", "itemusages", "auditevents"];

impl Attribute {
    /// All of them, by who puts them on a log.
    pub const ALL: &'static [Self] = &[
        event("account_uuid", EVERY),
        event("action", WITH_ACTION),
        event("actor_account_uuid", AUDITS),
        event("actor_details.email", AUDITS),
        event("actor_details.name", AUDITS),
        event("actor_details.uuid", AUDITS),
        event("actor_type", AUDITS),
        event("actor_uuid", AUDITS),
        event("aux_details.email", AUDITS),
        event("aux_details.name", AUDITS),
        event("aux_details.uuid", AUDITS),
        event("aux_id", AUDITS),
        event("aux_info", AUDITS),
        event("aux_uuid", AUDITS),
        event("category", SIGN_INS),
        event("client.app_name", WITH_CLIENT),
        event("client.app_version", WITH_CLIENT),
        event("client.ip_address", WITH_CLIENT),
        event("client.os_name", WITH_CLIENT),
        event("client.os_version", WITH_CLIENT),
        event("client.platform_name", WITH_CLIENT),
        event("client.platform_version", WITH_CLIENT),
        event("country", SIGN_INS),
        event("details.value", SIGN_INS),
        event("item_uuid", USAGES),
        event("location.city", EVERY),
        event("location.country", EVERY),
        event("location.latitude", EVERY),
        event("location.longitude", EVERY),
        event("location.region", EVERY),
        event("object_details.email", AUDITS),
        event("object_details.name", AUDITS),
        event("object_details.uuid", AUDITS),
        event("object_type", AUDITS),
        event("object_uuid", AUDITS),
        event("session.device_uuid", AUDITS),
        event("session.ip", AUDITS),
        event("session.login_time", AUDITS),
        event("session.uuid", AUDITS),
        event("session_uuid", SIGN_INS),
        event("target_user.email", SIGN_INS),
        event("target_user.name", SIGN_INS),
        event("target_user.user_account_uuid", SIGN_INS),
        event("target_user.user_type", SIGN_INS),
        event("target_user.uuid", SIGN_INS),
        event("timestamp", EVERY),
        event("type", SIGN_INS),
        event("used_version", USAGES),
        event("user.email", USAGES),
        event("user.name", USAGES),
        event("user.user_account_uuid", USAGES),
        event("user.user_type", USAGES),
        event("user.uuid", USAGES),
        event("uuid", EVERY),
        event("vault_uuid", USAGES),
        by(Origin::OpDd(EVERY), "evt.name"),
        by(Origin::OpDd(SIGN_INS), "evt.outcome"),
        by(Origin::OpDd(EVERY), "evt.type"),
        by(Origin::OpDd(EVERY), "network.client.geoip.city.name"),
        by(Origin::OpDd(EVERY), "network.client.geoip.country.iso_code"),
        by(
            Origin::OpDd(EVERY),
            "network.client.geoip.location.latitude",
        ),
        by(
            Origin::OpDd(EVERY),
            "network.client.geoip.location.longitude",
        ),
        by(Origin::OpDd(EVERY), "network.client.geoip.subdivision.name"),
        by(Origin::OpDd(EVERY), "network.client.ip"),
        by(Origin::OpDd(EVERY), "onepassword.account"),
        by(Origin::OpDd(EVERY), "onepassword.event_time"),
        by(Origin::OpDd(EVERY), "onepassword.feed"),
        by(Origin::OpDd(AUDITS), "onepassword.self_grant"),
        by(Origin::OpDd(WITH_ACTION), "onepassword.vault_uuid"),
        by(Origin::OpDd(EVERY), "usr.email"),
        by(Origin::OpDd(EVERY), "usr.id"),
        by(Origin::OpDd(EVERY), "usr.name"),
        Self {
            path: "onepassword.event",
            origin: Origin::OpDd(EVERY),
            rare: Some(
                "what an event has under a key that op-dd or Datadog takes; today's events have none",
            ),
        },
        by(Origin::Heartbeat, "op_dd.destination"),
        by(Origin::Heartbeat, "op_dd.events"),
        by(Origin::Heartbeat, "op_dd.first_uuid"),
        by(Origin::Heartbeat, "op_dd.lag_event_s"),
        by(Origin::Heartbeat, "op_dd.last_uuid"),
        by(Origin::Heartbeat, "op_dd.late"),
        by(Origin::Heartbeat, "op_dd.pages"),
        by(Origin::Heartbeat, "op_dd.refused"),
        by(Origin::Heartbeat, "op_dd.since_success_s"),
        Self {
            path: "op_dd.token_expires_in_s",
            origin: Origin::Heartbeat,
            rare: Some("only of tokens that expire"),
        },
        by(Origin::Heartbeat, "op_dd.version"),
        by(Origin::Datadog, "network.client.geoip.as.domain"),
        by(Origin::Datadog, "network.client.geoip.as.name"),
        by(Origin::Datadog, "network.client.geoip.as.number"),
        by(Origin::Datadog, "network.client.geoip.as.route"),
        by(Origin::Datadog, "network.client.geoip.as.type"),
        by(Origin::Datadog, "network.client.geoip.continent.code"),
        by(Origin::Datadog, "network.client.geoip.continent.name"),
        by(Origin::Datadog, "network.client.geoip.country.name"),
        by(Origin::Datadog, "network.client.geoip.ipAddress"),
        by(Origin::Datadog, "network.client.geoip.subdivision.iso_code"),
        by(Origin::Datadog, "network.client.geoip.timezone"),
        by(Origin::Datadog, "network.client.is_private_network_ip"),
        by(Origin::Datadog, "network.ip.attributes.ip"),
        by(Origin::Datadog, "network.ip.attributes.source"),
        by(Origin::Datadog, "network.ip.list"),
        by(Origin::Datadog, "threat_intel.indicators_matched"),
        by(Origin::Datadog, "threat_intel.results.additional_data"),
        by(Origin::Datadog, "threat_intel.results.category"),
        by(Origin::Datadog, "threat_intel.results.indicator"),
        by(Origin::Datadog, "threat_intel.results.intention"),
        by(Origin::Datadog, "threat_intel.results.source.name"),
        by(Origin::Datadog, "threat_intel.results.source.type"),
        by(Origin::Datadog, "threat_intel.results.source.url"),
        by(Origin::Datadog, "threat_intel.results.type"),
        by(Origin::Signal, "impossible_travel.triggering_locations"),
        by(Origin::Signal, "workflow.rule.id"),
        by(Origin::Signal, "workflow.rule.name"),
        by(Origin::Signal, "workflow.rule.type"),
        by(Origin::Signal, "workflow.rule.version"),
        by(Origin::Signal, "workflow.triage.state"),
    ];

    /// The one at a path, or that has the path within it.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        // An object is an attribute, too: `network.client.geoip`; and some hold what they like.
        let part = |whole: &str, part: &str| {
            let rest = whole.strip_prefix(part);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let is_open = |attribute: &&Self| match attribute.path {
            open @ ("onepassword.event"
            | "threat_intel.results.additional_data"
            | "impossible_travel.triggering_locations") => part(path, open),
            _ => false,
        };
        let mut all = Self::ALL.iter();
        all.find(|attribute| part(attribute.path, path) || is_open(attribute))
    }
}

const fn event(path: &'static str, feeds: &'static [&'static str]) -> Attribute {
    by(Origin::Event(feeds), path)
}

const fn by(origin: Origin, path: &'static str) -> Attribute {
    Attribute {
        path,
        origin,
        rare: None,
    }
}
