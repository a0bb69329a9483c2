use serde_json::{Value, json};

/// Datadog's own pipeline for 1Password, by this identifier. What is in the real one is not public: this one sets the
/// attributes that Datadog's own rules ask for, from where 1Password has them.
pub(crate) fn pipeline(id: &str) -> Value {
    json!({
        "id": id, "type": "pipeline", "name": "1Password", "is_enabled": true, "is_read_only": true,
        "filter": { "query": "source:1password" }, "tags": [],
        "processors": [
            {
                "name": "Define `timestamp` as the official date of the log", "is_enabled": true,
                "type": "date-remapper", "sources": ["timestamp"],
            },
            {
                "name": "Set `evt.type` by the kind of event", "is_enabled": true,
                "type": "category-processor", "target": "evt.type",
                "categories": [
                    category("1password-sign-in-attempts", "@target_user.uuid:*"),
                    category("1password-item-usages", "@item_uuid:*"),
                    category("1password-audit-events", "@actor_uuid:*"),
                ],
            },
            remapper(&["action", "type"], "evt.name"),
            remapper(&["category"], "evt.outcome"),
            remapper(&["target_user.uuid", "user.uuid", "actor_uuid"], "usr.id"),
            remapper(&["target_user.name", "user.name", "actor_details.name"], "usr.name"),
            remapper(&["target_user.email", "user.email", "actor_details.email"], "usr.email"),
            {
                "name": "Addresses", "is_enabled": true, "type": "pipeline",
                "filter": { "query": "@client.ip_address:* OR @session.ip:*" },
                "processors": [
                    remapper(&["client.ip_address", "session.ip"], "network.client.ip"),
                    {
                        "name": "", "is_enabled": true, "type": "geo-ip-parser",
                        "sources": ["network.client.ip"], "target": "network.client.geoip",
                        "ip_processing_behavior": "do-nothing",
                    },
                ],
            },
        ],
    })
}

fn category(name: &str, query: &str) -> Value {
    json!({ "name": name, "filter": { "query": query } })
}

fn remapper(sources: &[&str], target: &str) -> Value {
    json!({
        "name": format!("Map `{}` to `{target}`", sources.join("`, `")), "is_enabled": true,
        "type": "attribute-remapper", "sources": sources, "source_type": "attribute",
        "target": target, "target_type": "attribute",
        "preserve_source": true, "override_on_conflict": false,
    })
}
