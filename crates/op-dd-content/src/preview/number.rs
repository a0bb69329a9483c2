use super::request::{FormulaText, NumberFormat, Unit};

/// The noun as it is behind a number.
pub(super) fn things(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{noun}{plural}")
}

/// How a widget writes its numbers.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    /// Digits behind the point at the most.
    pub(super) precision: usize,
    /// Whether thousands become `k`.
    pub(super) autoscale: bool,
    pub(super) unit: Option<String>,
}

impl Numbers {
    /// Whole numbers as they are, others to two digits.
    pub(super) fn plain() -> Self {
        Self {
            precision: 2,
            autoscale: false,
            unit: None,
        }
    }

    /// In the unit of a formula.
    pub(super) fn of(formula: Option<&FormulaText>) -> Self {
        let format = formula.and_then(|formula| formula.number_format.as_ref());
        let unit = format.and_then(|NumberFormat { unit }| unit.as_ref());
        Self {
            unit: unit.and_then(|Unit { label, unit_name }| label.clone().or(unit_name.clone())),
            ..Self::plain()
        }
    }

    /// In a unit that the widget names.
    pub(super) fn in_unit(mut self, unit: Option<&str>) -> Self {
        self.unit = unit.map(str::to_owned).or(self.unit);
        self
    }

    /// The number, and the unit behind it.
    pub(super) fn parts(&self, number: f64) -> (String, &str) {
        let unit = self.unit.as_deref().unwrap_or_default();
        let (number, unit) = match unit {
            "second" if number.abs() >= 2.0 * DAY => (number / DAY, "d"),
            "second" if number.abs() >= 2.0 * HOUR => (number / HOUR, "h"),
            "second" if number.abs() >= 120.0 => (number / 60.0, "min"),
            "second" => (number, "s"),
            "millisecond" => (number, "ms"),
            "percent" => (number, "%"),
            other => (number, other),
        };
        let scales = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
        let scale = scales
            .into_iter()
            .find(|(scale, _)| self.autoscale && number.abs() >= *scale);
        let text = match scale {
            Some((scale, sign)) => format!("{}{sign}", decimal(number / scale, self.precision)),
            None => decimal(number, self.precision),
        };
        (text, unit)
    }

    pub(super) fn text(&self, number: f64) -> String {
        let (number, unit) = self.parts(number);
        match unit {
            "" => number,
            "%" => format!("{number} %"),
            unit => format!("{number} {unit}"),
        }
    }
}

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

/// With thousands apart, and no zeros at the end.
fn decimal(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", whole),
    };
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{grouped}"),
        fraction => format!("{sign}{grouped}.{fraction}"),
    }
}

/// The least round number that isn't below this one, and the steps up to it.
pub(super) fn axis(greatest: f64) -> (f64, usize) {
    if greatest <= 0.0 {
        return (1.0, 1);
    }
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    let rough = greatest / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = steps
        .into_iter()
        .find(|step| step * power >= rough * 0.999)
        .unwrap_or(10.0)
        * power;
    // Of whole things there is no half.
    let step = if greatest >= 1.0 && greatest.fract() == 0.0 {
        step.max(1.0)
    } else {
        step
    };
    let step = if greatest >= 1.0 && step < 10.0 {
        step.ceil()
    } else {
        step
    };
    let count = (greatest / step - 1e-9).ceil().max(1.0);
    (step * count, count as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let plain = Numbers::plain();
        for (number, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-12_345.5, "−12,345.5"),
            (12.345, "12.35"),
            (100.0, "100"),
        ] {
            assert_eq!(plain.text(number), text);
        }
    }

    #[test]
    fn thousands_are_scaled_and_seconds_become_hours() {
        let scaled = Numbers {
            autoscale: true,
            ..Numbers::plain()
        };
        for (number, text) in [
            (999.0, "999"),
            (20_050.0, "20.05k"),
            (3e6, "3M"),
            (2.5e9, "2.5G"),
        ] {
            assert_eq!(scaled.text(number), text);
        }
        let seconds = scaled.in_unit(Some("second"));
        for (number, text) in [
            (30.0, "30 s"),
            (600.0, "10 min"),
            (5400.0, "90 min"),
            (90_000.0, "25 h"),
            (864_000.0, "10 d"),
        ] {
            assert_eq!(seconds.text(number), text);
        }
        let percent = Numbers::plain().in_unit(Some("percent"));
        assert_eq!(percent.text(12.345), "12.35 %");
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (greatest, axis) in [
            (0.0, (1.0, 1)),
            (1.0, (1.0, 1)),
            (3.0, (3.0, 3)),
            (7.0, (8.0, 4)),
            (100.0, (100.0, 4)),
            (130.0, (150.0, 3)),
            (1317.0, (1500.0, 3)),
        ] {
            assert_eq!(super::axis(greatest), axis, "{greatest}");
        }
        let (end, count) = axis(0.37);
        assert!((end - 0.4).abs() < 1e-9 && count == 4, "{end} {count}");
    }
}
