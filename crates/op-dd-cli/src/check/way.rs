use url::{Host, Url};

use crate::config::Config;

/// What stands between this machine and the servers.
#[derive(Clone, Debug)]
pub(super) struct Way {
    proxy: Option<Proxy>,
}

#[derive(Clone, Debug)]
struct Proxy {
    /// Without user name and password.
    address: String,
    named_by: String,
}

impl Way {
    /// What to do about a certificate that isn't trusted.
    pub(super) const CERTIFICATE: &str = "if a proxy that looks into TLS or a server of your own shows it, name its \
                                          certificate authority by ca_file of [tls]; else look at this machine's \
                                          clock, and who answers there";

    pub(super) fn of(config: &Config) -> Self {
        let configured = config.http.proxy.as_ref().map(|proxy| Proxy {
            address: format!("{proxy:?}"),
            named_by: "proxy of [http]".to_owned(),
        });
        let from_environment = || {
            let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
            names.into_iter().find_map(Proxy::in_variable)
        };
        Self {
            proxy: configured.or_else(from_environment),
        }
    }

    /// What to do if no connection is made to a server, which is named by this key of the configuration.
    pub(super) fn remedy(&self, server: &Url, key: &str) -> String {
        match &self.proxy {
            Some(proxy) if server.scheme() == "https" => format!(
                "the way there is by the proxy {} ({}): see that it is there, lets op-dd through to {}, and has its \
                 user name and password right; NO_PROXY goes round it",
                proxy.address,
                proxy.named_by,
                server.host_str().unwrap_or_default(),
            ),
            _ if is_here(server) => format!("start what is to answer there, or change {key}"),
            _ => format!(
                "see that {key} is right, and that DNS and the firewall let this machine through; if there is a \
                 proxy, name it by proxy of [http]"
            ),
        }
    }
}

impl Proxy {
    fn in_variable(name: &str) -> Option<Self> {
        let text = std::env::var(name).ok()?;
        let url = Url::parse(&text)
            .or_else(|_| Url::parse(&format!("http://{text}")))
            .ok()?;
        let host = url.host_str()?;
        let port = url.port().map(|port| format!(":{port}"));
        Some(Self {
            address: format!("{host}{}", port.unwrap_or_default()),
            named_by: name.to_owned(),
        })
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
