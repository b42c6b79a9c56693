//! What can catch a broken bus: a check of the history, or a line of the checklist of the tear-down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Report};
use crate::record::TearDown;

/// One way of catching a broken bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// A check of the recorded history.
    Check(Check),
    /// A line of the list of what is left behind at the end.
    TearDown(Remains),
}

/// A line of the list, as [`TearDown`] has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remains {
    /// A process had to be killed.
    Process,
    /// A socket file remained.
    Socket,
    /// A descriptor remained open.
    Descriptor,
    /// A process ended with a failure or a thread too many.
    Failure,
    /// Something remained in the runtime folder.
    Folder,
}

impl Remains {
    const ALL: [Self; 5] =
        [Self::Process, Self::Socket, Self::Descriptor, Self::Failure, Self::Folder];

    fn name(self) -> &'static str {
        match self {
            Self::Process => "process-left",
            Self::Socket => "socket-left",
            Self::Descriptor => "descriptor-left",
            Self::Failure => "ended-badly",
            Self::Folder => "folder-left",
        }
    }

    fn line(self, tear_down: &TearDown) -> &[String] {
        let TearDown { killed, sockets, descriptors, failed, folders } = tear_down;
        match self {
            Self::Process => killed,
            Self::Socket => sockets,
            Self::Descriptor => descriptors,
            Self::Failure => failed,
            Self::Folder => folders,
        }
    }
}

impl Guard {
    /// Every guard, checks in contract order first.
    pub fn all() -> Vec<Self> {
        let checks = Check::ALL.into_iter().map(Self::Check);
        checks.chain(Remains::ALL.map(Self::TearDown)).collect()
    }

    /// Its name, for example `total-order`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check(check) => check.name(),
            Self::TearDown(remains) => remains.name(),
        }
    }

    /// The contract number it judges.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Check(check) => check.rule(),
            Self::TearDown(_) => "C13",
        }
    }
}

impl Serialize for Guard {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Guard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = Self::all().into_iter().find(|guard| guard.name() == name);
        known.ok_or_else(|| serde::de::Error::custom(format_args!("there is no check {name:?}")))
    }
}

/// What the guards had to say about one trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    for remains in Remains::ALL {
        let left = remains.line(tear_down);
        if !left.is_empty() {
            catch.kills.insert(Guard::TearDown(remains), left.len() as u64);
            catch.witnesses.insert(Guard::TearDown(remains), left.join("; "));
        }
    }
    catch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_list_catches_by_itself() {
        let one = || vec!["it remained".to_owned()];
        let lists = [
            TearDown { killed: one(), ..TearDown::default() },
            TearDown { sockets: one(), ..TearDown::default() },
            TearDown { descriptors: one(), ..TearDown::default() },
            TearDown { failed: one(), ..TearDown::default() },
            TearDown { folders: one(), ..TearDown::default() },
        ];
        let report = Report::Judged(crate::check::Judgement::default());
        for (list, remains) in lists.iter().zip(Remains::ALL) {
            let kills = caught(&report, list).kills;
            assert_eq!(kills, BTreeMap::from([(Guard::TearDown(remains), 1)]));
        }
        assert!(caught(&report, &TearDown::default()).kills.is_empty());
    }
}
