//! Where a time goes: a bar for each bus, whose parts follow one another as events take them.

use maud::{Markup, html};

use crate::plan::gates::Metric;
use crate::report::figure;

/// The bar of one bus.
pub(super) struct Bar {
    /// Whose it is.
    pub(super) bus: String,
    /// Whether it may be something else than what is judged.
    pub(super) is_doubted: bool,
    pub(super) parts: Vec<Part>,
}

/// A part of a bar.
pub(super) struct Part {
    /// The class that colours it.
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    /// How long it takes, nanoseconds.
    pub(super) ns: f64,
}

impl Bar {
    fn whole_ns(&self) -> f64 {
        self.parts.iter().map(|part| part.ns).sum()
    }
}

/// All of them to the scale of the longest, each with the names and times of its parts below.
pub(super) fn waterfall(bars: &[Bar]) -> Markup {
    let longest = bars.iter().map(Bar::whole_ns).fold(f64::MIN_POSITIVE, f64::max);
    let time = |ns: f64| figure(Metric::LatencyP50, ns);
    html! {
        dl.waterfall {
            @for bar in bars {
                dt {
                    (bar.bus) ", " (time(bar.whole_ns()))
                    @if bar.is_doubted { ", " strong { "not to be trusted" } }
                }
                dd {
                    div class=(if bar.is_doubted { "bar doubted" } else { "bar" }) {
                        @for part in &bar.parts {
                            span class=(part.class) style={ "width:" (format!("{:.2}", 100.0 * part.ns / longest)) "%" } {}
                        }
                    }
                    @for part in &bar.parts {
                        span.key { span class={ "swatch " (part.class) } {} (part.name) " " (time(part.ns)) }
                    }
                }
            }
        }
    }
}
