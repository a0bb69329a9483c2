use super::random::Random;

/// A city from which people sign in.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) iso_code: &'static str,
    pub(crate) country: &'static str,
    pub(crate) continent: &'static str,
    pub(crate) region: &'static str,
    pub(crate) city: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

/// The cities, busy ones first.
#[rustfmt::skip]
pub(crate) const PLACES: [Place; 16] = [
    place("US", "United States", "North America", "New York", "New York", 40.7128, -74.006),
    place("GB", "United Kingdom", "Europe", "England", "London", 51.5074, -0.1278),
    place("DE", "Germany", "Europe", "Land Berlin", "Berlin", 52.52, 13.405),
    place("CA", "Canada", "North America", "Ontario", "Toronto", 43.6532, -79.3832),
    place("FR", "France", "Europe", "Île-de-France", "Paris", 48.8566, 2.3522),
    place("US", "United States", "North America", "California", "San Francisco", 37.7749, -122.4194),
    place("IN", "India", "Asia", "Karnataka", "Bengaluru", 12.9716, 77.5946),
    place("NL", "Netherlands", "Europe", "North Holland", "Amsterdam", 52.3676, 4.9041),
    place("BR", "Brazil", "South America", "São Paulo", "São Paulo", -23.5505, -46.6333),
    place("JP", "Japan", "Asia", "Tokyo", "Tokyo", 35.6762, 139.6503),
    place("AU", "Australia", "Oceania", "New South Wales", "Sydney", -33.8688, 151.2093),
    place("PL", "Poland", "Europe", "Mazovia", "Warsaw", 52.2297, 21.0122),
    place("ZA", "South Africa", "Africa", "Western Cape", "Cape Town", -33.9249, 18.4241),
    place("SG", "Singapore", "Asia", "", "Singapore", 1.3521, 103.8198),
    place("SE", "Sweden", "Europe", "Stockholm", "Stockholm", 59.3293, 18.0686),
    place("MX", "Mexico", "North America", "Mexico City", "Mexico City", 19.4326, -99.1332),
];

const fn place(
    iso_code: &'static str,
    country: &'static str,
    continent: &'static str,
    region: &'static str,
    city: &'static str,
    latitude: f64,
    longitude: f64,
) -> Place {
    Place {
        iso_code,
        country,
        continent,
        region,
        city,
        latitude,
        longitude,
    }
}

/// The networks that are set aside for documentation (RFC 5737).
const NETWORKS: [&str; 3] = ["203.0.113", "198.51.100", "192.0.2"];

/// An address in the city with this number: IPv4, every fifth time IPv6 (RFC 3849).
pub(crate) fn address(random: &mut Random, city: usize) -> String {
    if random.percent(20) {
        format!("2001:db8:{city:x}::{:x}", random.below(0xfffe) + 1)
    } else {
        let host = (city / NETWORKS.len()) as u64 * 40 + random.below(40) + 1;
        format!("{}.{host}", NETWORKS[city % NETWORKS.len()])
    }
}
