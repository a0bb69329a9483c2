use super::request::ConditionalFormat;

/// The colours of groups, where no palette is asked for.
const MANY: [&str; 12] = [
    "var(--s0)",
    "var(--s1)",
    "var(--s2)",
    "var(--s3)",
    "var(--s4)",
    "var(--s5)",
    "var(--s6)",
    "var(--s7)",
    "var(--s8)",
    "var(--s9)",
    "var(--s10)",
    "var(--s11)",
];

/// Palettes that say something; the others of Datadog's are for telling groups apart.
#[rustfmt::skip]
const PALETTES: [(&str, &[&str]); 7] = [
    ("warm", &["var(--bad)", "var(--s2)", "var(--s4)", "var(--s7)", "var(--s10)", "var(--warn)"]),
    ("cool", &["var(--s1)", "var(--s5)", "var(--s0)", "var(--s9)", "var(--s8)"]),
    ("red", &["var(--bad)", "var(--s4)", "var(--s7)"]),
    ("orange", &["var(--s2)", "var(--s7)", "var(--bad)"]),
    ("green", &["var(--good)", "var(--s6)", "var(--s9)"]),
    ("purple", &["var(--s3)", "var(--s8)", "var(--s10)"]),
    ("grey", &["var(--s11)"]),
];

/// The colour of a group: by what it means, if the facet is a status, else by its place in the palette.
pub(super) fn of_group(
    palette: &str,
    facet: Option<&str>,
    name: &str,
    place: usize,
) -> &'static str {
    if facet == Some("status") {
        return of_status(name);
    }
    let palette = PALETTES.iter().find(|(name, _)| *name == palette);
    let colours = palette.map_or(&MANY[..], |(_, colours)| colours);
    colours[place % colours.len()]
}

pub(super) fn of_status(status: &str) -> &'static str {
    match status {
        "critical" | "emergency" | "alert" => "var(--worst)",
        "error" | "high" => "var(--bad)",
        "warn" | "medium" => "var(--warn)",
        "low" => "var(--low)",
        _ => "var(--calm)",
    }
}

/// The hue of a map by its palette.
pub(super) fn of_map(palette: &str) -> &'static str {
    let hues = [
        ("red", "var(--bad)"),
        ("warm", "var(--bad)"),
        ("YlOrRd", "var(--bad)"),
        ("orange", "var(--warn)"),
        ("green", "var(--good)"),
        ("purple", "var(--s3)"),
    ];
    let hue = hues.into_iter().find(|(name, _)| palette.contains(name));
    hue.map_or("var(--accent)", |(_, hue)| hue)
}

/// How a number is dressed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dress {
    /// What the style sheet knows: `tint`, `fill`, and `bright` for words on something dark.
    pub(super) class: &'static str,
    pub(super) css: String,
}

/// As the first format says that holds for a number.
pub(super) fn of_value(formats: &[ConditionalFormat], number: f64) -> Dress {
    let holds = |format: &&ConditionalFormat| match format.comparator.as_str() {
        ">" => number > format.value,
        ">=" => number >= format.value,
        "<" => number < format.value,
        "<=" => number <= format.value,
        "=" => number == format.value,
        _ => false,
    };
    formats
        .iter()
        .find(holds)
        .map(Dress::of)
        .unwrap_or_default()
}

impl Dress {
    fn of(format: &ConditionalFormat) -> Self {
        match format.palette.as_str() {
            "white_on_red" => Self::fill("#c93f4b", "#fff"),
            "white_on_yellow" => Self::fill("#b9770e", "#fff"),
            "white_on_green" => Self::fill("#27845b", "#fff"),
            "white_on_gray" => Self::fill("#69748a", "#fff"),
            "red_on_white" | "black_on_light_red" | "red" => Self::tint("var(--bad)"),
            "yellow_on_white" | "black_on_light_yellow" | "orange" => Self::tint("var(--warn)"),
            "green_on_white" | "black_on_light_green" | "green" => Self::tint("var(--good)"),
            "blue" => Self::tint("var(--accent)"),
            "gray_on_white" | "grey" => Self::words("var(--faint)"),
            "custom_bg" => match format.custom_bg_color.as_deref().and_then(rgb) {
                Some(rgb) => Self::fill(&hex(rgb), readable_on(rgb)),
                None => Self::default(),
            },
            "custom_text" => match format.custom_fg_color.as_deref().and_then(rgb) {
                Some(rgb) => Self::words(&hex(rgb)),
                None => Self::default(),
            },
            _ => Self::default(),
        }
    }

    fn tint(hue: &str) -> Self {
        Self {
            class: "tint",
            css: format!("--tone:{hue};--fg:{hue};"),
        }
    }

    fn fill(ground: &str, words: &str) -> Self {
        Self {
            class: if words == "#fff" {
                "fill bright"
            } else {
                "fill"
            },
            css: format!("--tone:{ground};--fg:{words};"),
        }
    }

    fn words(hue: &str) -> Self {
        Self {
            class: "",
            css: format!("--fg:{hue};"),
        }
    }
}

/// The colour of a group's title bar, or the tint of a note, by Datadog's name for it.
pub(super) fn of_background(name: &str) -> Option<&'static str> {
    Some(match name.trim_start_matches("vivid_") {
        "blue" => "#3f67d8",
        "purple" => "#7d55c7",
        "pink" => "#c44a85",
        "orange" => "#c8641c",
        "yellow" => "#a87a0c",
        "green" => "#27845b",
        "gray" => "#5f6b80",
        _ => return None,
    })
}

fn rgb(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn readable_on([red, green, blue]: [u8; 3]) -> &'static str {
    let light = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    if light > 150.0 { "#10141c" } else { "#fff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(comparator: &str, value: f64, palette: &str, colour: &str) -> ConditionalFormat {
        ConditionalFormat {
            comparator: comparator.to_owned(),
            value,
            palette: palette.to_owned(),
            custom_bg_color: Some(colour.to_owned()),
            custom_fg_color: None,
        }
    }

    #[test]
    fn the_first_format_that_holds_dresses_a_number() {
        let formats = [
            format(">", 10.0, "white_on_red", ""),
            format(">=", 5.0, "custom_bg", "#8cc8fa"),
            format("=", 1.0, "green_on_white", ""),
        ];
        let red = of_value(&formats, 11.0);
        assert_eq!(
            (red.class, red.css.as_str()),
            ("fill bright", "--tone:#c93f4b;--fg:#fff;")
        );
        let custom = of_value(&formats, 10.0);
        assert_eq!(
            (custom.class, custom.css.as_str()),
            ("fill", "--tone:#8cc8fa;--fg:#10141c;")
        );
        assert!(of_value(&formats, 1.0).css.contains("var(--good)"));
        assert_eq!(of_value(&formats, 0.0), Dress::default());
    }

    #[test]
    fn what_is_no_colour_is_not_written() {
        for colour in [
            "red;} body {display:none",
            "#12345",
            "#é1234",
            "#gggggg",
            "",
        ] {
            assert_eq!(
                of_value(&[format(">", 0.0, "custom_bg", colour)], 1.0),
                Dress::default(),
                "{colour}"
            );
        }
    }
}
