//! The world's countries, as shapes on a map.

use std::fmt::Write as _;

use serde::Deserialize;

/// A country, and where it is on the map.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166-1, two letters; a few shapes are nobody's.
    pub(super) code: Option<&'static str>,
    pub(super) name: &'static str,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Place {
    /// The path of its outline.
    Shape(String),
    /// A point in it: it is too small to have a shape.
    Point(f64, f64),
}

/// How wide and how high the map is.
pub(super) const SIZE: (f64, f64) = (960.0, 424.0);

/// A country's name by its code.
pub(super) fn name(code: &str) -> Option<&'static str> {
    table().find(|line| line.code == code).map(|line| line.name)
}

/// All that are on the map. The south pole isn't: nobody signs in there, and it would take a fifth of the map.
pub(super) fn countries() -> serde_json::Result<Vec<Country>> {
    let topology: Topology = serde_json::from_str(SHAPES)?;
    let arcs = topology.arcs();
    let lines: Vec<Line> = table().collect();
    let shapes = topology.objects.countries.geometries.iter();
    let shapes = shapes.filter(|shape| shape.id.as_deref() != Some("010"));
    let shapes = shapes.filter_map(|shape| {
        let line = lines.iter().find(|line| match &shape.id {
            Some(number) => line.number == number,
            None => line.number.is_empty() && line.name == shape.properties.name,
        });
        Some(Country {
            code: line.map(|line| line.code),
            name: line.map_or("", |line| line.name),
            place: Place::Shape(shape.outline(&arcs)?),
        })
    });
    let points = lines.iter().filter_map(|line| {
        let (latitude, longitude) = line.point?;
        let (x, y) = project(longitude, latitude);
        Some(Country {
            code: Some(line.code),
            name: line.name,
            place: Place::Point(x, y),
        })
    });
    Ok(shapes.chain(points).collect())
}

const SHAPES: &str = include_str!("../../assets/world/countries-110m.json");
const TABLE: &str = include_str!("../../assets/world/countries.tsv");

struct Line {
    number: &'static str,
    code: &'static str,
    name: &'static str,
    /// Latitude and longitude.
    point: Option<(f64, f64)>,
}

fn table() -> impl Iterator<Item = Line> {
    TABLE.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Line {
            number: cells.next()?,
            code: cells.next()?,
            name: cells.next()?,
            point: cells
                .next()
                .and_then(|latitude| Some((latitude.parse().ok()?, cells.next()?.parse().ok()?))),
        })
    })
}

/// `TopoJSON`: borders are lines that neighbours share, their points whole numbers, each as the way from the one
/// before it.
#[derive(Deserialize)]
struct Topology {
    transform: Transform,
    arcs: Vec<Vec<(f64, f64)>>,
    objects: Objects,
}

#[derive(Deserialize)]
struct Transform {
    scale: (f64, f64),
    translate: (f64, f64),
}

#[derive(Deserialize)]
struct Objects {
    countries: Collection,
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Shape>,
}

#[derive(Deserialize)]
struct Shape {
    id: Option<String>,
    properties: Properties,
    #[serde(flatten)]
    rings: Rings,
}

#[derive(Deserialize)]
struct Properties {
    name: String,
}

/// Each ring is made of arcs; `!n` is the arc `n` backwards.
#[derive(Deserialize)]
#[serde(tag = "type", content = "arcs")]
enum Rings {
    Polygon(Vec<Vec<isize>>),
    MultiPolygon(Vec<Vec<Vec<isize>>>),
}

type Points = Vec<(f64, f64)>;

impl Topology {
    /// The longitude and latitude of each arc's points.
    fn arcs(&self) -> Vec<Points> {
        let Transform { scale, translate } = &self.transform;
        let arcs = self.arcs.iter().map(|arc| {
            let (mut x, mut y) = (0.0, 0.0);
            let points = arc.iter().map(|(dx, dy)| {
                (x, y) = (x + dx, y + dy);
                (x * scale.0 + translate.0, y * scale.1 + translate.1)
            });
            points.collect()
        });
        arcs.collect()
    }
}

impl Shape {
    fn outline(&self, arcs: &[Points]) -> Option<String> {
        let rings: Vec<&Vec<isize>> = match &self.rings {
            Rings::Polygon(rings) => rings.iter().collect(),
            Rings::MultiPolygon(polygons) => polygons.iter().flatten().collect(),
        };
        let mut path = String::new();
        for ring in rings {
            let mut last = None;
            for arc in ring {
                let backwards = *arc < 0;
                let place = if backwards { !*arc } else { *arc };
                let mut points = arcs.get(usize::try_from(place).ok()?)?.clone();
                if backwards {
                    points.reverse();
                }
                // Each arc begins where the one before it ended.
                for (longitude, latitude) in points.into_iter().skip(usize::from(last.is_some())) {
                    let command = if last.is_none() { 'M' } else { 'L' };
                    let longitude = last.map_or(longitude, |last| beside(last, longitude));
                    let (x, y) = project(longitude, latitude);
                    let _ = write!(path, "{command}{x:.1} {y:.1}");
                    last = Some(longitude);
                }
            }
            path.push('Z');
        }
        Some(path)
    }
}

/// The same longitude, as it is on the side of the one before it: what crosses the date line goes on beyond the edge of
/// the map, and doesn't come back across all of it.
fn beside(last: f64, longitude: f64) -> f64 {
    longitude - ((longitude - last) / 360.0).round() * 360.0
}

