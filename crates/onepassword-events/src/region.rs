use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// Where a 1Password account is hosted, which for the United States is also its plan.
///
/// These are [all the servers](https://developer.1password.com/docs/events-api/reference) that
/// 1Password runs for the Events API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Region {
    /// 1password.com, 1Password Business.
    Us,
    /// ent.1password.com, 1Password Enterprise.
    Enterprise,
    /// 1password.ca.
    Canada,
    /// 1password.eu.
    Europe,
}

impl Region {
    /// All regions.
    pub const ALL: [Self; 4] = [Self::Us, Self::Enterprise, Self::Canada, Self::Europe];

    /// The word for it in a configuration: `us`, `enterprise`, `ca` or `eu`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Enterprise => "enterprise",
            Self::Canada => "ca",
            Self::Europe => "eu",
        }
    }

    /// The host of the Events API for accounts of this region.
    #[must_use]
    pub const fn host(self) -> &'static str {
        match self {
            Self::Us => "events.1password.com",
            Self::Enterprise => "events.ent.1password.com",
            Self::Canada => "events.1password.ca",
            Self::Europe => "events.1password.eu",
        }
    }

    /// The region whose Events API has this host name, if it is one of 1Password's own.
    #[must_use]
    pub fn from_host(host: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|region| region.host().eq_ignore_ascii_case(host))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Understands what a person would write: a country, a plan, or the domain that he signs in to.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase();
        match word.as_str() {
            "us"
            | "usa"
            | "united states"
            | "business"
            | "us/business"
            | "us business"
            | "1password.com"
            | "events.1password.com" => Ok(Self::Us),
            "ent"
            | "enterprise"
            | "us/enterprise"
            | "us enterprise"
            | "ent.1password.com"
            | "events.ent.1password.com" => Ok(Self::Enterprise),
            "ca" | "canada" | "1password.ca" | "events.1password.ca" => Ok(Self::Canada),
            "eu" | "europe" | "1password.eu" | "events.1password.eu" => Ok(Self::Europe),
            _ => Err(Error::new(
                ErrorKind::Config,
                format!("unknown region `{text}`: write us, enterprise, ca or eu"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_person_would_write() {
        for (text, region) in [
            ("us", Region::Us),
            ("US/Business", Region::Us),
            (" 1Password.com", Region::Us),
            ("Enterprise", Region::Enterprise),
            ("ent.1password.com", Region::Enterprise),
            ("Canada", Region::Canada),
            ("events.1password.ca", Region::Canada),
            ("EU", Region::Europe),
            ("europe", Region::Europe),
        ] {
            assert_eq!(text.parse::<Region>().unwrap(), region, "{text}");
        }
        let error = "mars".parse::<Region>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown region `mars`: write us, enterprise, ca or eu"
        );
    }

    #[test]
    fn every_region_is_found_by_its_word_and_its_host() {
        for region in Region::ALL {
            assert_eq!(region.as_str().parse::<Region>().unwrap(), region);
            assert_eq!(Region::from_host(region.host()), Some(region));
        }
        assert_eq!(Region::from_host("events.1password.com.evil.example"), None);
    }
}
