use std::collections::BTreeMap;

use serde_json::Value;

/// Objects of one kind by their identifiers, in order.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Vec<(String, Value)>);

impl Shelf {
    pub(crate) fn push(&mut self, id: String, object: Value) {
        self.0.push((id, object));
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        let (_, object) = self.0.iter().find(|(of, _)| of == id)?;
        Some(object)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Value> {
        let (_, object) = self.0.iter_mut().find(|(of, _)| of == id)?;
        Some(object)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Value> {
        let place = self.0.iter().position(|(of, _)| of == id)?;
        Some(self.0.remove(place).1)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(id, _)| id.as_str())
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|(_, object)| object)
    }

    /// Puts them into the order of these identifiers; those not among them last, as they were.
    pub(crate) fn arrange(&mut self, ids: &[&str]) {
        self.0
            .sort_by_key(|(id, _)| ids.iter().position(|of| of == id).unwrap_or(ids.len()));
    }

    /// Those for which this holds.
    pub(crate) fn kept(&self, mine: impl Fn(&Value) -> bool) -> BTreeMap<String, Value> {
        let kept = self.0.iter().filter(|(_, object)| mine(object));
        kept.cloned().collect()
    }
}
