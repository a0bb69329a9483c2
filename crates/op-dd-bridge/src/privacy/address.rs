use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that a text is; of a network, the address that it begins with.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    let address = text.split_once('/').map_or(text, |(address, _)| address);
    let address: IpAddr = address.trim().parse().ok()?;
    // One of IPv4 that is written as one of IPv6 would lose all of it.
    Some(address.to_canonical())
}

/// Whether there may be an address anywhere in a text, whatever stands around it: sooner a text that is none
/// is taken for one.
pub(super) fn is_in(text: &str) -> bool {
    has_ipv4(text) || has_ipv6(text)
}

/// Four numbers with dots between them.
fn has_ipv4(text: &str) -> bool {
    let mut numbers = 0;
    for part in text.split('.') {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let begins = part.starts_with(|c: char| c.is_ascii_digit());
        let ends = part.ends_with(|c: char| c.is_ascii_digit());
        if numbers == 3 && begins {
            return true;
        }
        numbers = match (is_number, ends) {
            (true, _) => numbers + 1,
            (false, true) => 1,
            (false, false) => 0,
        };
    }
    false
}

/// Hexadecimal digits with two colons in a row, or with all seven that an address has.
fn has_ipv6(text: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')));
    words.any(|word| {
        let is_short = word.contains("::") && word.contains(|c: char| c.is_ascii_hexdigit());
        is_short || word.matches(':').count() >= 7
    })
}

/// An address without its end: of IPv4, 24 bits stay, and of IPv6 48, but no more than 24 of an address of
/// IPv4 that is in there.
pub(super) fn truncate(address: IpAddr) -> IpAddr {
    /// 6to4: the address of IPv4 follows at once.
    const SIX_TO_FOUR: u16 = 0x2002;

    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            let c = if a == SIX_TO_FOUR { c & 0xff00 } else { c };
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
            // 6to4, NAT64, Teredo: each has an address of IPv4 in it.
            ("2002:cb00:714d:7::1", Some("2002:cb00:7100::")),
            ("64:ff9b::203.0.113.77", Some("64:ff9b::")),
            ("2001:0:cb00:714d:1:2:3:4", Some("2001:0:cb00::")),
            ("2001:db8:7::1%eth0", None),
            ("203.0.113.77:443", None),
            ("Germany", None),
        ] {
            let found = parse(text).map(|address| truncate(address).to_string());
            assert_eq!(found.as_deref(), left, "{text}");
            assert_eq!(is_in(text), text != "Germany", "{text}");
        }
    }

    #[test]
    fn an_address_is_found_whatever_stands_around_it() {
        for text in [
            "blocked: 203.0.113.77.",
            "IP:203.0.113.77",
            "ip203.0.113.77",
            "..203.0.113.77",
            "203.0.113.77.example",
            "203.0.113.77example",
            "v2.203.0.113.77",
            "1.2:203.0.113.77",
            "deny 203.0.113.0/24",
            "IP:2001:db8::1",
            "[2001:db8::1]:443",
            "IP:2001:db8:7:1:2:3:4:5",
            "::1",
        ] {
            assert!(is_in(text), "{text}");
        }
        for text in [
            "",
            "Germany",
            "rule 7",
            "12:30:45",
            "2026.06.15",
            "1.2.3.x",
            "a::",
            "Asia :: Tokyo",
        ] {
            assert_eq!(is_in(text), text == "a::", "{text}");
        }
    }
}
