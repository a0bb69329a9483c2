//! The events' fields, by feed.
//!
//! 1Password adds fields and values without a new version of the API, and leaves fields out where it
//! has nothing to say. So unknown values are kept ([`SignInType::Other`] and its like), unknown fields
//! stay in the [`Event`](crate::Event), and all but the few fields that every event has are optional:
//! an empty text, `null` and nothing at all are the same.

mod audit_event;
mod client;
mod item_usage;
mod location;
mod object;
mod open_enum;
mod sign_in_attempt;
mod user;

pub use audit_event::{AuditAction, AuditEvent, ObjectType, Session};
pub use client::ClientInfo;
pub use item_usage::{ItemAction, ItemUsage};
pub use location::Location;
pub use sign_in_attempt::{SignInAttempt, SignInCategory, SignInDetails, SignInType};
pub use user::{User, UserType};

use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer};

/// Anything that is written as text. An empty one says as much as none.
pub(crate) fn text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<String>::deserialize(deserializer)?
        .filter(|text| !text.is_empty())
        .map(|text| T::deserialize(text.into_deserializer()))
        .transpose()
}
