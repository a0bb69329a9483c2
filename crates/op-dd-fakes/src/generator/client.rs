/// An app on a device.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// The browser; for an app on a device, the device's own name comes here.
    pub(crate) platform: Option<&'static str>,
    /// The browser's version, the model of the computer, or the processor.
    pub(crate) platform_version: &'static str,
    pub(crate) os: &'static str,
    pub(crate) os_version: &'static str,
}

/// What people use.
#[rustfmt::skip]
pub(crate) const APPS: [App; 8] = [
    app("1Password for Mac", "81052034", None, "MacBookPro18,3", "MacOSX", "15.5"),
    app("1Password Browser Extension", "81048003", Some("Chrome"), "137.0.7151.56", "MacOSX", "15.5"),
    app("1Password for Windows", "81050041", None, "Latitude 7440", "Windows", "11"),
    app("1Password for Web", "2014", Some("Firefox"), "139.0", "Windows", "11"),
    app("1Password for iOS", "81050012", None, "iPhone16,1", "iOS", "18.4.1"),
    app("1Password for Android", "81048019", None, "Pixel 9", "Android", "15"),
    app("1Password for Linux", "81050041", None, "x86_64", "Linux", "6.14.4"),
    app("1Password for Web", "2009", Some("Safari"), "18.5", "MacOSX", "15.5"),
];

/// What machines use.
#[rustfmt::skip]
pub(crate) const SERVER_APPS: [App; 3] = [
    app("1Password CLI", "23100001", Some("CLI"), "amd64", "linux", "6.8.0"),
    app("1Password SDK", "0030001", Some("Go"), "1.24.2", "linux", "6.8.0"),
    app("1Password SCIM Bridge", "20908", Some("SCIM"), "2.9.8", "linux", "6.1.0"),
];

const fn app(
    name: &'static str,
    version: &'static str,
    platform: Option<&'static str>,
    platform_version: &'static str,
    os: &'static str,
    os_version: &'static str,
) -> App {
    App {
        name,
        version,
        platform,
        platform_version,
        os,
        os_version,
    }
}
