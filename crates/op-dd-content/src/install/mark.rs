//! How what is ours is known in an organisation.

use serde_json::{Map, Value, json};

use super::resource::Resource;

pub(super) const OURS: &str = "managed-by:op-dd";
const ASSET: &str = "op-dd-asset:";
const LINE: &str = "Managed by op-dd: ";

/// What an object is called that bears our mark: its file's name.
pub(super) fn read(resource: Resource, object: &Map<String, Value>) -> Option<String> {
    match resource {
        Resource::Pipeline if object.get("is_read_only") == Some(&Value::Bool(true)) => None,
        Resource::Pipeline | Resource::Rule | Resource::Monitor => {
            let tags = || {
                object
                    .get("tags")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
            };
            let mut names = tags().filter_map(|tag| tag.as_str()?.strip_prefix(ASSET));
            let name = names.next().filter(|_| tags().any(|tag| tag == OURS))?;
            Some(name.to_owned())
        }
        Resource::Dashboard => {
            let description = object.get("description")?.as_str()?;
            let last = description.trim_end().lines().last()?;
            Some(last.trim().strip_prefix(LINE)?.to_owned())
        }
    }
}

/// Marks an object as ours, unless it is.
pub(super) fn write(resource: Resource, object: &mut Map<String, Value>, name: &str) {
    match resource {
        Resource::Pipeline | Resource::Rule | Resource::Monitor => {
            let tags = object.entry("tags").or_insert_with(|| json!([]));
            let Some(tags) = tags.as_array_mut() else {
                return;
            };
            let mark = format!("{ASSET}{name}");
            // Who took one of our files to make another may have left its mark in.
            tags.retain(|tag| {
                let tag = tag.as_str().unwrap_or_default();
                tag == mark || !tag.starts_with(ASSET)
            });
            for mark in [OURS, &mark] {
                if !tags.iter().any(|tag| tag == mark) {
                    tags.push(mark.into());
                }
            }
        }
        Resource::Dashboard => {
            let description = object.get("description").and_then(Value::as_str);
            let kept = description.unwrap_or_default().lines();
            let mut lines: Vec<&str> = kept.filter(|line| !line.starts_with(LINE)).collect();
            let mark = format!("{LINE}{name}");
            lines.push(&mark);
            let marked = lines.join("\n");
            object.insert("description".to_owned(), marked.into());
        }
    }
}

/// Whether a pipeline is Datadog's own for 1Password, and works.
pub(super) fn is_datadogs_pipeline(object: &Map<String, Value>) -> bool {
    object.get("is_read_only") == Some(&Value::Bool(true))
        && object.get("is_enabled") != Some(&Value::Bool(false))
        && is_for_1password(object)
}

/// Whether a pipeline takes what Datadog's own for 1Password takes.
pub(super) fn is_for_1password(pipeline: &Map<String, Value>) -> bool {
    let filter = pipeline.get("filter");
    let query = filter.and_then(|filter| filter["query"].as_str());
    query.is_some_and(|query| query.trim() == "source:1password")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn a_marked_object_is_known_and_marking_it_again_changes_nothing() {
        for resource in Resource::ALL {
            let mut marked = object(&json!({"name": "A B"}));
            assert_eq!(read(resource, &marked), None, "{resource:?}");
            write(resource, &mut marked, "mine");
            let name = read(resource, &marked);
            assert_eq!(name.as_deref(), Some("mine"), "{resource:?}");
            let once = marked.clone();
            write(resource, &mut marked, "mine");
            assert_eq!(marked, once, "{resource:?}");
        }
    }

    #[test]
    fn a_copied_file_gets_a_mark_of_its_own() {
        let mut rule = object(&json!({"tags": ["managed-by:op-dd", "op-dd-asset:a", "x:y"]}));
        write(Resource::Rule, &mut rule, "b");
        assert_eq!(
            rule["tags"],
            json!(["managed-by:op-dd", "x:y", "op-dd-asset:b"])
        );
        let mut board = object(&json!({"description": "Mine.\n\nManaged by op-dd: a"}));
        write(Resource::Dashboard, &mut board, "b");
        assert_eq!(board["description"], "Mine.\n\nManaged by op-dd: b");
    }

    #[test]
    fn what_is_not_ours_is_not_known() {
        for (resource, json) in [
            (Resource::Rule, json!({"tags": ["op-dd-asset:a"]})),
            (Resource::Rule, json!({"tags": ["managed-by:op-dd"]})),
            (Resource::Rule, json!({"tags": "managed-by:op-dd"})),
            (
                Resource::Monitor,
                json!({"tags": ["managed-by:other", "op-dd-asset:a"]}),
            ),
            (
                Resource::Dashboard,
                json!({"description": "Managed by op-dd: a\nno more"}),
            ),
            (Resource::Dashboard, json!({"description": null})),
            (Resource::Pipeline, json!({"name": "Okta fixes (op-dd)"})),
            (
                Resource::Pipeline,
                json!({"tags": ["managed-by:op-dd", "op-dd-asset:a"], "is_read_only": true}),
            ),
        ] {
            assert_eq!(read(resource, &object(&json)), None, "{json}");
        }
    }

    #[test]
    fn datadogs_pipeline_is_read_only_and_works() {
        let own = json!({"name": "1Password", "is_read_only": true, "is_enabled": true,
            "filter": {"query": "source:1password"}});
        assert!(is_datadogs_pipeline(&object(&own)));
        for (key, value) in [
            ("is_read_only", json!(false)),
            ("is_enabled", json!(false)),
            ("filter", json!({"query": "source:okta"})),
        ] {
            let mut other = object(&own);
            other.insert(key.to_owned(), value);
            assert!(!is_datadogs_pipeline(&other), "{key}");
        }
    }
}
