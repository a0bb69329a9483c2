//! What the configuration says isn't to leave.

use onepassword_events::Feed;
use op_dd_bridge::{HashKey, Privacy};

use crate::config::Config;
use crate::exit::Failure;

/// The rules of all feeds. The key is read only if something is to be hashed with it.
pub(crate) fn privacy(config: &Config) -> Result<Privacy, Failure> {
    let mut privacy = Privacy::new();
    let mut key = None;
    for (&feed, settings) in &config.feeds {
        let wrong = |list: &str, fault: &dyn std::fmt::Display| {
            Failure::configuration(format!("{list} of [feeds.{feed}]: {fault}"))
        };
        for name in &settings.drop {
            let dropped = privacy.drop_field(feed, name);
            privacy = dropped.map_err(|error| wrong("drop", &error))?;
        }
        for name in &settings.hash {
            let key = match &key {
                Some(key) => key,
                None => key.insert(hash_key(config, feed)?),
            };
            let hashed = privacy.hash_field(feed, name, key);
            privacy = hashed.map_err(|error| wrong("hash", &error))?;
        }
        if settings.truncate_ip {
            privacy = privacy.truncate_ip(feed);
        }
    }
    for (feed, name) in privacy.unknown_fields() {
        tracing::warn!(
            %feed,
            field = name,
            "no event is known to have this field: it is kept back if one comes with it"
        );
    }
    Ok(privacy)
}

fn hash_key(config: &Config, feed: Feed) -> Result<HashKey, Failure> {
    let secret = config.privacy.key.as_ref().ok_or_else(|| {
        Failure::configuration(format!(
            "hash of [feeds.{feed}]: there is nothing to hash with: set key under [privacy], such as \
             key = \"env:OP_DD_HASH_KEY\""
        ))
    })?;
    let wrong = |fault: &dyn std::fmt::Display| {
        Failure::configuration(format!("key of [privacy]: {fault}"))
    };
    let text = secret.read().map_err(|fault| wrong(&fault))?;
    HashKey::new(text).map_err(|error| wrong(&error))
}
