use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address that a text is; of a network, the address that it begins with.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    let address: IpAddr = address.trim().parse().ok()?;
    // One of IPv4 that is written as one of IPv6 would lose all of it.
    Some(address.to_canonical())
}

/// Whether there is an address anywhere in a text.
pub(super) fn is_in(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')));
    words
        .map(|word| word.trim_end_matches(['.', ':']))
        .any(|word| word.parse::<IpAddr>().is_ok() || word.parse::<SocketAddr>().is_ok())
}

/// An address without its end: of IPv4, 24 bits stay, and of IPv6 48.
pub(super) fn truncate(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_an_address() {
        for (text, left) in [
            ("203.0.113.77", Some("203.0.113.0")),
            (" 203.0.113.77/32", Some("203.0.113.0")),
            ("2001:db8:7:1:2:3:4:5", Some("2001:db8:7::")),
            ("::ffff:203.0.113.77", Some("203.0.113.0")),
            ("2001:db8:7::1%eth0", None),
            ("203.0.113.77:443", None),
            ("Germany", None),
        ] {
            let found = parse(text).map(|address| truncate(address).to_string());
            assert_eq!(found.as_deref(), left, "{text}");
            assert_eq!(is_in(text), text != "Germany", "{text}");
        }
        assert!(is_in("blocked: 203.0.113.77."));
    }
}
