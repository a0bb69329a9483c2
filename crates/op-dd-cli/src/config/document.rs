use op_dd_bridge::Name;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::contradictions::{contradictions, oddities};
use super::fault::Faults;
use super::value::{Node, Value};
use super::{Config, table};

const NO_ACCOUNT: &str = "there is no account: add [[accounts]] with a name and a token";

/// A text in TOML, parsed as far as it can be.
pub(super) struct Document<'i> {
    text: &'i str,
    root: Node<'i>,
    errors: Vec<toml::de::Error>,
}

/// What a file has to have in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Accounts,
    Nothing,
}

/// A configuration without the accounts that are at fault.
pub(super) struct GoodAccounts {
    pub(super) config: Config,
    pub(super) odd: Faults,
    /// The others: each name, if it is one, and what is wrong.
    pub(super) bad: Vec<(Option<Name>, Faults)>,
}

impl<'i> Document<'i> {
    pub(super) fn parse(text: &'i str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        Self { text, root, errors }
    }

    /// What it says, with what is odd about it, or all that is wrong with it.
    pub(super) fn read(&self, need: Need) -> Result<(Config, Faults), Faults> {
        let mut faults = Faults::default();
        let config = <Config as Value>::read(&self.root, &mut faults);
        let empty = DeTable::new();
        let table = self.root.get_ref().as_table().unwrap_or(&empty);
        if need == Need::Accounts {
            missing(table, &mut faults);
        }
        contradictions(table, &mut faults);
        faults.with_syntax(self.text, &self.errors);
        match config {
            Some(config) if faults.is_empty() => Ok((config, oddities(table))),
            _ => Err(faults),
        }
    }

    /// The same without the accounts that are at fault, if nothing else is, and an account is left.
    pub(super) fn read_good_accounts(mut self) -> Result<GoodAccounts, Faults> {
        let (read, bad) = match self.read(Need::Accounts) {
            Ok(read) => (read, Vec::new()),
            Err(faults) => {
                let bad = self.take_bad_accounts(faults)?;
                (self.read(Need::Accounts)?, bad)
            }
        };
        let (config, odd) = read;
        Ok(GoodAccounts { config, odd, bad })
    }

    fn take_bad_accounts(&mut self, faults: Faults) -> Result<Vec<(Option<Name>, Faults)>, Faults> {
        let DeValue::Table(root) = self.root.get_mut() else {
            return Err(faults);
        };
        let accounts = root.get_mut("accounts").map(Spanned::get_mut);
        let Some(DeValue::Array(accounts)) = accounts else {
            return Err(faults);
        };
        let of_each: Vec<_> = accounts.iter().map(|node| faults.within(node)).collect();
        let of_accounts: usize = of_each.iter().map(Faults::count).sum();
        // What is no TOML can mean anything: it isn't known then where an account ends.
        let is_about_all = of_accounts < faults.count() || !self.errors.is_empty();
        if is_about_all || !of_each.iter().any(Faults::is_empty) {
            return Err(faults);
        }
        let all = std::mem::replace(accounts, DeArray::new());
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (account, faults) in all.into_iter().zip(of_each) {
            if faults.is_empty() {
                good.push(account);
            } else {
                bad.push((name(&account), faults));
            }
        }
        *accounts = good.into_iter().collect();
        Ok(bad)
    }
}

fn missing(document: &DeTable<'_>, faults: &mut Faults) {
    const KEYS: &[&str] = &["datadog", "accounts"];
    if table::lacks(document, "datadog", KEYS) {
        faults.note_missing(None, super::NO_DATADOG);
    }
    let empty = |node: &Node<'_>| node.get_ref().as_array().is_some_and(|all| all.is_empty());
    if table::lacks(document, "accounts", KEYS) || document.get("accounts").is_some_and(empty) {
        faults.note_missing(None, NO_ACCOUNT);
    }
}

fn name(account: &Node<'_>) -> Option<Name> {
    let name = account.get_ref().as_table()?.get("name")?;
    name.get_ref().as_str()?.parse().ok()
}
