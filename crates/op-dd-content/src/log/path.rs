//! What is where in the attributes of a log.

use std::slice;

use serde_json::{Map, Value};

/// Shows everything that is at a path. A key may itself have dots in it: Datadog reads `{"a.b": 1}` as it
/// reads `{"a": {"b": 1}}`.
pub(super) fn visit_dotted<'a>(
    object: &'a Map<String, Value>,
    path: &str,
    see: &mut dyn FnMut(&'a Value),
) {
    if let Some(value) = object.get(path) {
        see(value);
    }
    for (dot, _) in path.match_indices('.') {
        let rest = &path[dot + 1..];
        for inner in objects(object.get(&path[..dot])) {
            visit_dotted(inner, rest, see);
        }
    }
}

/// The same, where no key has a dot.
pub(super) fn visit_plain<'a>(
    object: &'a Map<String, Value>,
    path: &str,
    see: &mut dyn FnMut(&'a Value),
) {
    match path.split_once('.') {
        None => object.get(path).into_iter().for_each(see),
        Some((key, rest)) => {
            for inner in objects(object.get(key)) {
                visit_plain(inner, rest, see);
            }
        }
    }
}

/// The object that a value is, or those that are in it if it is a list.
fn objects(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let values = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(value) => slice::from_ref(value),
        None => &[],
    };
    values.iter().filter_map(Value::as_object)
}

pub(super) fn is_dotted(object: &Map<String, Value>) -> bool {
    object
        .iter()
        .any(|(key, value)| key.contains('.') || may_be_dotted(value))
}

pub(super) fn may_be_dotted(value: &Value) -> bool {
    match value {
        Value::Object(object) => is_dotted(object),
        Value::Array(items) => items.iter().any(may_be_dotted),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Log;

    fn attributes() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0..9).prop_map(Value::from)];
        leaf.prop_recursive(4, 30, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Value::from),
                btree_map("[abc]?", inner, 0..3)
                    .prop_map(|object| object.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn where_no_key_has_a_dot_the_short_way_finds_the_same(
            values in vec(attributes(), 3),
            path in "[abc]?(\\.[abc]?){0,4}",
        ) {
            let keys = ["a", "b", "c"].map(str::to_owned);
            let object: Map<String, Value> = keys.into_iter().zip(values).collect();
            prop_assert!(!is_dotted(&object));
            let (mut plain, mut dotted) = (Vec::new(), Vec::new());
            visit_plain(&object, &path, &mut |value| plain.push(value));
            visit_dotted(&object, &path, &mut |value| dotted.push(value));
            prop_assert_eq!(plain, dotted);
        }
    }

    #[test]
    fn keys_with_dots_are_found_wherever_they_come_from() {
        let log = |attributes: Value| {
            let mut log = Log::sent(r#"{"timestamp": 0}"#).unwrap();
            log.set("a", attributes);
            log
        };
        let sent = Log::sent(r#"{"timestamp": 0, "a": [[{"b.c": 1}], {"b": {"c": 2}}]}"#).unwrap();
        assert_eq!(sent.values("a.b.c"), [2]);
        assert_eq!(log(json!([{"b.c": 1}])).values("a.b.c"), [1]);
        assert_eq!(log(json!({"b": {"c.d": 1}})).values("a.b.c.d"), [1]);
    }
}
