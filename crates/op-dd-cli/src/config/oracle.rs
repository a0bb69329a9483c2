//! What holds for any configuration, for the tests and for the fuzz target `config`.

use crate::config::{Config, Secret};

/// Any text is a configuration or is refused with a line, a column and one line of text; a literal
/// secret is shown by neither.
pub(crate) fn config(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    match Config::parse(text) {
        Ok(config) => {
            let shown = format!("{config:?}");
            for (secret, _) in config.secrets() {
                // A short one may be a part of anything.
                if let Secret::Literal(literal) = secret
                    && literal.len() >= 16
                    && text.matches(literal).count() == 1
                {
                    assert!(!shown.contains(literal), "{shown}");
                }
            }
            if let Err(fault) = config.check() {
                assert!(!fault.contains('\n'), "{fault}");
            }
        }
        Err(error) => {
            let mut parts = error.splitn(3, ':');
            let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
            let (line, column) = (number(), number());
            let lines = text.split('\n').count();
            assert!(
                line.is_some_and(|line| (1..=lines).contains(&line)),
                "{error}"
            );
            assert!(column.is_some_and(|column| column >= 1), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
