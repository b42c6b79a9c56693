//! What went wrong, as lines that GitHub's CI shows beside the scenario that says otherwise.
//!
//! They are workflow commands, `::error file=F,line=N,title=T::what happened`: an error for what fails the
//! run or kept it from its work, a warning for what is open and for a FAIL that does not count.

use std::fmt;

use super::exit::{counts_as_failed, curves_count};
use super::not_run::sentence as not_run;
use super::table::{cells, left_behind};
use super::{
    Behaviour, BehaviourRow, CurveRow, LeftBehind, PerformanceRow, Run, Strictness, said_of,
};
use crate::gate::{CurveLine, Reason, Verdict};
use crate::plan::{Bus, Place, Places};

/// Annotations of a level in one run, the last of them the number of those left out: the CI shows ten of a
/// step and drops what comes after without a word.
const MOST_OF_A_LEVEL: usize = 10;
/// Longest message, bytes: a paragraph. The rest is in the report.
const MAX_MESSAGE_BYTES: usize = 2_000;

/// The lines of a run, errors first; none where there is nothing to tell.
pub fn annotations(run: &Run, strictness: Strictness, places: &Places<'_>) -> Vec<String> {
    let all = found(run, strictness, places);
    [Level::Error, Level::Warning].into_iter().flat_map(|level| shown(&all, level)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
}

impl Level {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One line; displayed as a workflow command.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Annotation {
    level: Level,
    place: Option<Place>,
    title: String,
    message: String,
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "::{} ", self.level.as_str())?;
        if let Some(Place { file, line }) = &self.place {
            write!(f, "file={},line={line},", property(file))?;
        }
        write!(f, "title={}::{}", property(&self.title), data(cut(&self.message)))
    }
}

/// A message as the runner reads it: nothing in it ends the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: nothing in it ends the property or the list of them either.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn cut(message: &str) -> &str {
    &message[..message.floor_char_boundary(MAX_MESSAGE_BYTES)]
}

/// Those of one level, as many as may be shown.
fn shown(all: &[Annotation], level: Level) -> Vec<String> {
    let own: Vec<&Annotation> = all.iter().filter(|one| one.level == level).collect();
    if own.len() <= MOST_OF_A_LEVEL {
        return own.iter().map(ToString::to_string).collect();
    }
    let (shown, hidden) = own.split_at(MOST_OF_A_LEVEL - 1);
    let rest = Annotation {
        level,
        place: None,
        title: format!("{} more", hidden.len()),
        message: format!("{} more of this kind are in summary.md and report.json", hidden.len()),
    };
    shown.iter().map(ToString::to_string).chain([rest.to_string()]).collect()
}

fn found(run: &Run, strictness: Strictness, places: &Places<'_>) -> Vec<Annotation> {
    let behaviour = run.behaviour.iter().filter_map(|row| of_behaviour(row, places));
    let left = run.left_behind.iter().filter_map(|left| of_leftover(left, places));
    let gates = run.performance.iter().filter(|row| row.gated);
    let gates = gates.filter_map(|row| of_gate(run, row, strictness, places));
    let curves = run.curves.iter().flat_map(|row| of_curve(run, row, strictness, places));
    behaviour.chain(left).chain(gates).chain(curves).chain(of_the_run(run)).collect()
}

fn of_behaviour(row: &BehaviourRow, places: &Places<'_>) -> Option<Annotation> {
    let rule = row.violations.first().map_or("claims", |first| first.rule.as_str());
    let (level, title, told) = match &row.outcome {
        Behaviour::Fail => (Level::Error, "FAIL", violated(row)),
        Behaviour::Broken(why) => (Level::Error, "not judged", why.clone()),
        Behaviour::NotExercised(what) => (Level::Warning, "not exercised", what.clone()),
        Behaviour::Pass | Behaviour::Diverges | Behaviour::NotApplicable(_) => {
            let open = row.open_difference()?;
            (Level::Warning, "not explained", open.sentence.clone())
        }
    };
    let kept = row.kept().map_or_else(String::new, |told| format!("\n{told}"));
    Some(Annotation {
        level,
        place: places.of_rule(&row.case, rule),
        title: format!("{title} {} on {}", row.case, row.bus.as_str()),
        message: format!("{told}\nagain: {}{kept}", row.rerun),
    })
}

