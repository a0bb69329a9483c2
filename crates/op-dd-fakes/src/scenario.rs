use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use crate::generator::random::Random;
use crate::generator::{HOUR, time};
use crate::{Error, Event};

mod company;
mod day;
mod diary;
mod stories;

use company::{Company, PRIVILEGED_GROUPS, PRIVILEGED_VAULTS, PROVISIONING_USER};
use diary::Diary;

/// How far back a scenario reaches: within the 18 hours that Datadog takes, with room for a run that lasts a while.
const REACH: u64 = 17 * HOUR;

/// A company's day in which something happens that somebody should be told of, or in which nothing does.
///
/// The people of the company work in the hours of the places where they live, at home or behind the one address of an
/// office; machines work all the time. Most of what they do is to have passwords filled in; now and then they reveal or
/// copy one, mistype their own, join groups and get access to vaults from others; new people are invited by a SCIM bridge.
/// All of it happened within 17 hours, but for one item usage in a hundred, of which the server hears late.
///
/// The same scenario, seed, anchor and number give the same bytes, on every machine.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use op_dd_fakes::Scenario;
///
/// let anchor = SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_636_800);
/// let scenario: Scenario = "brute-force-succeeded".parse()?;
/// let events = scenario.events(7, anchor, 500);
/// // Besides those that were asked for, those that it is about.
/// assert_eq!(events.len(), 515);
/// # Ok::<(), op_dd_fakes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scenario {
    /// Nothing happens: some people travel, some have forgotten their passwords.
    OrdinaryDay,
    /// A member turns off two-factor authentication of their own; then an administrator turns it off for everyone.
    MfaDisabled,
    /// An administrator changes the policy of single sign-on, and turns it off.
    SsoChanged,
    /// An administrator changes from where people may sign in.
    FirewallRulesChanged,
    /// An administrator joins a group by their own hand, and becomes its manager.
    SelfGrantGroup,
    /// An administrator gives themselves access to a vault, and within the hour reads what is in it.
    SelfGrantVault,
    /// A user and a group get access to a vault that matters, and another user loses it.
    PrivilegedVaultChanged,
    /// Somebody is made an owner and manager of the administrators; another owner is removed.
    PrivilegedGroupChanged,
    /// An administrator begins to recover the accounts of four people.
    RecoveryBegun,
    /// Somebody reveals and copies sixty items in a quarter of an hour.
    ItemsReadInBulk,
    /// Somebody guesses fourteen times, and is in.
    BruteForceSucceeded,
    /// One address tries the passwords of two dozen people; one of them fits.
    CredentialStuffing,
    /// Somebody signs in from a country from which they have not signed in before.
    SignInFromNewCountry,
    /// Somebody signs in with a tool that is none of 1Password's applications.
    UnusualClient,
    /// Somebody creates a service account and its token.
    ServiceAccountCreated,
    /// An administrator invites somebody by hand, who comes in.
    InvitationOutsideProvisioning,
    /// A domain is verified for the account, and the company's own given up.
    DomainChanged,
}

/// The events of a scenario, in the order in which an Events API would have got them.
#[derive(Debug, Clone)]
pub struct ScenarioEvents {
    account_uuid: String,
    events: std::vec::IntoIter<Event>,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::OrdinaryDay,
        Self::MfaDisabled,
        Self::SsoChanged,
        Self::FirewallRulesChanged,
        Self::SelfGrantGroup,
        Self::SelfGrantVault,
        Self::PrivilegedVaultChanged,
        Self::PrivilegedGroupChanged,
        Self::RecoveryBegun,
        Self::ItemsReadInBulk,
        Self::BruteForceSucceeded,
        Self::CredentialStuffing,
        Self::SignInFromNewCountry,
        Self::UnusualClient,
        Self::ServiceAccountCreated,
        Self::InvitationOutsideProvisioning,
        Self::DomainChanged,
    ];

    /// What a rule has to know of the company, by the names of lists that detection rules ask for: the vaults and the
    /// groups that matter most, and the users in whose name people are provisioned. They are the same for every seed.
    pub const WATCH_LISTS: [(&'static str, &'static [&'static str]); 3] = [
        ("privileged_vaults", &PRIVILEGED_VAULTS),
        ("privileged_groups", &PRIVILEGED_GROUPS),
        ("provisioning_users", &[PROVISIONING_USER]),
    ];

    /// What it is called: by the detection rule that it is for, or `ordinary-day`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrdinaryDay => "ordinary-day",
            Self::MfaDisabled => "mfa-disabled",
            Self::SsoChanged => "sso-changed",
            Self::FirewallRulesChanged => "firewall-rules-changed",
            Self::SelfGrantGroup => "self-grant-group",
            Self::SelfGrantVault => "self-grant-vault",
            Self::PrivilegedVaultChanged => "privileged-vault-changed",
            Self::PrivilegedGroupChanged => "privileged-group-changed",
            Self::RecoveryBegun => "recovery-begun",
            Self::ItemsReadInBulk => "items-read-in-bulk",
            Self::BruteForceSucceeded => "brute-force-succeeded",
            Self::CredentialStuffing => "credential-stuffing",
            Self::SignInFromNewCountry => "sign-in-from-new-country",
            Self::UnusualClient => "unusual-client",
            Self::ServiceAccountCreated => "service-account-created",
            Self::InvitationOutsideProvisioning => "invitation-outside-provisioning",
            Self::DomainChanged => "domain-changed",
        }
    }

    /// The scenario on `count` events of ordinary life, over the 17 hours before `anchor`.
    pub fn events(self, seed: u64, anchor: SystemTime, count: usize) -> ScenarioEvents {
        // Usages that the server hears of late are up to weeks old, and nothing here is from before 1970.
        let to = time::nanoseconds(anchor).max(30 * 24 * HOUR);
        let from = to.saturating_sub(REACH);
        let mut random = Random::new(seed);
        let is_ordinary = self == Self::OrdinaryDay;
        let mut company = Company::new(&mut random, count);
        if is_ordinary {
            company.travel(&mut random, from, to);
        }
        let mut diary = Diary::new(&company, random, from, to);
        day::pass(&mut diary, count, is_ordinary);
        stories::happen(self, &mut diary);
        ScenarioEvents {
            events: diary.in_order().into_iter(),
            account_uuid: company.uuid,
        }
    }
}

impl ScenarioEvents {
    /// The UUID of the account that all of it happens in.
    pub fn account_uuid(&self) -> &str {
        &self.account_uuid
    }
}

impl Iterator for ScenarioEvents {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.events.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.events.size_hint()
    }
}

impl ExactSizeIterator for ScenarioEvents {}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Scenario {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == text);
        found.ok_or_else(|| Error::Scenario {
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
