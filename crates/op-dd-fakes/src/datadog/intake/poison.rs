use std::fmt;

/// What makes an entry one that the intake refuses.
pub(crate) struct Poison(Box<dyn Fn(&str) -> bool + Send + Sync>);

impl Poison {
    pub(crate) fn new(matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Box::new(matches))
    }

    pub(crate) fn matches(&self, entry: &str) -> bool {
        (self.0)(entry)
    }
}

impl fmt::Debug for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poison")
    }
}
