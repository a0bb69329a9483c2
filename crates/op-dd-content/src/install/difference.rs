use std::fmt;

use serde_json::{Map, Value};

/// So much of a value is shown.
const LONGEST: usize = 120;

/// A member that isn't in Datadog as it is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The place of the member, as a JSON pointer.
    pub pointer: String,
    /// What is wanted.
    pub wanted: Value,
    /// What is there, if anything is.
    pub there: Option<Value>,
}

/// How what is in Datadog differs from what is wanted: in every member that the wanted one has.
///
/// Lists are compared whole and in their order, but the tags of an object, which have none. Numbers are equal
/// if they stand for the same (`0` and `0.0`). An empty member (`null`, `false`, `""`, `[]`, `{}`) is equal to
/// a missing one, which is how Datadog keeps some of them.
///
/// Members of objects that only Datadog has are left out of account: it adds ids, times and defaults of its
/// own, and new ones from time to time. So a member that was once set, and now is neither in the file nor
/// replaced there by an empty one, isn't missed.
#[must_use]
pub fn differences(wanted: &Value, there: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(wanted, Some(there), &mut String::new(), &mut differences);
    differences
}

fn compare(
    wanted: &Value,
    there: Option<&Value>,
    pointer: &mut String,
    differences: &mut Vec<Difference>,
) {
    let equal = match (wanted, there) {
        (Value::Object(wanted), Some(Value::Object(there))) => {
            return members(wanted, there, pointer, differences);
        }
        (Value::Array(wanted), Some(Value::Array(there))) if pointer == "/tags" => {
            let all_in = |of: &[Value], other: &[Value]| of.iter().all(|tag| other.contains(tag));
            all_in(wanted, there) && all_in(there, wanted)
        }
        (Value::Array(wanted), Some(Value::Array(there))) if wanted.len() == there.len() => {
            for (at, (wanted, there)) in wanted.iter().zip(there).enumerate() {
                within(pointer, &at.to_string(), |pointer| {
                    compare(wanted, Some(there), pointer, differences);
                });
            }
            return;
        }
        (Value::Number(wanted), Some(Value::Number(there))) => {
            wanted == there || wanted.as_f64() == there.as_f64()
        }
        (wanted, Some(there)) => wanted == there || is_empty(wanted) && is_empty(there),
        (wanted, None) => is_empty(wanted),
    };
    if !equal {
        differences.push(Difference {
            pointer: pointer.clone(),
            wanted: wanted.clone(),
            there: there.cloned(),
        });
    }
}

fn members(
    wanted: &Map<String, Value>,
    there: &Map<String, Value>,
    pointer: &mut String,
    differences: &mut Vec<Difference>,
) {
    for (name, wanted) in wanted {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        within(pointer, &escaped, |pointer| {
            compare(wanted, there.get(name), pointer, differences);
        });
    }
}

/// Goes into a member and comes back.
fn within(pointer: &mut String, token: &str, go: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(token);
    go(pointer);
    pointer.truncate(length);
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

impl fmt::Display for Difference {
    /// The member, what is there and what is wanted, in one line. Of lists of objects how many they are, and the first
    /// that differs; what only Datadog has is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pointer,
            wanted,
            there,
        } = self;
        match (wanted, there) {
            (_, None) => write!(f, "{pointer}: {} is added", shown(&wanted.to_string(), 0)),
            (Value::Array(wanted), Some(Value::Array(there)))
                if wanted.iter().chain(there).any(Value::is_object) =>
            {
                let (now, then) = (there.len(), wanted.len());
                let verb = if now == 1 { "becomes" } else { "become" };
                write!(f, "{pointer}: {now} {verb} {then}")?;
                let at = (0..now.max(then)).find(|at| {
                    let pair = (wanted.get(*at), there.get(*at));
                    !matches!(pair, (Some(wanted), Some(there)) if differences(wanted, there).is_empty())
                });
                let first = at.and_then(|at| Some((at, wanted.get(at).or(there.get(at))?)));
                match first.map(|(at, item)| (at, name(item))) {
                    Some((_, Some(name))) => {
                        write!(
                            f,
                            ", and the first that differs is {}",
                            shown(&format!("{name:?}"), 0)
                        )
                    }
                    Some((at, None)) => write!(f, ", and the first that differs is {pointer}/{at}"),
                    None => Ok(()),
                }
            }
            (_, Some(Value::Object(_))) => {
                let wanted = wanted.to_string();
                write!(f, "{pointer}: an object becomes {}", shown(&wanted, 0))
            }
            (_, Some(there)) => {
                let (wanted, there) = (wanted.to_string(), there.to_string());
                let same = wanted.chars().zip(there.chars());
                let same = same.take_while(|(wanted, there)| wanted == there).count();
                let (there, wanted) = (shown(&there, same), shown(&wanted, same));
                write!(f, "{pointer}: {there} becomes {wanted}")
            }
        }
    }
}

