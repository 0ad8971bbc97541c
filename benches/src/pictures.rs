//! Pictures of the records, as SVG: lines over sizes, and bars.

use plotters::prelude::*;

/// The lines `NAME SIZE VALUE` of a record, by name in the order of the record.
fn series(table: &str) -> Vec<(&str, Vec<(f64, f64)>)> {
    let mut all: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(size), Some(value)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let point = (size.parse().expect("a size"), value.parse().expect("a value"));
        match all.last_mut().filter(|(last, _)| *last == name) {
            Some((_, points)) => points.push(point),
            None => all.push((name, vec![point])),
        }
    }
    all
}

/// Draws the cost of each path over its size, on logarithmic axes.
pub fn growth(table: &str) -> String {
    let all = series(table);
    let points = || all.iter().flat_map(|(_, points)| points);
    let sizes =
        points().map(|point| point.0).fold((f64::MAX, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
    let costs =
        points().map(|point| point.1).fold((f64::MAX, 0.0_f64), |(low, high), y| (low.min(y), high.max(y)));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (960, 560)).into_drawing_area();
        area.fill(&WHITE).expect("drawn");
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(230)
            .caption("ns a call, by size", ("sans-serif", 18))
            .x_label_area_size(36)
            .y_label_area_size(72)
            .build_cartesian_2d((sizes.0..sizes.1).log_scale(), (costs.0 * 0.8..costs.1 * 1.2).log_scale())
            .expect("drawn");
        chart.configure_mesh().light_line_style(TRANSPARENT).draw().expect("drawn");
        for (at, (name, points)) in all.iter().enumerate() {
            let style = Palette99::pick(at).stroke_width(2);
            chart.draw_series(LineSeries::new(points.iter().copied(), style)).expect("drawn");
            let row = 40 + i32::try_from(at).expect("few lines") * 22;
            let text = Text::new((*name).to_owned(), (770, row), ("sans-serif", 14));
            area.draw(&text).expect("drawn");
            area.draw(&PathElement::new(vec![(745, row + 7), (765, row + 7)], style)).expect("drawn");
        }
        area.present().expect("drawn");
    }
    svg
}

/// A bar: its name, its value and the text at its end.
pub struct Bar {
    pub name: String,
    pub value: f64,
    pub text: String,
    /// Ours, and not a peer's.
    pub ours: bool,
}

/// Draws horizontal bars from zero, the longest as wide as the picture.
pub fn bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let height = 60 + 26 * u32::try_from(bars.len()).expect("few bars");
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (960, height)).into_drawing_area();
        area.fill(&WHITE).expect("drawn");
        area.draw(&Text::new(title.to_owned(), (12, 12), ("sans-serif", 18))).expect("drawn");
        for (at, bar) in bars.iter().enumerate() {
            let top = 46 + 26 * i32::try_from(at).expect("few bars");
            let right = 330 + (bar.value / most * 460.0) as i32;
            let color = if bar.ours { RGBColor(31, 119, 180) } else { RGBColor(170, 170, 170) };
            let corners = [(330, top), (right.max(331), top + 18)];
            area.draw(&Rectangle::new(corners, color.filled())).expect("drawn");
            area.draw(&Text::new(bar.name.clone(), (12, top + 1), ("sans-serif", 14))).expect("drawn");
            area.draw(&Text::new(bar.text.clone(), (right + 8, top + 1), ("sans-serif", 14))).expect("drawn");
        }
        area.present().expect("drawn");
    }
    svg
}
