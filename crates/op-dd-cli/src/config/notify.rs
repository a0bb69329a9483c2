use std::str::FromStr;

/// Whom rules and monitors tell: `@slack-security`, or `mfa-disabled=@pagerduty` for one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notify {
    /// The rule or monitor, unless it is all.
    pub(crate) name: Option<String>,
    pub(crate) whom: String,
}

impl FromStr for Notify {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, whom) = match text.split_once('=') {
            Some((name, whom)) if !name.starts_with('@') => (Some(name.to_owned()), whom),
            _ => (None, text),
        };
        if whom.len() < 2 || !whom.starts_with('@') || whom.contains(char::is_whitespace) {
            return Err("write @WHOM or NAME=@WHOM, such as @slack-security");
        }
        let whom = whom.to_owned();
        Ok(Self { name, whom })
    }
}