/// What people see that an item of a list is called.
fn name(item: &Value) -> Option<&str> {
    let members = ["/definition/title", "/title", "/name", "/query"];
    let names = members
        .iter()
        .filter_map(|member| item.pointer(member)?.as_str());
    names.into_iter().find(|name| !name.is_empty())
}

/// A text, if it is short; else a part of it, from shortly before this character on: a list of widgets would fill
/// the screen.
fn shown(text: &str, from: usize) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start = from.saturating_sub(LONGEST / 4);
    let before = if start > 0 { "…" } else { "" };
    let part: String = text.chars().skip(start).take(LONGEST).collect();
    let after = if text.ends_with(&part) { "" } else { "…" };
    format!("{before}{part}{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(wanted: &Value, there: &Value) -> Vec<String> {
        let differences = differences(wanted, there).into_iter();
        differences.map(|difference| difference.pointer).collect()
    }

    #[test]
    fn what_datadog_adds_is_no_difference() {
        let wanted = json!({"a": {"b": [{"c": 1}]}, "tags": ["x", "y"]});
        let there =
            json!({"id": 7, "a": {"b": [{"c": 1.0, "id": 9}], "d": true}, "tags": ["y", "x"]});
        assert!(pointers(&wanted, &there).is_empty());
    }

    #[test]
    fn what_is_empty_may_be_missing() {
        let wanted = json!({"a": null, "b": "", "c": [], "d": {}, "e": false});
        assert!(pointers(&wanted, &json!({"a": "", "b": null})).is_empty());
        assert_eq!(
            pointers(&json!({"a": 0, "b": true}), &json!({})),
            ["/a", "/b"]
        );
    }

    #[test]
    fn what_is_otherwise_is_named() {
        for (wanted, there, pointer) in [
            (json!({"a": 1}), json!({"a": 2}), "/a"),
            (json!({"a": 1}), json!({"a": "1"}), "/a"),
            (json!({"a": [1, 2]}), json!({"a": [2, 1]}), "/a/0"),
            (json!({"a": [1]}), json!({"a": [1, 2]}), "/a"),
            (json!({"a": []}), json!({"a": [1]}), "/a"),
            (json!({"a": {"b/c": 1}}), json!({"a": {}}), "/a/b~1c"),
            (json!({"a": {"b": 1}}), json!({"a": null}), "/a"),
            (json!({"tags": ["a"]}), json!({"tags": ["a", "b"]}), "/tags"),
            (json!({"a": false}), json!({"a": true}), "/a"),
        ] {
            assert_eq!(pointers(&wanted, &there)[0], pointer, "{wanted} {there}");
        }
    }

    #[test]
    fn a_difference_is_one_line() {
        let shown = |wanted, there| differences(&wanted, &there)[0].to_string();
        assert_eq!(
            shown(json!({"a": {"b": 2}}), json!({"a": {"b": 1}})),
            "/a/b: 1 becomes 2"
        );
        let (long, longer) = ("x".repeat(200), "x".repeat(200) + " @slack");
        assert_eq!(
            shown(json!({"a": longer}), json!({"a": long})),
            format!("/a: …{0}\" becomes …{0} @slack\"", "x".repeat(30))
        );
        assert_eq!(
            shown(json!({"a": "x\ny"}), json!({})),
            "/a: \"x\\ny\" is added"
        );
    }

    #[test]
    fn lists_of_objects_are_counted_and_the_first_that_differs_is_named() {
        let shown = |wanted, there| differences(&wanted, &there)[0].to_string();
        let widget = |title: &str| json!({"definition": {"title": title}});
        let kept = |title: &str| json!({"id": 7, "definition": {"title": title, "time": {}}});
        for (wanted, there, expected) in [
            (
                json!([widget("A"), widget("B")]),
                json!([kept("A")]),
                "/w: 1 becomes 2, and the first that differs is \"B\"",
            ),
            (
                json!([widget("A")]),
                json!([kept("A"), kept("C"), kept("D")]),
                "/w: 3 become 1, and the first that differs is \"C\"",
            ),
            (
                json!([{"x": 1}]),
                json!([{"id": 7, "x": 2}, {"id": 8, "x": 1}]),
                "/w: 2 become 1, and the first that differs is /w/0",
            ),
            (json!("x"), json!({"id": 7}), "/w: an object becomes \"x\""),
            (
                json!(["x"]),
                json!(["x", "y"]),
                "/w: [\"x\",\"y\"] becomes [\"x\"]",
            ),
        ] {
            assert_eq!(shown(json!({"w": wanted}), json!({"w": there})), expected);
        }
    }
}
