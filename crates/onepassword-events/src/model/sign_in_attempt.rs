use serde::Deserialize;

use super::object::object;
use super::open_enum::open_enum;
use super::{ClientInfo, Location, User, text};
use crate::{Feed, FeedEvent, Timestamp};

/// Somebody tried to sign in: who, from where, and how it ended.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct SignInAttempt {
    /// The event's own id.
    pub uuid: String,
    /// The session that was, or would have been, begun.
    #[serde(default, deserialize_with = "text")]
    pub session_uuid: Option<String>,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The country that the address is in, mostly as its two-letter code.
    #[serde(default, deserialize_with = "text")]
    pub country: Option<String>,
    /// How it ended, in broad terms.
    pub category: SignInCategory,
    /// How it ended, in detail.
    #[serde(rename = "type")]
    pub attempt_type: SignInType,
    /// What a firewall rule matched, if one did.
    #[serde(default, deserialize_with = "object")]
    pub details: Option<SignInDetails>,
    /// The user that the attempt was for.
    #[serde(default, deserialize_with = "object")]
    pub target_user: Option<User>,
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

impl FeedEvent for SignInAttempt {
    const FEED: Feed = Feed::SignInAttempts;
}

/// What a firewall rule matched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SignInDetails {
    /// The continent, country or address that the rule names.
    #[serde(default, deserialize_with = "text")]
    pub value: Option<String>,
}

open_enum! {
    /// How an attempt to sign in ended, in broad terms.
    pub enum SignInCategory {
        Success = "success": "signed in",
        CredentialsFailed = "credentials_failed": "a wrong password, Secret Key or the like",
        MfaFailed = "mfa_failed": "a wrong or missing second factor",
        SsoFailed = "sso_failed": "single sign-on failed",
        ModernVersionFailed = "modern_version_failed": "the application is too old",
        FirewallFailed = "firewall_failed": "a firewall rule stood against it",
        FirewallReportedSuccess = "firewall_reported_success": "signed in, and a firewall rule reported it",
    }
}

impl SignInCategory {
    /// Whether somebody got in.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success | Self::FirewallReportedSuccess)
    }
}

open_enum! {
    /// How an attempt to sign in ended, in detail.
    pub enum SignInType {
        CredentialsOk = "credentials_ok",
        MfaOk = "mfa_ok",
        Federated = "federated": "signed in through another provider",
        PasswordSecretBad = "password_secret_bad": "wrong password or Secret Key",
        MfaMissing = "mfa_missing",
        TotpDisabled = "totp_disabled",
        TotpBad = "totp_bad",
        TotpTimeout = "totp_timeout",
        U2fDisabled = "u2f_disabled",
        U2fBad = "u2f_bad",
        U2fTimeout = "u2f_timeout",
        U2fTimout = "u2f_timout": "the same as `u2f_timeout`, as older editions of the reference spell it",
        DuoDisabled = "duo_disabled",
        DuoBad = "duo_bad",
        DuoTimeout = "duo_timeout",
        DuoNativeBad = "duo_native_bad",
        ServiceAccountSsoDenied = "service_account_sso_denied",
        NonSsoUser = "non_sso_user",
        SsoUserMismatch = "sso_user_mismatch",
        PlatformSecretDisabled = "platform_secret_disabled",
        PlatformSecretBad = "platform_secret_bad",
        PlatformSecretProxy = "platform_secret_proxy",
        CodeDisabled = "code_disabled",
        CodeBad = "code_bad",
        CodeTimeout = "code_timeout",
        IpBlocked = "ip_blocked",
        ContinentBlocked = "continent_blocked",
        CountryBlocked = "country_blocked",
        AnonymousBlocked = "anonymous_blocked",
        AllBlocked = "all_blocked",
        ModernVersionMissing = "modern_version_missing",
        ModernVersionOld = "modern_version_old",
    }
}
