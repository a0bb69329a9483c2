use serde_json::{Value, json};

use super::super::identities::Identities;

/// How many there are: more than the largest page holds, so that whoever looks for its own rules has to turn it.
const RULES: usize = 120;

/// Sources of their logs. 1Password is among them: a client that took all rules of that source for its own would be
/// wrong.
const SOURCES: [&str; 6] = ["1password", "azure", "github", "okta", "slack", "zoom"];

const SUBJECTS: [&str; 5] = [
    "Sign-in from an unknown network",
    "Many refusals in a short time",
    "Setting weakened by an administrator",
    "Key made outside working hours",
    "Export of everything at once",
];

/// Rules that Datadog brings, of invented content.
pub(crate) fn rules(identities: &mut Identities) -> Vec<(String, Value)> {
    let rule = |number| {
        let tail = identities.short();
        let id = format!("def-000-{}", &tail[..3]);
        (id.clone(), rule(&id, number))
    };
    (0..RULES).map(rule).collect()
}

fn rule(id: &str, number: usize) -> Value {
    let source = SOURCES[number % SOURCES.len()];
    let subject = SUBJECTS[number / SOURCES.len() % SUBJECTS.len()];
    let variant = number / SOURCES.len() / SUBJECTS.len() + 1;
    json!({
        "id": id,
        "version": 7,
        "name": format!("{subject} ({source}, variant {variant})"),
        "createdAt": 1_681_395_797_603_u64,
        "updatedAt": 1_722_014_735_961_u64,
        "creationAuthorId": 0,
        "updateAuthorId": 0,
        "isDefault": true,
        "isPartner": false,
        "isEnabled": true,
        "isBeta": false,
        "isDeleted": false,
        "isDeprecated": false,
        "queries": [{
            "query": format!("source:{source} @variant:{variant}"),
            "groupByFields": ["@usr.email"],
            "hasOptionalGroupByFields": false,
            "distinctFields": [],
            "aggregation": "count",
            "name": "a",
            "dataSource": "logs",
        }],
        "options": {
            "keepAlive": 3600,
            "maxSignalDuration": 86_400,
            "detectionMethod": "threshold",
            "evaluationWindow": 300,
        },
        "cases": [{ "name": "", "status": "medium", "notifications": [], "condition": "a > 0" }],
        "message": format!("# Goal\n\n{subject}."),
        "tags": [format!("source:{source}"), "security:attack"],
        "defaultTags": [format!("source:{source}"), "security:attack"],
        "hasExtendedTitle": true,
        "type": "log_detection",
        "filters": [],
    })
}
