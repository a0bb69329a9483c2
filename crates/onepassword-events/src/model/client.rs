use serde::Deserialize;

use super::text;

/// The application that somebody used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ClientInfo {
    /// Such as `1Password for Mac` or `1Password CLI`.
    #[serde(default, deserialize_with = "text")]
    pub app_name: Option<String>,
    /// Digits, such as `81035020`.
    #[serde(default, deserialize_with = "text")]
    pub app_version: Option<String>,
    /// The browser, or the name of the device.
    #[serde(default, deserialize_with = "text")]
    pub platform_name: Option<String>,
    /// The browser's version, the computer's model, or for the command line its processor.
    #[serde(default, deserialize_with = "text")]
    pub platform_version: Option<String>,
    /// The operating system.
    #[serde(default, deserialize_with = "text")]
    pub os_name: Option<String>,
    /// The operating system's version.
    #[serde(default, deserialize_with = "text")]
    pub os_version: Option<String>,
    /// The address that the request came from. Text, since nobody promises that it is one.
    #[serde(default, deserialize_with = "text")]
    pub ip_address: Option<String>,
}
