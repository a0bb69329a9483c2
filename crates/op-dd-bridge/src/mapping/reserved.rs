//! The keys at a log's root that are not an event's to use.

/// Objects that the mapping writes, or that Datadog reads into: also spelled with dots.
const OBJECTS: [&str; 5] = ["evt", "usr", "network", "onepassword", "syslog"];

/// Keys that Datadog [takes for its own](https://docs.datadoghq.com/logs/log_configuration/pipelines/)
/// before any pipeline runs. `timestamp` is one, too, but there the event means the same.
const VALUES: [&str; 15] = [
    "ddsource",
    "ddtags",
    "hostname",
    "host",
    "service",
    "status",
    "severity",
    "level",
    "message",
    "@timestamp",
    "_timestamp",
    "Timestamp",
    "eventTime",
    "date",
    "published_date",
];

/// Whether an event's value of this key must make way.
pub(super) fn is_taken(key: &str) -> bool {
    let first = key.split_once('.').map_or(key, |(first, _)| first);
    VALUES.contains(&key) || OBJECTS.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_whole_or_up_to_a_dot() {
        for key in [
            "evt",
            "usr.id",
            "network.client.ip",
            "onepassword",
            "date",
            "syslog.severity",
        ] {
            assert!(is_taken(key), "{key}");
        }
        for key in [
            "timestamp",
            "uuid",
            "client",
            "evtx",
            "user",
            "Date",
            "host.name",
            "",
        ] {
            assert!(!is_taken(key), "{key}");
        }
    }
}
