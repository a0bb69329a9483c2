use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use onepassword_events::{Client, EventSource as _};
use op_dd_bridge::Name;
use prometheus_client::encoding::DescriptorEncoder;

use super::exposition::gauge;

/// The accounts of the configuration, and what their clients know, asked when it is to be shown. One that
/// is left out has no client.
#[derive(Default)]
pub(super) struct Accounts(Mutex<BTreeMap<Name, Option<Client>>>);

impl Accounts {
    pub(super) fn show(&self, name: &Name, client: &Client) {
        self.lock().insert(name.clone(), Some(client.clone()));
    }

    pub(super) fn show_left_out(&self, name: &Name) {
        self.lock().entry(name.clone()).or_default();
    }

    pub(super) fn all(&self) -> Vec<(Name, Client)> {
        let all = self.lock();
        carried(&all)
            .map(|(name, client)| (name.clone(), client.clone()))
            .collect()
    }

    pub(super) fn encode(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        now: SystemTime,
    ) -> fmt::Result {
        let all = self.lock();
        let up = all
            .iter()
            .map(|(name, client)| (labels(name), f64::from(u8::from(client.is_some()))));
        gauge(
            encoder,
            "op_dd_account_up",
            "Whether the account is carried: 0 if it had to be left out.",
            up,
        )?;
        let expiries = carried(&all).filter_map(|(name, client)| {
            let left = match client.expires_at()?.duration_since(now) {
                Ok(left) => left.as_secs_f64(),
                Err(over) => -over.duration().as_secs_f64(),
            };
            Some((labels(name), left))
        });
        gauge(
            encoder,
            "op_dd_token_expires_in_seconds",
            "How long the account's token is good for; negative once it is over.",
            expiries,
        )?;
        let permits = carried(&all)
            .map(|(name, client)| (labels(name), f64::from(client.pacer().available())));
        gauge(
            encoder,
            "op_dd_rate_permits_available",
            "How many requests the account's rate allows at once.",
            permits,
        )
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Option<Client>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn carried(all: &BTreeMap<Name, Option<Client>>) -> impl Iterator<Item = (&Name, &Client)> {
    all.iter()
        .filter_map(|(name, client)| Some((name, client.as_ref()?)))
}

fn labels(name: &Name) -> [(&'static str, &str); 1] {
    [("account", name.as_str())]
}
