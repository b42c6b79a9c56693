//! Whether the host was too busy with other things for a block, or a void trial, to count.
//!
//! METHOD §4. The limits are fixed here, before anything is measured, and look at the host alone:
//! a ratio never decides whether a block is run again. Pressure and run queue hold the tree's own
//! threads too, which compete by design; they are told and decide nothing.

use crate::record::{HostLoad, Trial};

/// Most of all CPU time of a block that may be used outside the tree: a quarter of the distance to
/// the narrowest gate (1.20). Means over a block, not trials: the host counts in ticks of 10 ms,
/// so that one trial of a second is known to three percent at best.
pub const OUTSIDE_MOST: f64 = 0.05;
/// Most of all CPU time of a block the hypervisor may take: stolen time stops the tree in the
/// middle of an event, which shows in the 99th percentile from one event in a hundred on.
pub const STOLEN_MOST: f64 = 0.01;

/// What the host was busy with during the trials of a block or one void trial, if it was too busy.
pub fn busy(trials: &[Trial]) -> Option<String> {
    let loads: Vec<HostLoad> = trials.iter().filter_map(|trial| trial.figures.host).collect();
    busy_with(&loads, if trials.len() == 1 { "trial" } else { "block" })
}

/// The same of the loads of trials that make a `span` together.
pub(super) fn busy_with(loads: &[HostLoad], span: &str) -> Option<String> {
    let mean = |part: fn(&HostLoad) -> f64| {
        loads.iter().map(part).sum::<f64>() / loads.len().max(1) as f64
    };
    let (outside, stolen) = (mean(|load| load.outside), mean(|load| load.stolen));
    if outside > OUTSIDE_MOST {
        let (found, most) = (percent(outside), percent(OUTSIDE_MOST));
        return Some(format!(
            "during a {span} {found} of the host's CPU time went to others than the measured tree, \
             {most} may"
        ));
    }
    (stolen > STOLEN_MOST).then(|| {
        let (found, most) = (percent(stolen), percent(STOLEN_MOST));
        format!(
            "during a {span} the hypervisor took {found} of the host's CPU time, {most} may be \
             taken"
        )
    })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The most of everything over these trials, in one sentence; `None` where no host told.
pub(super) fn at_most<'a>(trials: impl Iterator<Item = &'a Trial>) -> Option<String> {
    let loads: Vec<HostLoad> = trials.filter_map(|trial| trial.figures.host).collect();
    let most = |part: fn(&HostLoad) -> Option<f64>| loads.iter().filter_map(part).reduce(f64::max);
    let outside = most(|load| Some(load.outside))?;
    let stolen = most(|load| Some(load.stolen))?;
    let pressure = most(|load| load.pressure).map_or_else(String::new, |share| {
        format!("; tasks waited for a CPU up to {:.0} % of a window", share * 100.0)
    });
    let queue = most(|load| load.load_1_min)
        .map_or_else(String::new, |load| format!("; load up to {load:.1}"));
    Some(format!(
        "of the host's CPU time at most {} went to others and {} to its hypervisor\
         {pressure}{queue}",
        percent(outside),
        percent(stolen)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TrialKind;
    use crate::record::{TearDown, TrialFigures, Validity};

    fn trial(outside: f64, stolen: f64) -> Trial {
        let host = HostLoad { outside, stolen, pressure: Some(0.9), ..HostLoad::default() };
        Trial {
            case: "perf/any".to_owned(),
            bus: None,
            void_of: None,
            kind: TrialKind::Paced,
            seed: 1,
            validity: Validity::Valid,
            figures: TrialFigures { host: Some(host), ..TrialFigures::default() },
            delivered: Vec::new(),
            processes: Vec::new(),
            tear_down: TearDown::default(),
        }
    }

    #[test]
    fn the_means_of_a_block_are_held_against_the_limits() {
        assert_eq!(busy(&[trial(OUTSIDE_MOST, STOLEN_MOST)]), None);
        let others = busy(&[trial(0.0, 0.0), trial(0.14, 0.0)]).expect("others");
        assert!(others.starts_with("during a block 7.0 % of the host's"), "{others}");
        let stolen = busy(&[trial(0.0, 0.02)]).expect("stolen");
        assert!(stolen.starts_with("during a trial the hypervisor took 2.0 %"), "{stolen}");
    }

    #[test]
    fn a_host_that_does_not_tell_is_never_called_busy() {
        let mut silent = trial(1.0, 1.0);
        silent.figures.host = None;
        assert_eq!(busy(&[silent.clone()]), None);
        assert_eq!(at_most([silent].iter()), None);
    }

    #[test]
    fn the_most_of_all_trials_is_told() {
        let trials = [trial(0.01, 0.0), trial(0.03, 0.005)];
        assert_eq!(
            at_most(trials.iter()).as_deref(),
            Some(
                "of the host's CPU time at most 3.0 % went to others and 0.5 % to its \
                 hypervisor; tasks waited for a CPU up to 90 % of a window"
            )
        );
    }
}
