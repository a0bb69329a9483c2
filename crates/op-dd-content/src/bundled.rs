//! The files of this crate.

use std::borrow::Cow;

use crate::{Asset, Kind, Samples};

macro_rules! file {
    ($kind:ident, $folder:literal, $name:literal, $samples:expr) => {
        Asset {
            kind: Kind::$kind,
            name: $name.to_owned(),
            file: concat!($folder, "/", $name, ".json").to_owned(),
            text: Cow::Borrowed(include_str!(concat!(
                "../assets/",
                $folder,
                "/",
                $name,
                ".json"
            ))),
            samples: $samples,
        }
    };
}

macro_rules! bare {
    ($kind:ident, $folder:literal: $($name:literal,)*) => {
        [$(file!($kind, $folder, $name, None)),*]
    };
}

macro_rules! sampled {
    ($kind:ident, $folder:literal: $($name:literal,)*) => {
        [$(file!($kind, $folder, $name, Some(Samples {
            file: concat!($folder, "/samples/", $name, ".json").to_owned(),
            text: Cow::Borrowed(include_str!(concat!(
                "../assets/",
                $folder,
                "/samples/",
                $name,
                ".json"
            ))),
        }))),*]
    };
}

/// Each file of `assets`, in the order in which it is listed.
pub(crate) fn assets() -> Vec<Asset> {
    let mut assets = Vec::new();
    assets.extend(sampled!(Pipeline, "pipelines":
        "1password",
    ));
    assets.extend(sampled!(Rule, "rules":
        "brute-force-succeeded",
        "credential-stuffing",
        "domain-changed",
        "firewall-rules-changed",
        "invitation-outside-provisioning",
        "items-read-in-bulk",
        "mfa-disabled",
        "privileged-group-changed",
        "privileged-vault-changed",
        "recovery-begun",
        "self-grant-group",
        "self-grant-vault",
        "service-account-created",
        "sign-in-from-new-country",
        "sso-changed",
        "unusual-client",
    ));
    assets.extend(bare!(Monitor, "monitors":
        "heartbeat-silence",
        "delivery-lag",
        "token-expiry",
        "dead-letters",
        "late-share",
    ));
    assets.extend(bare!(Dashboard, "dashboards":
        "1password-overview",
        "1password-sign-ins",
        "1password-item-usage-and-audit",
    ));
    assets
}
