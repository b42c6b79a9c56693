//! A page of the runs that are kept: every ratio as time went on, for each class of hosts.

use maud::{Markup, html};

use super::{class, figures, whole};
use crate::gate::Estimate;
use crate::plan::Bus;
use crate::plan::gates::Metric;
use crate::report::figure::{counted, ratio};
use crate::report::picture::trend;
use crate::report::stamp::utc;
use crate::report::{PerformanceRow, Run};

/// Most ratios with a picture, for each class of hosts.
const MOST_PICTURES: usize = 120;

/// What the page is called.
pub const TREND_TITLE: &str = "Ratios over time";

/// The page; `classes` has the runs of each class of hosts, oldest first.
pub fn trend_page(classes: &[Vec<Run>]) -> String {
    let header = html! {
        h1 { (TREND_TITLE) }
        p.legend { "New bus to baseline, with intervals, of runs that were kept. Only runs of one class of hosts stand beside each other." }
    };
    let main = html! { @for runs in classes { (of_class(runs)) } };
    whole(TREND_TITLE, &header, &main)
}

/// What is followed over time.
#[derive(Clone, PartialEq)]
struct Followed {
    case: String,
    metric: Metric,
    pair: (Bus, Bus),
}

fn of_class(runs: &[Run]) -> Markup {
    let followed = followed(runs);
    html! {
        @if let Some(last) = runs.last() {
            section {
                h2 { (last.host.class()) }
                p { (counted(runs.len(), "run", "runs")) ", the last of " (utc(last.started_unix_s)) ", revision " (last.revision) }
                @for one in followed.iter().take(MOST_PICTURES) { (over_time(runs, one)) }
                @if followed.len() > MOST_PICTURES {
                    p { (followed.len() - MOST_PICTURES) " more ratios have no picture here." }
                }
            }
        }
    }
}

/// Every gated ratio of any run, those of the last first.
fn followed(runs: &[Run]) -> Vec<Followed> {
    let mut followed: Vec<Followed> = Vec::new();
    for row in runs.iter().rev().flat_map(|run| &run.performance).filter(|row| row.gated) {
        let pair = (row.baseline, row.candidate);
        let one = Followed { case: row.case.clone(), metric: row.metric, pair };
        if !followed.contains(&one) {
            followed.push(one);
        }
    }
    followed
}

fn row_of<'a>(run: &'a Run, one: &Followed) -> Option<&'a PerformanceRow> {
    let pair = one.pair;
    run.performance.iter().find(|row| {
        (&row.case, row.metric, (row.baseline, row.candidate)) == (&one.case, one.metric, pair)
    })
}

fn over_time(runs: &[Run], one: &Followed) -> Markup {
    let rows: Vec<Option<&PerformanceRow>> = runs.iter().map(|run| row_of(run, one)).collect();
    let estimates: Vec<Option<Estimate>> =
        rows.iter().map(|row| row.and_then(|row| row.judgement.estimate().copied())).collect();
    let limit = rows.iter().rev().flatten().next().map(|row| row.judgement.limit);
    let (baseline, candidate) = one.pair;
    let (a, b) = (baseline.as_str(), candidate.as_str());
    let title = format!("{}: {}, {b} / {a}", one.case, one.metric.as_str());
    let told = runs.iter().zip(&rows).filter_map(|(run, row)| Some((run, (*row)?)));
    html! {
        (figures::picture(&trend(&title, limit, &estimates)))
        details {
            summary { (counted(rows.iter().flatten().count(), "run", "runs")) }
            (figures::table(&["run", "revision", "ratio", "verdict"], told.map(|(run, row)| {
                let judged = &row.judgement;
                let figure = judged.estimate().map_or("-".to_owned(), |own| ratio(own.ratio));
                let verdict = judged.verdict.to_string();
                (class(&judged.verdict), vec![utc(run.started_unix_s), run.revision.clone(), figure, verdict])
            })))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_gated_ratio_is_followed_over_the_runs_of_its_class() {
        let mut later = sample::run();
        later.started_unix_s += 60;
        let mut other = sample::run();
        other.host.cores = 64;
        let page = trend_page(&[vec![sample::run(), later], vec![other]]);
        assert_eq!(page.matches("<svg").count(), 2 * 2);
        assert!(page.contains("perf/saturation[subs=1]: throughput, process / crossbeam"));
        assert!(page.contains("64 cores") && page.contains("2 runs"));
        assert!(!page.contains("<script"));
    }
}