/// The first violation, and how many there are besides.
fn violated(row: &BehaviourRow) -> String {
    let Some((first, others)) = row.violations.split_first() else { return String::new() };
    let told = format!("{}: {}", first.rule, first.told());
    if others.is_empty() { told } else { format!("{told}\nand {} more", others.len()) }
}

fn of_leftover(left: &LeftBehind, places: &Places<'_>) -> Option<Annotation> {
    if left.tear_down.is_clean() {
        return None;
    }
    let bus = left.bus.map_or("the void floor", Bus::as_str);
    Some(Annotation {
        level: Level::Error,
        place: places.of_rule(&left.case, "claims"),
        title: format!("LEFT BEHIND {} on {bus}", left.case),
        message: left_behind(left),
    })
}

fn of_gate(
    run: &Run,
    row: &PerformanceRow,
    strictness: Strictness,
    places: &Places<'_>,
) -> Option<Annotation> {
    let fails = counts_as_failed(row, strictness);
    let level = level_of(&row.judgement.verdict, fails, run)?;
    let [case, metric, baseline, candidate, ratio, limit, verdict, _] = cells(row);
    let mut told = vec![format!("{baseline} and {candidate}, ratio {ratio}, limit {limit}")];
    told.extend(row.judgement.notes.iter().cloned());
    told.extend(row.rerun.iter().map(|again| format!("again: {again}")));
    Some(Annotation {
        level,
        place: places.of_gate(&row.case, row.metric),
        title: format!("{verdict} {case} {metric} on {}", row.candidate.as_str()),
        message: told.join("\n"),
    })
}

/// One for each candidate; of the baseline they are for information.
fn of_curve(
    run: &Run,
    row: &CurveRow,
    strictness: Strictness,
    places: &Places<'_>,
) -> Vec<Annotation> {
    let judged = |line: &&CurveLine| line.bus != run.baseline && run.candidates.contains(&line.bus);
    let told = row.lines.iter().filter(judged).filter_map(|line| {
        let verdict = line.verdict.as_ref()?;
        Some(Annotation {
            level: level_of(verdict, curves_count(strictness), run)?,
            place: places.of_rule(&row.scenario, "claims"),
            title: format!("{verdict} {} on {}", row.scenario, line.bus.as_str()),
            message: said_of(line),
        })
    });
    told.collect()
}

/// How a verdict is told, if it is; `counts`: whether a FAIL of it fails the run.
fn level_of(verdict: &Verdict, counts: bool, run: &Run) -> Option<Level> {
    match verdict {
        Verdict::Fail if counts => Some(Level::Error),
        // That smoke concludes nothing is no news.
        Verdict::Inconclusive(Reason::Smoke) | Verdict::Pass => None,
        Verdict::Fail | Verdict::Inconclusive(_) => Some(Level::Warning),
        Verdict::NotApplicable(_) => run.host.judges_performance().then_some(Level::Warning),
    }
}

/// What is about no single case.
fn of_the_run(run: &Run) -> Vec<Annotation> {
    let error = |title: &str, message: &str| Annotation {
        level: Level::Error,
        place: None,
        title: title.to_owned(),
        message: message.to_owned(),
    };
    let missing = not_run(run).map_or_else(String::new, |told| format!("\n{told}"));
    let partial = run.interrupted.iter().map(|why| error("PARTIAL", &format!("{why}{missing}")));
    let broken = run.infrastructure.iter().map(|why| error("INFRASTRUCTURE", why));
    partial.chain(broken).collect()
}

#[cfg(test)]
mod tests;
