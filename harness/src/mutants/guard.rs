//! What can catch a broken bus: a check of the history, or the checklist of the tear-down.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::{Check, Report};
use crate::record::TearDown;

/// One way of catching a broken bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// A check of the recorded history.
    Check(Check),
    /// What is left behind at the end.
    TearDown,
}

impl Guard {
    /// Every guard, checks in contract order first.
    pub fn all() -> Vec<Self> {
        Check::ALL.into_iter().map(Self::Check).chain([Self::TearDown]).collect()
    }

    /// Its name, for example `total-order`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check(check) => check.name(),
            Self::TearDown => "tear-down",
        }
    }

    /// The contract number it judges.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Check(check) => check.rule(),
            Self::TearDown => "C13",
        }
    }
}

impl Serialize for Guard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What the guards had to say about one trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Catch {
    /// Guards that caught something, with how often.
    pub kills: BTreeMap<Guard, u64>,
    /// One witness of each, in a sentence.
    pub witnesses: BTreeMap<Guard, String>,
    /// Why the history is no evidence, if it is none: that catches nothing.
    pub broken: Option<String>,
}

/// What a report and a tear-down caught.
pub fn caught(report: &Report, tear_down: &TearDown) -> Catch {
    let mut catch = Catch::default();
    match report {
        Report::Broken(defects) => catch.broken = Some(defects.join("; ")),
        Report::Judged(judgement) => {
            for row in judgement.checked.iter().filter(|row| row.violations > 0) {
                catch.kills.insert(Guard::Check(row.check), row.violations);
            }
            for violation in &judgement.violations {
                let guard = Guard::Check(violation.check);
                catch.witnesses.entry(guard).or_insert_with(|| violation.sentence.clone());
            }
        }
    }
    if !tear_down.is_clean() {
        let TearDown { killed, sockets, descriptors, failed, folders } = tear_down;
        let left: Vec<&str> = [killed, sockets, descriptors, failed, folders]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        catch.kills.insert(Guard::TearDown, left.len() as u64);
        catch.witnesses.insert(Guard::TearDown, left.join("; "));
    }
    catch
}
