use serde::Deserialize;

use super::open_enum::open_enum;
use super::text;

/// A person as an event names him. Name and address are those of the moment of the event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The user's id.
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
    /// The user's name.
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    /// The user's e-mail address.
    #[serde(default, deserialize_with = "text")]
    pub email: Option<String>,
    /// Whose user it is; accounts of managed service providers only.
    #[serde(default, deserialize_with = "text")]
    pub user_type: Option<UserType>,
    /// The account that the user belongs to; accounts of managed service providers only.
    #[serde(default, deserialize_with = "text")]
    pub user_account_uuid: Option<String>,
}

open_enum! {
    /// Whose user somebody is.
    pub enum UserType {
        User = "user": "a member of the account",
        ExternalUser = "external_user": "somebody of the managed service provider",
    }
}