/// Equal Earth (Šavrič, Patterson and Jenny, 2018): areas are as they are, and the poles look familiar.
fn project(longitude: f64, latitude: f64) -> (f64, f64) {
    const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
    const NORTH: f64 = 83.7;
    const SOUTH: f64 = -56.0;
    let y = |latitude: f64| {
        let t = (3_f64.sqrt() / 2.0 * latitude.to_radians().sin()).asin();
        let t2 = t * t;
        (t, t * (A[0] + A[1] * t2 + t2.powi(3) * (A[2] + A[3] * t2)))
    };
    let x = |longitude: f64, t: f64| {
        let t2 = t * t;
        let slope = A[0] + 3.0 * A[1] * t2 + t2.powi(3) * (7.0 * A[2] + 9.0 * A[3] * t2);
        2.0 * 3_f64.sqrt() * longitude.to_radians() * t.cos() / (3.0 * slope)
    };
    let scale = SIZE.0 / (2.0 * x(180.0, 0.0));
    let (t, height) = y(latitude.clamp(SOUTH, NORTH));
    let top = y(NORTH).1;
    (
        SIZE.0 / 2.0 + scale * x(longitude, t),
        scale * (top - height),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        let mut all = countries().unwrap().into_iter();
        all.find(|country| country.code == Some(code)).unwrap()
    }

    /// The corners of an outline's box: left, top, right, bottom.
    fn extent(code: &str) -> [f64; 4] {
        let Place::Shape(path) = country(code).place else {
            panic!("{code} has no shape");
        };
        corners(&path)
    }

    fn corners(path: &str) -> [f64; 4] {
        let points = path
            .split(['M', 'L', 'Z'])
            .filter(|point| !point.is_empty());
        points.fold([f64::MAX, f64::MAX, 0.0, 0.0], |[l, t, r, b], point| {
            let (x, y) = point.split_once(' ').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            [l.min(x), t.min(y), r.max(x), b.max(y)]
        })
    }

    fn holds(code: &str, longitude: f64, latitude: f64) -> bool {
        let (x, y) = project(longitude, latitude);
        let [left, top, right, bottom] = extent(code);
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    }

    #[test]
    fn countries_are_where_their_capitals_are() {
        for (code, longitude, latitude) in [
            ("DE", 13.4, 52.5),
            ("US", -77.0, 38.9),
            ("BR", -47.9, -15.8),
            ("JP", 139.7, 35.7),
            ("AU", 149.1, -35.3),
            ("ZA", 28.2, -25.7),
            ("XK", 21.1, 42.6),
        ] {
            assert!(holds(code, longitude, latitude), "{code}");
        }
        assert!(!holds("DE", 2.35, 48.86), "Paris");
        assert!(!holds("FR", 13.4, 52.5), "Berlin");
    }

    #[test]
    fn every_outline_is_on_the_map() {
        let all = countries().unwrap();
        let shapes = all
            .iter()
            .filter(|country| matches!(country.place, Place::Shape(_)));
        for country in shapes.clone().filter_map(|country| country.code) {
            let [left, top, right, bottom] = extent(country);
            assert!(left >= -12.0 && top >= 0.0, "{country} {left} {top}");
            assert!(
                right <= SIZE.0 + 12.0 && bottom <= SIZE.1,
                "{country} {right} {bottom}"
            );
        }
        assert_eq!(shapes.count(), 176, "all but Antarctica");
    }

    #[test]
    fn no_outline_comes_back_across_the_map() {
        for country in countries().unwrap() {
            let Place::Shape(path) = country.place else {
                continue;
            };
            for part in path.split_inclusive('Z') {
                let [left, _, right, _] = corners(part);
                assert!(
                    right - left < SIZE.0 / 2.0,
                    "{}: {left} to {right}",
                    country.name
                );
            }
        }
    }

    #[test]
    fn every_code_is_on_the_map_once_but_for_islands_without_people() {
        let mut codes: Vec<_> = countries()
            .unwrap()
            .into_iter()
            .filter_map(|c| c.code)
            .collect();
        codes.sort_unstable();
        let distinct = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), distinct);
        let absent = table().filter(|line| !codes.contains(&line.code));
        assert_eq!(
            absent.map(|line| line.code).collect::<Vec<_>>(),
            ["AQ", "BV", "HM"]
        );
    }

    #[test]
    fn small_countries_are_points() {
        let Place::Point(x, y) = country("SG").place else {
            panic!("Singapore has a shape");
        };
        assert!(
            (700.0..760.0).contains(&x) && (200.0..320.0).contains(&y),
            "{x} {y}"
        );
        assert_eq!(name("SG"), Some("Singapore"));
        assert_eq!(name("ZZ"), None);
    }

    #[test]
    fn areas_are_as_they_are_on_the_globe() {
        let (x, _) = project(0.0, 0.0);
        assert!((x - SIZE.0 / 2.0).abs() < 1e-9);
        let (east, _) = project(180.0, 0.0);
        assert!((east - SIZE.0).abs() < 1e-9);
        // A field of a thousandth of a degree, of which there is cos(latitude) as much as at the equator.
        let field = |longitude: f64, latitude: f64| {
            let (x, y) = project(longitude, latitude);
            let (right, _) = project(longitude + 0.001, latitude);
            let (shifted, above) = project(longitude, latitude + 0.001);
            assert!(
                shifted < x || longitude == 0.0,
                "meridians bend towards the middle"
            );
            (right - x) * (y - above)
        };
        for (longitude, latitude) in [(0.0, 60.0), (100.0, 45.0), (10.0, 75.0)] {
            let share = field(longitude, latitude) / field(0.0, 0.0);
            let expected = latitude.to_radians().cos();
            assert!(
                (share - expected).abs() < 0.001,
                "{latitude}: {share}, {expected}"
            );
        }
    }
}
