use std::collections::BTreeSet;

use super::Permission;
use super::resource::Resource;
use crate::{Asset, Kind};

/// Which objects it is about: all, unless kinds or names say which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    kinds: BTreeSet<Kind>,
    names: BTreeSet<String>,
}

impl Selection {
    /// Takes in all of a kind. A widget is a part of a dashboard, so it means those.
    pub fn kind(&mut self, kind: Kind) {
        self.kinds.insert(match kind {
            Kind::Widget => Kind::Dashboard,
            kind => kind,
        });
    }

    /// Takes in what has this name, whatever its kind.
    pub fn name(&mut self, name: impl Into<String>) {
        self.names.insert(name.into());
    }

    /// Whether it takes in a file; a widget as a dashboard.
    #[must_use]
    pub fn takes(&self, asset: &Asset) -> bool {
        let resource = Resource::of(asset.kind()).unwrap_or(Resource::Dashboard);
        self.has(resource, asset.name())
    }

    /// The names that were taken in.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// What it takes to read what is there of it.
    #[must_use]
    pub fn permissions(&self) -> Vec<Permission> {
        self.resources().map(Resource::reading).collect()
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Resource> {
        Resource::ALL
            .into_iter()
            // A name may be of any kind.
            .filter(|resource| !self.names.is_empty() || self.has_kind(*resource))
    }

    pub(super) fn has(&self, resource: Resource, name: &str) -> bool {
        self.names.contains(name)
            || self.has_kind(resource) && (self.names.is_empty() || !self.kinds.is_empty())
    }

    fn has_kind(&self, resource: Resource) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&resource.kind())
    }
}

impl<S: AsRef<str>> FromIterator<S> for Selection {
    /// Each is a kind (`rule`, `rules`) or a name.
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        let mut selection = Self::default();
        for word in words {
            let word = word.as_ref();
            let kind = Kind::ALL
                .into_iter()
                .find(|kind| word == kind.to_string() || word == kind.folder());
            match kind {
                Some(kind) => selection.kind(kind),
                None => selection.name(word),
            }
        }
        selection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_names_add_up() {
        let select = |words: &[&str]| -> Selection { words.iter().collect() };
        for (words, rule_a, rule_b, monitor_a) in [
            (&[][..], true, true, true),
            (&["rule"], true, true, false),
            (&["rules"], true, true, false),
            (&["a"], true, false, true),
            (&["a", "monitor"], true, false, true),
        ] {
            let selection = select(words);
            assert_eq!(selection.has(Resource::Rule, "a"), rule_a, "{words:?}");
            assert_eq!(selection.has(Resource::Rule, "b"), rule_b, "{words:?}");
            assert_eq!(
                selection.has(Resource::Monitor, "a"),
                monitor_a,
                "{words:?}"
            );
        }
        let resources = |words| select(words).resources().collect::<Vec<_>>();
        assert_eq!(resources(&["widget"]), [Resource::Dashboard]);
        assert_eq!(resources(&["rule", "a"]), Resource::ALL);
    }
}
