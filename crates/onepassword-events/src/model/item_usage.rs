use serde::Deserialize;

use super::object::object;
use super::open_enum::open_enum;
use super::{ClientInfo, Location, User, text};
use crate::{Feed, FeedEvent, Timestamp};

/// Somebody used an item of a shared vault.
///
/// Items and vaults come as ids alone: their names are encrypted and never reach the server.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ItemUsage {
    /// The event's own id.
    pub uuid: String,
    /// When it happened, which may be long before it arrives: applications send usages when they
    /// next synchronise.
    pub timestamp: Timestamp,
    /// The version of the item that was used.
    #[serde(default)]
    pub used_version: Option<u64>,
    /// The vault.
    #[serde(default, deserialize_with = "text")]
    pub vault_uuid: Option<String>,
    /// The item.
    #[serde(default, deserialize_with = "text")]
    pub item_uuid: Option<String>,
    /// What was done with it.
    #[serde(default, deserialize_with = "text")]
    pub action: Option<ItemAction>,
    /// Who used it.
    #[serde(default, deserialize_with = "object")]
    pub user: Option<User>,
    /// The application that was used.
    #[serde(default, deserialize_with = "object")]
    pub client: Option<ClientInfo>,
    /// Where the address was thought to be.
    #[serde(default, deserialize_with = "object")]
    pub location: Option<Location>,
    /// The account.
    #[serde(default, deserialize_with = "text")]
    pub account_uuid: Option<String>,
}

impl FeedEvent for ItemUsage {
    const FEED: Feed = Feed::ItemUsages;
}

open_enum! {
    /// What was done with an item
    /// ([1Password's list](https://developer.1password.com/docs/events-api/item-usage-actions/)).
    pub enum ItemAction {
        EnterItemEditMode = "enter-item-edit-mode": "opened to be edited, whether or not it was",
        Export = "export": "a file downloaded, or the item exported",
        Fill = "fill": "filled in, by hand or automatically",
        OtherAction = "other": "an application older than 8.4.0 doesn't say what",
        Reveal = "reveal": "a concealed field was shown",
        SecureCopy = "secure-copy": "a concealed field was copied",
        SelectSsoProvider = "select-sso-provider": "used to sign in with another provider",
        ServerCreate = "server-create": "created, duplicated or moved",
        ServerFetch = "server-fetch": "read by a client that keeps nothing, such as the command line",
        ServerUpdate = "server-update": "changed on the server",
        Share = "share": "shared by a link",
    }
}
