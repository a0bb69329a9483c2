use std::collections::BTreeMap;

use serde_json::Value;

/// What stands in rules for lists that only their user knows: `$privileged_vaults` in a query becomes
/// `(UUID OR UUID)`.
///
/// ```
/// use op_dd_content::WatchLists;
///
/// let lists: WatchLists = [("privileged_vaults", ["VAULT1", "VAULT2"])].into_iter().collect();
/// let mut rule = serde_json::json!({"queries": [{"query": "@vault_uuid:$privileged_vaults"}]});
/// assert_eq!(WatchLists::named_in(&rule), ["privileged_vaults"]);
/// assert!(lists.fill(&mut rule).is_empty());
/// assert_eq!(rule["queries"][0]["query"], "@vault_uuid:(VAULT1 OR VAULT2)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchLists(BTreeMap<String, Vec<String>>);

impl WatchLists {
    /// Sets a list. What is in it is meant as it is written: none of it is a wildcard.
    pub fn set(
        &mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) {
        let values = values.into_iter().map(Into::into).collect();
        self.0.insert(name.into(), values);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of those that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names of the lists that a rule needs.
    #[must_use]
    pub fn named_in(rule: &Value) -> Vec<String> {
        let mut names: Vec<String> = queries(rule).flat_map(names).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Puts the lists into a rule's queries, and says which it needs that aren't here or are empty.
    #[must_use]
    pub fn fill(&self, rule: &mut Value) -> Vec<String> {
        let mut missing = Self::named_in(rule);
        missing.retain(|name| self.0.get(name).is_none_or(Vec::is_empty));
        let queries = rule.get_mut("queries").and_then(Value::as_array_mut);
        for query in queries.into_iter().flatten() {
            if let Some(Value::String(text)) = query.get_mut("query") {
                *text = self.filled(text);
            }
        }
        missing
    }

    fn filled(&self, query: &str) -> String {
        let mut filled = query.to_owned();
        let mut names = names(query);
        // The longest first: one name may begin another.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            if let Some(values) = self.0.get(name).filter(|values| !values.is_empty()) {
                let values: Vec<String> = values.iter().map(|value| written(value)).collect();
                filled = filled.replace(&format!("${name}"), &format!("({})", values.join(" OR ")));
            }
        }
        filled
    }
}

impl<N: Into<String>, V: Into<String>, L: IntoIterator<Item = V>> FromIterator<(N, L)>
    for WatchLists
{
    fn from_iter<I: IntoIterator<Item = (N, L)>>(lists: I) -> Self {
        let mut watch = Self::default();
        for (name, values) in lists {
            watch.set(name, values);
        }
        watch
    }
}

/// As a query has to have it.
fn written(value: &str) -> String {
    if !value.is_empty() && value.chars().all(char::is_alphanumeric) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn queries(rule: &Value) -> impl Iterator<Item = &str> {
    let queries = rule.get("queries").and_then(Value::as_array);
    let queries = queries.into_iter().flatten();
    queries.filter_map(|query| query.get("query")?.as_str())
}

fn names(query: &str) -> Vec<&str> {
    let starts = query.match_indices('$').map(|(at, _)| &query[at + 1..]);
    let names = starts.map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    });
    names.filter(|name| !name.is_empty()).collect()
}
