//! What is seen while a run goes on: a bar per case on a terminal, plain lines elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::figure::{counted, ratio};
use crate::gate::{Estimate, Limit};
use crate::plan::gates::Metric;

/// How often a bar is redrawn: the elapsed time moves while a trial does not.
const REDRAW: Duration = Duration::from_secs(1);
const SECONDS_PER_MINUTE: u64 = 60;

/// Shows how far a run is. Not a record: what cannot be shown is not an error.
pub struct Progress {
    screen: Screen,
    /// What each case of the run takes at most.
    steps: Vec<Duration>,
    /// Cases that ended.
    ended: usize,
    /// The case under way.
    case: String,
    /// When it began.
    began: Instant,
    /// Trials of it that ended.
    trials: usize,
}

/// How a gate stands that is not decided yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which pair of buses it is of, where a case has several.
    pub of: Option<String>,
    /// What is judged.
    pub metric: Metric,
    /// By which limit.
    pub limit: Limit,
    /// What is known so far.
    pub estimate: Option<Estimate>,
}

enum Screen {
    Bar(ProgressBar),
    Lines(Box<dyn Write + Send>),
    Nothing,
}

impl Progress {
    /// On standard error: a bar when it is a terminal, lines when not.
    ///
    /// `steps`: what each case takes at most, in the order they are run.
    pub fn standard(steps: Vec<Duration>) -> Self {
        if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            let bar = ProgressBar::new(u64::try_from(steps.len()).unwrap_or(u64::MAX));
            let template = "{bar:24} {pos}/{len} {elapsed} {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(REDRAW);
            Self::new(Screen::Bar(bar), steps)
        } else {
            Self::lines(steps, Box::new(std::io::stderr()))
        }
    }

    /// Plain lines into any writer.
    pub fn lines(steps: Vec<Duration>, writer: Box<dyn Write + Send>) -> Self {
        Self::new(Screen::Lines(writer), steps)
    }

    /// Nothing at all, for tests and quiet runs.
    pub fn silent() -> Self {
        Self::new(Screen::Nothing, Vec::new())
    }

    fn new(screen: Screen, steps: Vec<Duration>) -> Self {
        let began = Instant::now();
        Self { screen, steps, ended: 0, case: String::new(), began, trials: 0 }
    }

    /// The run begins; the sentence says how long it may take.
    pub fn begins(&mut self, sentence: &str) {
        match &self.screen {
            Screen::Bar(bar) => bar.println(sentence),
            Screen::Lines(_) => self.say(sentence),
            Screen::Nothing => {}
        }
    }

    /// Whole minutes that are left at most, as `, at most 7 min left`. The last case of a run may take
    /// longer than its bound, where the host was busy; how much longer nobody knows.
    fn left(&self) -> String {
        let open: Duration = self.steps.iter().skip(self.ended).sum();
        let this = self.steps.get(self.ended).copied().unwrap_or_default();
        let left = open.saturating_sub(self.began.elapsed().min(this));
        match left.as_secs().div_ceil(SECONDS_PER_MINUTE) {
            0 => ", later than the bound".to_owned(),
            minutes => format!(", at most {minutes} min left"),
        }
    }

    /// A case begins; `where_on` names its bus or its pair of buses.
    pub fn case_started(&mut self, case: &str, where_on: &str) {
        self.case = format!("{case} on {where_on}");
        self.trials = 0;
        self.began = Instant::now();
        let (number, cases, left) = (self.ended + 1, self.steps.len(), self.left());
        let line = format!("[{number}/{cases}] {}{left}", self.case);
        self.say(&line);
        self.show(&self.case.clone());
    }

    /// A trial of the case ended. Lines stay silent: there are hundreds.
    pub fn trial_done(&mut self, bus: &str) {
        self.trials += 1;
        self.show(&format!(
            "{}: {}, last {bus}",
            self.case,
            counted(self.trials, "trial", "trials")
        ));
    }

    /// A block ended: how its metrics stand, those that are still undecided.
    pub fn block_done(&mut self, blocks: usize, undecided: &[Standing]) {
        let standing: Vec<String> = undecided.iter().map(Standing::told).collect();
        let open = if standing.is_empty() { "all decided".to_owned() } else { standing.join("; ") };
        let left = self.left();
        let blocks = counted(blocks, "block", "blocks");
        let line = format!("{}: {blocks}, {open}{left}", self.case);
        self.say(&format!("  {blocks}: {open}{left}"));
        self.show(&line);
    }

    /// The case ended with these words, for example a verdict per metric or `pass`.
    pub fn case_done(&mut self, verdict: &str) {
        self.ended += 1;
        let line = format!("{}: {verdict}", self.case);
        match &mut self.screen {
            Screen::Bar(bar) => {
                bar.println(line);
                bar.inc(1);
            }
            Screen::Lines(_) => self.say(&format!("  {verdict}")),
            Screen::Nothing => {}
        }
    }

    /// The run ended: the bar goes away, lines stay.
    pub fn finish(&mut self) {
        if let Screen::Bar(bar) = &self.screen {
            bar.finish_and_clear();
        }
    }

    fn say(&mut self, line: &str) {
        if let Screen::Lines(writer) = &mut self.screen {
            // A closed standard error must not end a run that can still write its report.
            let _ = writeln!(writer, "{line}");
        }
    }

    fn show(&self, message: &str) {
        if let Screen::Bar(bar) = &self.screen {
            bar.set_message(message.to_owned());
        }
    }
}

impl Standing {
    fn told(&self) -> String {
        let of = self.of.as_ref().map_or_else(String::new, |pair| format!("{pair} "));
        let (name, bound) = (self.metric.as_str(), ratio(self.limit.ratio));
        let known = match self.estimate {
            None => "unknown".to_owned(),
            Some(Estimate { ratio: centre, interval: None, .. }) => ratio(centre),
            Some(Estimate { ratio: centre, interval: Some(around), .. }) => {
                format!("{} [{}, {}]", ratio(centre), ratio(around.low), ratio(around.high))
            }
        };
        format!("{of}{name} {known} (limit {bound})")
    }
}

#[cfg(test)]
mod tests;
