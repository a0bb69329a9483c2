use serde::Deserialize;

use super::object::object;
use super::open_enum::open_enum;
use super::user::UserType;
use super::{Location, User, text};
use crate::{Feed, FeedEvent, Timestamp};

/// A member of the account changed something: an actor did an action to an object.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct AuditEvent {
    /// The event's own id.
    pub uuid: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Who did it.
    #[serde(default, deserialize_with = "text")]
    pub actor_uuid: Option<String>,
    /// Who did it, by name. 1Password gives it since August 2023.
    #[serde(default, deserialize_with = "object")]
    pub actor_details: Option<User>,
    /// Whose user the actor is.
    #[serde(default, deserialize_with = "text")]
    pub actor_type: Option<UserType>,
    /// The account that the actor belongs to.
    #[serde(default, deserialize_with = "text")]
    pub actor_account_uuid: Option<String>,
    /// The account.
    #[serde(default, deserialize_with = "text")]
    pub account_uuid: Option<String>,
    /// What was done.
    pub action: AuditAction,
    /// To what sort of thing it was done.
    pub object_type: ObjectType,
    /// To which of them.
    #[serde(default, deserialize_with = "text")]
    pub object_uuid: Option<String>,
    /// The object by name, if it is a user.
    #[serde(default, deserialize_with = "object")]
    pub object_details: Option<User>,
    /// A further thing that had a part in it, by number, such as a device.
    #[serde(default)]
    pub aux_id: Option<i64>,
    /// A further thing or person that had a part in it, such as the user who joined a group.
    #[serde(default, deserialize_with = "text")]
    pub aux_uuid: Option<String>,
    /// That person by name, if it is one.
    #[serde(default, deserialize_with = "object")]
    pub aux_details: Option<User>,
    /// More about it in words or letters; for a group's member the role: `R` member, `A` manager.
    #[serde(default, deserialize_with = "text")]
    pub aux_info: Option<String>,
    /// The session that it was done in.
    #[serde(default, deserialize_with = "object")]
    pub session: Option<Session>,
    /// Where the session's address was thought to be.
    #[serde(default, deserialize_with = "object")]
    pub location: Option<Location>,
}

impl FeedEvent for AuditEvent {
    const FEED: Feed = Feed::AuditEvents;
}

/// The session that something was done in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The session's id.
    #[serde(default, deserialize_with = "text")]
    pub uuid: Option<String>,
    /// When the session began.
    #[serde(default, deserialize_with = "text")]
    pub login_time: Option<Timestamp>,
    /// The device that it is on.
    #[serde(default, deserialize_with = "text")]
    pub device_uuid: Option<String>,
    /// The address that it comes from. Text, since nobody promises that it is one.
    #[serde(default, deserialize_with = "text")]
    pub ip: Option<String>,
}

open_enum! {
    /// What was done, in
    /// [1Password's abbreviations](https://developer.1password.com/docs/events-api/audit-events/).
    /// What it means depends on the [`ObjectType`].
    pub enum AuditAction {
        Activate = "activate",
        Addgsso = "addgsso": "a group was added to single sign-on",
        Begin = "begin",
        Beginr = "beginr": "an account recovery was begun",
        Cancel = "cancel",
        Cancelr = "cancelr": "an account recovery was cancelled",
        Changeks = "changeks",
        Changela = "changela",
        Changemp = "changemp": "an account password was changed",
        Changenm = "changenm": "a name was changed",
        Changesk = "changesk": "a Secret Key was changed",
        Chngasso = "chngasso": "single sign-on: how to authenticate was changed",
        Chngdsso = "chngdsso": "single sign-on: discovery was changed",
        Chngpsso = "chngpsso": "single sign-on: the policy was changed",
        Complete = "complete",
        Completr = "completr": "an account recovery was completed",
        Convert = "convert",
        Create = "create",
        Dealldev = "dealldev": "all devices were deauthorised",
        Delete = "delete",
        Delgsso = "delgsso": "a group was removed from single sign-on",
        Delshare = "delshare": "a link to an item was removed",
        Deolddev = "deolddev": "old devices were deauthorised",
        Detchild = "detchild": "a linked family account was detached",
        Disblduo = "disblduo": "Duo was turned off",
        Disblmfa = "disblmfa": "two-factor authentication was turned off",
        Disblsso = "disblsso": "single sign-on was turned off",
        Dlgsess = "dlgsess",
        Dvrfydmn = "dvrfydmn": "a verified domain was deleted",
        Enblduo = "enblduo": "Duo was turned on",
        Enblmfa = "enblmfa": "two-factor authentication was turned on",
        Enblsso = "enblsso": "single sign-on was turned on",
        Expire = "expire",
        Export = "export",
        Grant = "grant": "access was given",
        Hide = "hide",
        Join = "join": "somebody joined a group",
        Launchi = "launchi",
        Leave = "leave": "somebody left a group",
        Musercom = "musercom",
        Muserdec = "muserdec",
        Patch = "patch",
        Propose = "propose",
        Provsn = "provsn",
        Prsndall = "prsndall",
        Purge = "purge",
        Rdmchild = "rdmchild",
        Reactive = "reactive": "somebody was reactivated",
        Reauth = "reauth",
        Replace = "replace",
        Resendts = "resendts",
        Revoke = "revoke": "access was taken away",
        Role = "role": "somebody's role in a group was changed",
        Sdvcsso = "sdvcsso",
        Sendpkg = "sendpkg",
        Sendts = "sendts",
        Share = "share",
        Ssotknv = "ssotknv",
        Suspend = "suspend": "somebody was suspended",
        Tdvcsso = "tdvcsso",
        Trename = "trename": "a service account's token was renamed",
        Trevoke = "trevoke": "a service account's token was revoked",
        Trvlaway = "trvlaway": "Travel Mode was turned on",
        Trvlback = "trvlback": "Travel Mode was turned off",
        Tverify = "tverify": "a service account's token was verified",
        Uisas = "uisas",
        Unhide = "unhide",
        Unknown = "unknown": "the server itself doesn't say",
        Unlink = "unlink",
        Updatduo = "updatduo": "Duo was changed",
        Update = "update",
        Updatea = "updatea",
        Updatfw = "updatfw": "firewall rules were changed",
        Updatmfa = "updatmfa": "two-factor authentication was changed",
        Upguest = "upguest": "a guest was made a member",
        Uvrfydmn = "uvrfydmn": "a domain was unverified",
        Verify = "verify",
        View = "view",
        Vrfydmn = "vrfydmn": "a domain was verified",
    }
}

open_enum! {
    /// To what sort of thing something was done.
    pub enum ObjectType {
        Account = "account",
        Card = "card",
        Cred = "cred": "a passkey",
        Device = "device",
        Dlgdsess = "dlgdsess": "a delegated session",
        Ec = "ec",
        Famchild = "famchild": "a linked family account",
        File = "file",
        Gm = "gm": "a group's member",
        Group = "group",
        Gva = "gva": "a group's access to a vault",
        Invite = "invite",
        Item = "item",
        Itemhist = "itemhist": "an item's history",
        Items = "items",
        Miguser = "miguser",
        Mngdacc = "mngdacc": "an account of a managed service provider's customer",
        Pm = "pm",
        Report = "report",
        Sa = "sa": "a service account",
        Satoken = "satoken": "a service account's token",
        Slackapp = "slackapp",
        Sso = "sso": "single sign-on",
        Ssotkn = "ssotkn": "a token of single sign-on",
        Sub = "sub",
        Template = "template",
        User = "user",
        Uva = "uva": "a user's access to a vault",
        Vault = "vault",
        Vaultkey = "vaultkey",
    }
}
