use serde_json::{Map, Value};

/// Sets what isn't there.
pub(crate) fn default(object: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    object
        .entry(name.to_owned())
        .or_insert_with(|| value.into());
}

/// The objects of an array; none, if there is no such array.
pub(crate) fn objects<'a>(
    object: &'a mut Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let array = object.get_mut(name).and_then(Value::as_array_mut);
    array.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// The items of an array; none, if there is no such array.
pub(crate) fn items<'a>(object: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    object
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A text; empty, if there is none.
pub(crate) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
